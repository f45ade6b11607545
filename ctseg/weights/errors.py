"""The one error of this room."""


class WeightsError(Exception):
    """A weights file cannot be had; the message is one sentence that says why and what to do."""
