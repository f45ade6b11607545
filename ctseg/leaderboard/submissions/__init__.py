"""Submissions: a stranger's file read, scored, stored and counted.

``read`` turns a file into label maps (``formats``, in a process of its own), ``score`` those into a result;
``service`` says who may hand in how often and keeps entries (``local_store``, ``hub_store``); ``pipeline`` is
the way through all of them.
"""

from ctseg.errors import UserError


class SubmissionError(UserError):
    """A submission cannot be taken; the message is one sentence that says what is wrong and what to do.

    Words from the submitter's own file may be quoted in it, printable and cut short: a page escapes them.
    """
