"""What a user who has logged in sees of own entries on the Submit page, and does to them."""

from pathlib import Path

import gradio as gr
import pytest
import small_boards

from ctseg.leaderboard.boards import find_board
from ctseg.leaderboard.results.store import board_results
from ctseg.leaderboard.submissions.local_store import open_submissions
from ctseg.leaderboard.submissions.metadata import EntryDetails
from ctseg.leaderboard.submissions.pipeline import hand_in
from ctseg.leaderboard.submissions.service import SubmissionService
from ctseg.ui.submit.own import NOT_CHOSEN, NOT_SURE, OwnEntries
from ctseg.ui.submit.page import submit_page

BOARD = small_boards.OPEN


class _WithLogin(SubmissionService):
    needs_login = True


@pytest.fixture
def own(boards: Path, tmp_path: Path) -> OwnEntries:
    """The part of the page, with an entry by alice and one by bob."""
    service = _WithLogin(open_submissions())
    for number, user in enumerate(("alice", "bob")):
        path = small_boards.write(tmp_path, "y.npz", small_boards.guess(number))
        details = EntryDetails.from_text(name=f"Of {user}", saw=["nothing"])
        hand_in(service, path, find_board(BOARD), details, user, lambda _said, _share: None)
    with gr.Blocks():
        return OwnEntries(service)


def _offered(own: OwnEntries, user: str | None) -> list[str]:
    update = own.of(user, BOARD)
    assert update[own.part].visible == bool(update[own.entry].choices)
    return [name.partition(", of ")[0] for name, _ in update[own.entry].choices]


def test_each_sees_own_entries_and_strangers_none(own: OwnEntries) -> None:
    assert _offered(own, "alice") == ["Of alice"]
    assert _offered(own, "carol") == _offered(own, None) == []


def test_renaming_and_withdrawing_say_what_came_of_it(own: OwnEntries) -> None:
    key = own.of("alice", BOARD)[own.entry].value
    assert "It is called Better." in own.renamed("alice", BOARD, key, "Better")[own.said]
    assert _offered(own, "alice") == ["Better"]
    for wrong in (own.renamed("bob", BOARD, key, "His"), own.withdrawn("bob", BOARD, key, True)):
        assert "names no entries of yours" in wrong[own.said]
    assert NOT_SURE in own.withdrawn("alice", BOARD, key, False)[own.said]
    assert NOT_CHOSEN in own.withdrawn(None, BOARD, key, True)[own.said]
    assert "Better is withdrawn." in own.withdrawn("alice", BOARD, key, True)[own.said]
    assert [each.title for each in board_results(BOARD)] == ["Of bob"]


@pytest.mark.thorough
def test_the_page_has_it_only_where_users_log_in(own: OwnEntries) -> None:
    """That a Space has it is seen where one runs."""
    with gr.Blocks() as pages:
        page = submit_page(pages, SubmissionService(own.service.store))
    assert page.own is None
    assert not any(fn.name == "on_withdraw" for fn in pages.fns.values())
