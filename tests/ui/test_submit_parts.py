"""The Submit page without a browser: its words, its events, its pictures, and the gate of uploads."""

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
import small_boards

from ctseg.leaderboard import moderation
from ctseg.leaderboard.boards import BOARDS, find_board
from ctseg.leaderboard.submissions.quotas import Quota
from ctseg.leaderboard.submissions.service import SubmissionService, open_service
from ctseg.ui import app
from ctseg.ui.components.board_view import view
from ctseg.ui.leaderboard import messages as board_messages
from ctseg.ui.leaderboard import page as leaderboard_page
from ctseg.ui.leaderboard.files import board_file
from ctseg.ui.leaderboard.table import method_columns, styled
from ctseg.ui.server.upload_limits import MAX_REQUEST_BYTES, UploadLimits
from ctseg.ui.submit import messages
from ctseg.ui.submit.page import _Local, _WithLogin
from ctseg.ui.submit.run import GONE

HOSTILE = "<img src=x onerror=alert(1)>"
TYPED = ("Mine", "classical", "https://example.org/mine", "me@example.org", ["annotated"])
NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _boards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in small_boards.set_up(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("SYSTEM", raising=False)


@pytest.fixture
def page() -> _Local:
    """The page's events on a machine without a login."""
    return _Local(open_service())


@pytest.fixture
def upload(tmp_path: Path) -> Callable[..., str]:
    """Make an upload as Gradio does: in a folder of its own."""

    def make(maps: small_boards.LabelMaps, name: str = "y.npz") -> str:
        return str(small_boards.write(tmp_path / "uploads" / "sha", name, maps))

    return make


def _submit(page: _Local, file: str | None, board: str, *typed: Any) -> list[list[Any]]:
    return list(page.on_submit(file, board, *(typed or TYPED)))


def _last(page: _Local, file: str | None, board: str, *typed: Any) -> tuple[str, str]:
    said, result, _, emptied = _submit(page, file, board, *typed)[-1]
    assert emptied is None
    return said, result


def test_an_open_board_tells_images_and_shows_the_worst(page: _Local, upload: Any) -> None:
    path = upload(small_boards.guess(1))
    steps = _submit(page, path, small_boards.OPEN)
    assert any("<progress" in said for said, *_ in steps[:-1])
    said, result, about, _ = steps[-1]
    assert said == ""
    assert "Accepted: <b>Mine</b> has rank 1 of 1 methods on An open lab, by ari" in result
    assert result.count("<figure>") == 3
    assert "All 3 images" in result
    assert "data:image/jpeg;base64," in result
    assert "no limit" in about
    assert not Path(path).exists()


@pytest.mark.parametrize("board", [small_boards.SEALED, small_boards.OWN_IMAGES])
def test_other_boards_tell_means_only(page: _Local, upload: Any, board: str) -> None:
    _, result = _last(page, upload(small_boards.guess(1)), board)
    assert "Means over all images; more is not told." in result
    assert "<figure>" not in result
    assert "0.png" not in result
    if board == small_boards.SEALED:
        shown = view(find_board(board))
        assert shown.singles == []
        assert all(row.result.scores == () for row in shown.rows)
        assert len(board_file(board, "images")["text"].splitlines()) == 1
        means = next(iter(shown.rows)).result.means
        assert all(value is None or round(value, 2) == value for value in means.values())


def test_a_new_entry_is_on_the_leaderboard_at_once(page: _Local, upload: Any) -> None:
    before = view(find_board(small_boards.OPEN))
    assert before.rows == ()
    _last(page, upload(small_boards.guess(1)), small_boards.OPEN)
    _last(page, upload(small_boards.truth(7)), small_boards.OPEN, "Perfect", "", "", "", [])
    shown = view(find_board(small_boards.OPEN))
    assert [row.result.title for row in shown.rows] == ["Perfect", "Mine"]
    table = styled(shown.rows, method_columns(shown.patients))
    assert list(table.data["Whose"]) == ["local", "local"]
    for name in (small_boards.OPEN, small_boards.SEALED, small_boards.OWN_IMAGES, "phantom-val"):
        leaderboard_page._on_board(name)
        leaderboard_page._drawn(name, ["x"], None, None, "ari")


def test_the_same_label_maps_again_are_told_so(page: _Local, upload: Any) -> None:
    _last(page, upload(small_boards.guess(1)), small_boards.OPEN)
    _, result = _last(page, upload(small_boards.guess(1)), small_boards.OPEN, "Another name", "", "", "", [])
    assert "These label maps are an entry already" in result
    assert "<b>Mine</b> has rank 1 of 1" in result


def test_a_hidden_entry_is_stored_and_not_shown(page: _Local, upload: Any) -> None:
    report = page.on_api(upload(small_boards.guess(1)), small_boards.OPEN, *TYPED)
    moderation.hide(Path(os.environ["CTSEG_STORE"]), report["entry"], "a copy")
    assert view(find_board(small_boards.OPEN)).rows == ()
    _, result = _last(page, upload(small_boards.guess(1)), small_boards.OPEN)
    assert "is stored</h2><p>It is not shown on An open lab." in result


def test_what_looks_gamed_is_marked(page: _Local, upload: Any) -> None:
    """Regions grown over the whole picture, apart from one pixel."""
    grown = small_boards.truth(7)
    for label_map in grown.values():
        label_map[label_map == 0] = label_map.max()
        label_map[0, 0] = 0
    _, result = _last(page, upload(grown), small_boards.OPEN, "Grown", "", "", "", [])
    shown = view(find_board(small_boards.OPEN))
    if shown.rows[0].result.warning:
        assert "bd-warning" in result
        assert "⚠ Grown" in styled(shown.rows, method_columns(shown.patients)).data["Method"].iloc[0]
        assert "Grown:" in board_messages.warnings(shown)
    assert shown.rows[0].result.means["ari"] < shown.rows[0].result.means["fg_ari"]


def test_refusals_are_one_sentence_and_leave_nothing(page: _Local, upload: Any, tmp_path: Path) -> None:
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
        page.on_api(upload(small_boards.guess(1)), "no-board", *TYPED)
    assert not (tmp_path / "store" / "entries").exists()


def test_a_fault_of_our_own_shows_no_traceback(
    page: _Local, upload: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: Any) -> None:
        raise RuntimeError("/a/place")

    monkeypatch.setattr(page._service, "accept", fail)
    said, _ = _last(page, upload(small_boards.guess(1)), small_boards.OPEN)
    assert "could not be scored; the server&#39;s log says why" in said
    monkeypatch.setattr(page._service, "accept", _no_memory)
    assert "not enough memory" in _last(page, upload(small_boards.guess(1)), small_boards.OPEN)[0]


def _no_memory(*_arguments: Any) -> None:
    raise MemoryError


def test_the_page_says_what_each_board_is(page: _Local, tmp_path: Path) -> None:
    assert "Open practice" in page.about(small_boards.OPEN, None)
    sealed = page.about(small_boards.SEALED, None)
    assert "means with two digits" in sealed
    assert "/boards/lab-sealed/images.zip" in sealed
    assert "All visitors together have 2 accepted entries" in sealed
    own = page.about(small_boards.OWN_IMAGES, None)
    assert "may not be passed on" in own
    assert "images.zip" not in own
    moderation.close(tmp_path / "store", small_boards.OPEN, f"Over {HOSTILE}")
    closed = page.on_board(small_boards.OPEN)
    assert "This board is closed: Over &lt;img" in closed
    assert page.about("no-board", None) == page.about("phantom-val", None)


def test_what_is_said_on_quotas_to_users_of_a_space() -> None:
    board, some, none = BOARDS["phantom-val"], Quota(5, 3, None), Quota(5, 0, NOW)
    assert "Sign in" in messages.limits(board, some, True, None, NOW)
    assert "Signed in as alice: 5 accepted" in messages.limits(board, some, True, "alice", NOW)
    assert "the next is possible" in messages.limits(board, none, True, "alice", NOW)


class _LoginService(SubmissionService):
    needs_login = True


def _profile(name: str) -> gr.OAuthProfile:
    told = {"name": name, "preferred_username": name, "profile": "", "picture": "", "sub": "1"}
    return gr.OAuthProfile(told)


def test_on_a_space_the_user_is_who_logged_in(upload: Any) -> None:
    page = _WithLogin(_LoginService(open_service().store))
    alice = _profile("alice")
    with pytest.raises(gr.Error, match="Nobody is logged in"):
        page.on_api(upload(small_boards.guess(1)), small_boards.OPEN, *TYPED, None)
    report = page.on_api(upload(small_boards.guess(1)), small_boards.OPEN, *TYPED, alice)
    assert (report["user"], report["origin"]) == ("alice", "submitted")
    *_, last = page.on_submit(upload(small_boards.guess(2)), small_boards.OPEN, *TYPED, alice)
    assert "3 of 5 submissions left" in last[2]
    assert "Signed in as alice" in page.on_board(small_boards.OPEN, alice)
    shown = view(find_board(small_boards.OPEN))
    whose = styled(shown.rows, method_columns(shown.patients)).data["Whose"]
    assert set(whose) == {"submitted by alice"}


def test_the_pages_are_built_with_and_without_a_login() -> None:
    config = app.build(open_service()).get_config_file()
    assert "submit" in {call["api_name"] for call in config["dependencies"]}
    assert not any(each["type"] == "loginbutton" for each in config["components"])


class _Sent:
    """Keeps what an ASGI app sends."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    async def __call__(self, message: dict[str, Any]) -> None:
        self.messages.append(message)

    @property
    def status(self) -> int:
        return int(self.messages[0]["status"])


async def _take_all(scope: dict[str, Any], receive: Any, send: Any) -> None:
    while (await receive()).get("more_body"):
        continue
    await send({"type": "http.response.start", "status": 200, "headers": []})


def _pass(gate: UploadLimits, length: bytes | None, pauses: Iterator[float]) -> _Sent:
    async def receive() -> dict[str, Any]:
        pause = next(pauses, None)
        if pause is None:
            return {"type": "http.request", "more_body": False}
        await asyncio.sleep(pause)
        return {"type": "http.request", "body": b"x", "more_body": True}

    headers = [] if length is None else [(b"content-length", length)]
    scope = {"type": "http", "method": "POST", "path": "/gradio_api/upload", "headers": headers}
    sent = _Sent()
    asyncio.run(gate(scope, receive, sent))
    return sent


def test_the_gate_of_uploads(tmp_path: Path) -> None:
    folder = tmp_path / "gate"
    folder.mkdir()
    gate = UploadLimits(_take_all, folder, max_bytes=1000, silent_seconds=0.1)
    assert _pass(gate, b"10", iter([0.0, 0.0])).status == 200
    assert _pass(gate, None, iter([])).status == 411
    assert _pass(gate, str(MAX_REQUEST_BYTES << 1).encode(), iter([])).status == 413
    stalled = _pass(gate, b"10", iter([0.0, 60.0]))
    assert stalled.status == 408
    assert "stalled" in json.loads(stalled.messages[1]["body"])["detail"]
    (folder / "upload").write_bytes(b"x" * 995)
    assert _pass(gate, b"10", iter([])).status == 503
    assert _pass(gate, b"4", iter([])).status == 200


def test_the_gate_lets_all_else_through(tmp_path: Path) -> None:
    gate = UploadLimits(_take_all, tmp_path, max_bytes=0)
    sent = _Sent()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    scope = {"type": "http", "method": "GET", "path": "/submit", "headers": []}
    asyncio.run(gate(scope, receive, sent))
    assert sent.status == 200
