"""Which exceptions are sentences for the user; everything else is our own mistake and shows its traceback."""


class CommandError(Exception):
    """The command cannot do what it was asked; the message is one sentence."""


def user_errors() -> tuple[type[Exception], ...]:
    """Exception types whose message goes to the user as it is."""
    from ctseg.datasets import DatasetError
    from ctseg.leaderboard.boards import BoardError
    from ctseg.leaderboard.errors import SubmissionError
    from ctseg.leaderboard.submissions.local_store import StoreError
    from ctseg.methods import MethodError
    from ctseg.slices import SliceError
    from ctseg.weights import WeightsError

    return (
        CommandError,
        BoardError,
        DatasetError,
        MethodError,
        SliceError,
        StoreError,
        SubmissionError,
        WeightsError,
    )
