"""How often a user may add entries, counted from what is stored."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from submitting import made_up

from ctseg.leaderboard.boards import BOARDS
from ctseg.leaderboard.submissions.quotas import Quota, quota_of, quota_words

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
OPEN, SEALED, OWN_IMAGES = "phantom-val", "phantom-sealed", "ct-fewshot-val"


def _entry(number: int, hours_ago: float, board: str = OPEN, **changes: Any) -> Any:
    date = (NOW - timedelta(hours=hours_ago)).isoformat(timespec="seconds")
    return made_up(number, board=board, date=date, **{"user": "alice"} | changes)[0]


def _quota(results: list[Any], board: str = OPEN, user: str = "alice") -> Quota:
    return quota_of(results, user, BOARDS[board], BOARDS, NOW)


@pytest.mark.parametrize(("board", "most"), [(OPEN, 5), (SEALED, 2), (OWN_IMAGES, 2)])
def test_so_many_in_a_day(board: str, most: int) -> None:
    entries = [_entry(number, 10 - number, board) for number in range(most)]
    assert _quota(entries[:-1], board) == Quota(most, 1, None)
    used = _quota(entries, board)
    assert used == Quota(most, 0, NOW + timedelta(hours=14))
    assert quota_words(used, NOW) == (
        f"You have used your {most} submissions of 24 hours on boards of this kind; "
        "the next is possible at 02:00 UTC, in 14 h 0 min."
    )


def test_what_does_not_count() -> None:
    entries = [
        _entry(1, 25),
        _entry(2, 1, SEALED),
        _entry(3, 1, user="bob"),
        _entry(4, 1, origin="verified by us"),
        _entry(5, 1, "a-board-that-is-gone"),
    ]
    assert _quota(entries) == Quota(5, 5, None)
    assert quota_words(_quota(entries), NOW).startswith("You have 5 of 5 submissions left")


def test_boards_of_a_kind_share_a_quota_and_more_than_it_waits_longer() -> None:
    entries = [_entry(1, 3, OWN_IMAGES), _entry(2, 2, "ct-fewshot-zeroshot"), _entry(3, 23.5, OWN_IMAGES)]
    assert _quota(entries, "challenge-report-val") == Quota(2, 0, NOW + timedelta(hours=21))
    soon = Quota(2, 0, NOW + timedelta(minutes=4, seconds=30))
    assert quota_words(soon, NOW).endswith("in 5 min.")
