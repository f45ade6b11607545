"""The error of label maps and tables of them."""

from ctseg.errors import UserError


class LabelMapError(UserError):
    """A file cannot be read as a label map, or a table of them; the message is one sentence for the user."""
