"""What the Submit page says of a board, its rules and quotas; the sentences are templates."""

from datetime import datetime

from ctseg.leaderboard.boards import Board
from ctseg.leaderboard.submissions.quotas import A_DAY, Quota, quota_words
from ctseg.ui.components.addresses import board_address, example_address, images_address
from ctseg.ui.components.templates import render


def about_html(
    board: Board, *, why_closed: str, quota: Quota | None, login: bool, user: str | None, now: datetime
) -> str:
    """Return what the board is, whether it is open, its rules and limits.

    Parameters
    ----------
    board : Board
    why_closed : one sentence, or ""
    quota : what the user has left; None where there is no limit
    login : whether users log in here
    user : who has logged in, or None
    now : UTC
    """
    return render(
        "submit",
        "about",
        board=board,
        why_closed=why_closed,
        images=images_address(board) if board.images_may_be_shown else None,
        example=example_address(board) if board.images_may_be_shown else None,
        address=board_address(board),
        limited=quota is not None,
        a_day=A_DAY[board.kind],
        left="" if quota is None else quota_words(quota, now),
        login=login,
        user=user,
    )


def doing_html(sentence: str, share: float) -> str:
    """Return what is being done, with a bar."""
    return render("submit", "doing", sentence=sentence, share=share)


def doubtful_html(hints: tuple[str, ...]) -> str:
    """Return what looks like a mistake, before anything is accepted."""
    return render("submit", "doubtful", hints=hints)
