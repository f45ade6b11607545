"""Boards as pages read them: entries of one name told apart, and everything up to date."""

import pytest
from board_results import make

from ctseg.leaderboard.results.ranking import rank
from ctseg.ui.components.board_view import with_distinct_titles


def _titles(*results: object) -> list[str]:
    return [row.result.title for row in with_distinct_titles(rank(list(results)))]  # type: ignore[arg-type]


def test_titles_of_one_entry_stay() -> None:
    assert _titles(make("one", 0.5, 0.5), make("two", 0.4, 0.5)) == ["One", "Two"]


@pytest.mark.parametrize("title", ["U-Net", "<b>"])
def test_two_entries_of_one_name_get_the_users_name_beside_them(title: str) -> None:
    ours = make("ours", 0.6, 0.5, title=title)
    alice = make("a", 0.5, 0.5, title=title, origin="submitted", user="alice")
    again = make("b", 0.4, 0.5, title=title, origin="submitted", user="alice")
    local = make("c", 0.3, 0.5, title=title, origin="local", user="local")
    assert _titles(ours, alice, again, local) == [
        f"{title} by ctseg",
        f"{title} by alice",
        f"{title} by alice (2)",
        f"{title} by local",
    ]
