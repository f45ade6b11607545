"""What a submitter is told."""

from ctseg.errors import UserError


class SubmissionError(UserError):
    """A submission cannot be taken; the message is one sentence that says what is wrong and what to do.

    Words from the submitter's own file may be quoted in it, printable and cut short: a page escapes them.
    """
