"""How often a user may add entries: few enough that a board's labels cannot be guessed by trying."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ctseg.leaderboard.boards import Board, Kind
from ctseg.leaderboard.results.result import OURS, Result

DAY = timedelta(hours=24)
A_DAY: Mapping[Kind, int] = {"open": 5, "sealed": 2, "bring your own images": 2}
"""Accepted entries in 24 hours, over all boards of a kind; refused files do not count."""


@dataclass(frozen=True)
class Quota:
    """What a user has left.

    Attributes
    ----------
    most : entries in 24 hours.
    left : how many are left now.
    next_at : when the next is possible, UTC; None while some are left.
    """

    most: int
    left: int
    next_at: datetime | None


def quota_of(
    results: Iterable[Result], user: str, board: Board, boards: Mapping[str, Board], now: datetime
) -> Quota:
    """Count a user's entries on boards of the same kind.

    Parameters
    ----------
    results : all that are stored, hidden ones too
    user : as in the results
    board : the one to submit to
    boards : all boards by name
    now : UTC
    """
    times = sorted(
        date
        for result in results
        if result.user == user and result.origin != OURS
        if result.board in boards and boards[result.board].kind == board.kind
        if (date := datetime.fromisoformat(result.date)) > now - DAY
    )
    most = A_DAY[board.kind]
    left = max(most - len(times), 0)
    return Quota(most, left, None if left else times[-most] + DAY)


def quota_words(quota: Quota, now: datetime) -> str:
    """Return one sentence on what is left, or when the next is possible."""
    if quota.next_at is None:
        return f"You have {quota.left} of {quota.most} submissions left on boards of this kind today."
    minutes = max(1, -int((now - quota.next_at).total_seconds() // 60))
    wait = f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
    return (
        f"You have used your {quota.most} submissions of 24 hours on boards of this kind; "
        f"the next is possible at {quota.next_at:%H:%M} UTC, in {wait}."
    )
