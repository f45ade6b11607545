"""The base of every error whose message is one sentence to the user."""


class UserError(Exception):
    """Something cannot be done as asked; the message is one sentence that says what is wrong and what to do.

    Subclasses stand where they are raised. Commands, pages and the sandbox show the message of every one of
    them as it is; any other exception is our own mistake.
    """


class StatusError(UserError):
    """A request over HTTP is refused; the message is one sentence, ``status`` that of the answer."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
