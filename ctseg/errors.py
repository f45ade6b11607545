"""The base of every error whose message is one sentence to the user."""


class UserError(Exception):
    """Something cannot be done as asked; the message is one sentence that says what is wrong and what to do.

    Subclasses stand where they are raised. Commands, pages and the sandbox show the message of every one of
    them as it is; any other exception is our own mistake.
    """
