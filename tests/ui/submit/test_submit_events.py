"""The Submit page's events without a browser: what is told, doubted, refused and stored, and for whom."""

from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
import small_boards

from ctseg.leaderboard import moderation
from ctseg.leaderboard.boards import find_board
from ctseg.leaderboard.submissions.service import SubmissionService, open_service
from ctseg.ui import app
from ctseg.ui.components.board_view import view
from ctseg.ui.leaderboard.columns import whose
from ctseg.ui.leaderboard.files import board_file
from ctseg.ui.leaderboard.page import leaderboard_page
from ctseg.ui.leaderboard.table import table_html
from ctseg.ui.submit.events import NOTHING_SAID
from ctseg.ui.submit.login import with_login
from ctseg.ui.submit.page import SubmitPage, submit_page
from ctseg.ui.submit.run import GONE

HOSTILE = "<img src=x onerror=alert(1)>"
TYPED = ("Mine", "classical", "https://example.org/mine", "me@example.org", ["annotated"])
pytestmark = pytest.mark.usefixtures("boards")


def _named(name: str) -> tuple[Any, ...]:
    return (name, "", "", "", ["nothing"])


@pytest.fixture
def page() -> SubmitPage:
    """The page on a machine without a login."""
    with gr.Blocks() as pages:
        return submit_page(pages, open_service())


def _steps(page: SubmitPage, file: str | None, board: str, *typed: Any) -> list[dict[Any, Any]]:
    return list(page.submit(None, file, board, *(typed or TYPED)))


def _last(page: SubmitPage, file: str | None, board: str, *typed: Any) -> tuple[str, str]:
    """Return what is said and shown in the end, when the upload is gone."""
    update = _steps(page, file, board, *typed)[-1]
    assert update[page.file] is None
    assert not update[page.send_anyway].visible
    return update[page.said], update[page.result]


def test_an_open_board_tells_images_and_shows_the_worst(page: SubmitPage, upload: Any) -> None:
    path = upload(small_boards.guess(1))
    steps = _steps(page, path, small_boards.OPEN)
    assert any("<progress" in step[page.said] for step in steps[:-1])
    last = steps[-1]
    assert last[page.said] == ""
    assert "Accepted: <b>Mine</b> has rank 1 of 1 methods on An open lab, by ari" in last[page.result]
    assert last[page.result].count("<figure>") == 3
    assert "All 3 images" in last[page.result]
    assert "data:image/jpeg;base64," in last[page.result]
    assert "no limit" in last[page.about]
    assert not Path(path).exists()


@pytest.mark.parametrize("board", [small_boards.SEALED, small_boards.OWN_IMAGES])
def test_other_boards_tell_means_only(page: SubmitPage, upload: Any, board: str) -> None:
    _, result = _last(page, upload(small_boards.guess(1)), board)
    assert "Means over all images; more is not disclosed." in result
    assert "<figure>" not in result
    assert "0.png" not in result
    if board == small_boards.SEALED:
        shown = view(find_board(board))
        assert shown.singles == []
        assert all(row.result.scores == () for row in shown.rows)
        assert len(board_file(board, "images")["text"].splitlines()) == 1
        means = next(iter(shown.rows)).result.means
        assert all(value is None or round(value, 2) == value for value in means.values())


def test_a_new_entry_is_on_the_leaderboard_at_once(page: SubmitPage, upload: Any) -> None:
    assert view(find_board(small_boards.OPEN)).rows == ()
    _last(page, upload(small_boards.guess(1)), small_boards.OPEN)
    _last(page, upload(small_boards.truth(7)), small_boards.OPEN, *_named("Perfect"))
    shown = view(find_board(small_boards.OPEN))
    assert [row.result.title for row in shown.rows] == ["Perfect", "Mine"]
    assert [whose(row) for row in shown.rows] == ["local", "local"]
    with gr.Blocks() as pages:
        board_page = leaderboard_page(pages)
    for name in (small_boards.OPEN, small_boards.SEALED, small_boards.OWN_IMAGES, "phantom-val"):
        assert board_page.on_board(name)[board_page.table]
        board_page.on_choice(name, "ari", ["x"], None, None)


def test_the_same_label_maps_again_are_told_so(page: SubmitPage, upload: Any) -> None:
    _last(page, upload(small_boards.guess(1)), small_boards.OPEN)
    _, result = _last(page, upload(small_boards.guess(1)), small_boards.OPEN, *_named("Another name"))
    assert "These label maps are an entry already" in result
    assert "<b>Mine</b> has rank 1 of 1" in result


def test_a_hidden_entry_is_stored_and_not_shown(page: SubmitPage, upload: Any, boards: Path) -> None:
    report = page.call(None, upload(small_boards.guess(1)), small_boards.OPEN, *TYPED)
    moderation.hide(boards, report["entry"], "a copy")
    assert view(find_board(small_boards.OPEN)).rows == ()
    _, result = _last(page, upload(small_boards.guess(1)), small_boards.OPEN)
    assert "is stored</h2>" in result
    assert "It is not shown on An open lab." in result


def test_what_looks_gamed_is_marked(page: SubmitPage, upload: Any) -> None:
    """Regions grown over the whole image, apart from one pixel."""
    grown = small_boards.truth(7)
    for label_map in grown.values():
        label_map[label_map == 0] = label_map.max()
        label_map[0, 0] = 0
    _, result = _last(page, upload(grown), small_boards.OPEN, *_named("Grown"))
    shown = view(find_board(small_boards.OPEN))
    if shown.rows[0].result.warning:
        assert "bd-warning" in result
        assert "⚠ </span>Grown" in table_html(shown)
        assert "Grown: " in table_html(shown)
    means = shown.rows[0].result.means
    assert means["ari"] < means["fg_ari"]  # type: ignore[operator]


def _empty() -> small_boards.LabelMaps:
    return {image: np.zeros(small_boards.SHAPE, np.uint8) for image in small_boards.IMAGES}


def test_what_looks_like_a_mistake_is_said_before_anything_is_stored(
    page: SubmitPage, upload: Any, boards: Path
) -> None:
    path = upload(_empty())
    last = _steps(page, path, small_boards.OPEN)[-1]
    assert "nothing has been submitted yet" in last[page.said]
    assert "Nothing is marked in any image" in last[page.said]
    assert last[page.send_anyway].visible
    assert page.file not in last
    assert Path(path).exists()
    assert not (boards / "entries").exists()
    assert not page.forget_doubt()[page.send_anyway].visible
    *_, sent = page.submit_anyway(None, path, small_boards.OPEN, *TYPED)
    assert "Accepted" in sent[page.result]
    assert not Path(path).exists()


def test_programs_find_it_in_the_report(page: SubmitPage, upload: Any) -> None:
    report = page.call(None, upload(_empty()), small_boards.OPEN, *TYPED)
    assert report["accepted"]
    assert ["Nothing is marked" in hint for hint in report["hints"]] == [True]
    assert page.call(None, upload(small_boards.guess(1)), small_boards.OPEN, *TYPED)["hints"] == []


@pytest.mark.parametrize("unsaid", [[], None, "annotated"])
def test_what_training_saw_must_be_said(page: SubmitPage, upload: Any, unsaid: Any) -> None:
    path = upload(small_boards.guess(1))
    said, result = _last(page, path, small_boards.OPEN, "Mine", "", "", "", unsaid)
    assert NOTHING_SAID in said
    assert result == ""
    with pytest.raises(gr.Error, match="Say what training saw"):
        page.call(None, upload(small_boards.guess(1)), small_boards.OPEN, "Mine", "", "", "", unsaid)


def test_all_that_is_missing_is_named_in_one_sentence(page: SubmitPage, upload: Any, tmp_path: Path) -> None:
    said, _ = _last(page, None, small_boards.OPEN, "", "", "", "", [])
    assert "These are missing: the file, the name of the method and what training saw." in said
    said, _ = _last(page, upload(small_boards.guess(1)), small_boards.OPEN, " ", "", "", "", None)
    assert "These are missing: the name of the method and what training saw." in said
    assert list((tmp_path / "uploads" / "sha").iterdir()) == []


def test_refusals_are_one_sentence_and_leave_nothing(
    page: SubmitPage, upload: Any, tmp_path: Path, boards: Path
) -> None:
    for maps, board, typed, sentence in (
        ({"0.png": small_boards.guess(1)["0.png"]}, small_boards.OPEN, TYPED, "1.png"),
        (small_boards.guess(1), small_boards.OPEN, (HOSTILE, "", "", "", None), "character"),
        (small_boards.guess(1), HOSTILE, TYPED, "There is no board"),
        (small_boards.guess(1), "phantom-sealed", TYPED, "labels of this board are not on this machine"),
    ):
        said, result = _last(page, upload(maps), board, *typed)
        assert sentence in said
        assert "<img" not in said
        assert result == ""
        assert list((tmp_path / "uploads" / "sha").iterdir()) == []
    assert "No file has arrived" in _last(page, None, small_boards.OPEN)[0]
    assert GONE[:20] in _last(page, str(tmp_path / "gone.npz"), small_boards.OPEN)[0]
    with pytest.raises(gr.Error, match="There is no board"):
        page.call(None, upload(small_boards.guess(1)), "no-board", *TYPED)
    assert not (boards / "entries").exists()


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (RuntimeError("/a/place"), "could not be scored; the server&#39;s log says why"),
        (MemoryError(), "not enough memory"),
    ],
)
def test_a_fault_of_our_own_shows_no_traceback(
    page: SubmitPage, upload: Any, monkeypatch: pytest.MonkeyPatch, fault: Exception, sentence: str
) -> None:
    def fail(*_arguments: Any) -> None:
        raise fault

    monkeypatch.setattr(page.events.service, "accept", fail)
    assert sentence in _last(page, upload(small_boards.guess(1)), small_boards.OPEN)[0]


class _LoginService(SubmissionService):
    needs_login = True


def _profile(name: str) -> gr.OAuthProfile:
    return gr.OAuthProfile(
        {"name": name, "preferred_username": name, "profile": "", "picture": "", "sub": "1"}
    )


def test_on_a_space_the_user_is_who_logged_in(page: SubmitPage, upload: Any) -> None:
    page.events.service = _LoginService(open_service().store)
    handlers, alice, bob = with_login(page), _profile("alice"), _profile("bob")
    with pytest.raises(gr.Error, match="Nobody is logged in"):
        handlers.on_api(upload(small_boards.guess(1)), small_boards.OPEN, *TYPED, None)
    report = handlers.on_api(upload(small_boards.guess(1)), small_boards.OPEN, *TYPED, alice)
    assert (report["user"], report["origin"]) == ("alice", "submitted")
    *_, last = handlers.on_submit(alice, upload(small_boards.guess(2)), small_boards.OPEN, *TYPED)
    assert "3 of 5 submissions left" in last[page.about]
    assert "Signed in as alice" in handlers.on_board(small_boards.OPEN, alice)[page.about]
    *_, last = handlers.on_submit_anyway(bob, upload(small_boards.guess(3)), small_boards.OPEN, *TYPED)
    assert "4 of 5 submissions left" in last[page.about]
    # Entries of one name have the user's beside it.
    shown = view(find_board(small_boards.OPEN))
    assert {whose(row) for row in shown.rows} == {"submitted by alice", "submitted by bob"}
    assert {row.result.title for row in shown.rows} == {"Mine by alice", "Mine by alice (2)", "Mine by bob"}


def test_the_pages_are_built_without_a_login() -> None:
    config = app.build(open_service()).get_config_file()
    assert "submit" in {call["api_name"] for call in config["dependencies"]}
    assert not any(each["type"] == "loginbutton" for each in config["components"])
