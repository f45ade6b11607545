"""What the Submit page says of each kind of board, of its limits, and of a board that is closed."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import small_boards

from ctseg.leaderboard import moderation
from ctseg.leaderboard.boards import BOARDS
from ctseg.leaderboard.submissions.quotas import Quota
from ctseg.leaderboard.submissions.service import open_service
from ctseg.ui.submit.events import SubmitEvents
from ctseg.ui.submit.words import about_html

HOSTILE = "<img src=x onerror=alert(1)>"
NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def test_the_page_says_what_each_board_is(boards: Path) -> None:
    events = SubmitEvents(open_service())
    assert "Open practice" in events.about(small_boards.OPEN, None)
    sealed = events.about(small_boards.SEALED, None)
    assert "means with two digits" in sealed
    assert "/boards/lab-sealed/images.zip" in sealed
    assert "All visitors together have 2 accepted entries" in sealed
    assert "One visitor can use them up" in sealed
    assert "One visitor can use them up" not in events.about(small_boards.OPEN, None)
    own = events.about(small_boards.OWN_IMAGES, None)
    assert "may not be passed on" in own
    assert "images.zip" not in own
    moderation.close(boards, small_boards.OPEN, f"Over {HOSTILE}")
    assert "This board is closed: Over &lt;img" in events.about(small_boards.OPEN, None)
    assert events.about("no-board", None) == events.about("phantom-val", None)


@pytest.mark.parametrize(
    ("quota", "user", "sentence"),
    [
        (Quota(5, 3, None), None, "Sign in with Hugging Face to submit. Every user has 5 accepted"),
        (Quota(5, 3, None), "alice", "Signed in as alice: 5 accepted entries in 24 hours"),
        (Quota(5, 0, NOW), "alice", "the next is possible"),
        (Quota(5, 0, NOW), HOSTILE, "Signed in as &lt;img"),
    ],
)
def test_what_is_said_on_quotas_to_users_of_a_space(quota: Quota, user: str | None, sentence: str) -> None:
    html = about_html(BOARDS["phantom-val"], why_closed="", quota=quota, login=True, user=user, now=NOW)
    assert sentence in re.sub(r"\s+", " ", html)
    assert "local" not in html
