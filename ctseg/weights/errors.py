"""The one error of this room."""

from ctseg.errors import UserError


class WeightsError(UserError):
    """A weights file cannot be had; the message is one sentence that says why and what to do."""
