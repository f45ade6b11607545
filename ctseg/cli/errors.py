"""What a command tells the user."""

from ctseg.errors import UserError


class CommandError(UserError):
    """The command cannot do what it was asked; the message is one sentence."""
