"""No single bad file stops anything: each kind of file is spoilt in each way while boards are read."""

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from submitting import made_up

from ctseg.cli import main
from ctseg.leaderboard import moderation
from ctseg.leaderboard.boards import Board, all_boards, board_to_json, find_board
from ctseg.leaderboard.doctor import examine, set_aside_files
from ctseg.leaderboard.results.disclosure import disclosed_rows
from ctseg.leaderboard.results.look_log import Look, add_look, count_looks
from ctseg.leaderboard.results.result import Result
from ctseg.leaderboard.results.store import save, stamp
from ctseg.leaderboard.submissions.local_store import StoreError, Submissions, open_submissions
from ctseg.leaderboard.submissions.quotas import quota_of

KEPT, GONE, OURS = made_up(1), made_up(2), made_up(3, origin="verified by us", user="")
OWNED = Board(
    name="owned",
    title="Owned",
    kind="sealed",
    about="",
    redistribution="nothing",
    images=("0.png",),
    shape=(8, 8),
)


def _gone(store: Path, name: str) -> Path:
    return store / "entries" / GONE[0].predictions_sha256 / name


KINDS: dict[str, Callable[[Path, Path], Path]] = {
    "result": lambda store, ours: _gone(store, "result.json"),
    "our result": lambda store, ours: ours / "entries" / OURS[0].predictions_sha256 / "result.json",
    "board": lambda store, ours: store / "boards" / "owned.json",
    "closed": lambda store, ours: store / "closed" / "ct-fewshot-val.json",
    "hidden": lambda store, ours: store / "hidden" / f"{made_up(4)[0].predictions_sha256}.json",
    "looks": lambda store, ours: ours / "looks.csv",
    "label maps": lambda store, ours: _gone(store, "predictions.npz"),
    "contact": lambda store, ours: _gone(store, "private.json"),
}
SEEN_WHEN_READ = [kind for kind in KINDS if kind not in ("label maps", "contact")]


def _newer(path: Path) -> None:
    if path.suffix == ".json":
        stored = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(
            json.dumps({"why": 7} if "why" in stored else stored | {"shoe_size": 44, "contact": 7})
        )
    else:
        path.write_text("another,table\n1\n", encoding="utf-8")


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


WAYS: dict[str, Callable[[Path], object]] = {
    "truncated": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 - 1]),
    "empty": lambda path: path.write_bytes(b""),
    "foreign": lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n\0\xff" * 50),
    "newer": _newer,
    "another file": lambda path: path.write_text("[[1, NaN], " * 3000, encoding="utf-8"),
    "a folder": _folder,
}


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Submissions:
    """A store with a file of each kind, and another of ours."""
    monkeypatch.setenv("CTSEG_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("CTSEG_LEADERBOARD", str(tmp_path / "ours"))
    opened = open_submissions()
    for submission in (KEPT, GONE, made_up(4)):
        opened.accept(*submission, "me@example.org")
    save(tmp_path / "ours", OURS[0])
    (opened.folder / "boards").mkdir()
    (opened.folder / "boards" / "owned.json").write_text(board_to_json(OWNED), encoding="utf-8")
    moderation.close(opened.folder, "ct-fewshot-val", "The study is over.")
    moderation.hide(opened.folder, made_up(4)[0].predictions_sha256, "A copy.")
    for number in range(2):
        add_look(
            tmp_path / "ours" / "looks.csv", Look("2026-01-01", "abc", "phantom-val", f"m{number}", "1", "1")
        )
    return opened


def _entries() -> set[str]:
    return {row.result.entry for row in disclosed_rows(find_board("phantom-val"))}


def _goes_on(store: Submissions, lost: str) -> None:
    """Everything but what was in the file that is lost is as it was."""
    missing = {"result": "entry-2", "our result": "entry-3"}.get(lost)
    assert _entries() == {"entry-1", "entry-2", "entry-3"} - {missing}
    assert ("owned" in all_boards()) == (lost != "board")
    assert set(moderation.closed(store.folder)) == {"ct-fewshot-val"}
    assert set(moderation.hidden(store.folder)) == {made_up(4)[0].predictions_sha256}
    assert count_looks(store.folder.parent / "ours" / "looks.csv").get("phantom-val", 0) in (0, 1, 2)
    now = datetime.now(UTC)
    assert quota_of(store.results(), "x", find_board("phantom-val"), all_boards(), now).left == 5
    for words in (
        ["board"],
        ["board", "phantom-val"],
        ["board", "phantom-val", "--json"],
        ["board", "doctor"],
    ):
        assert main(words) == 0, words


@pytest.mark.parametrize("way", list(WAYS))
@pytest.mark.parametrize("kind", list(KINDS))
def test_a_bad_file_is_set_aside_by_name_and_all_else_goes_on(
    kind: str, way: str, store: Submissions, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = KINDS[kind](store.folder, tmp_path / "ours")
    read = (tmp_path / "ours", store.folder)
    # Boards were read before: what is spoilt now is spoilt while running.
    _goes_on(store, "")
    before = stamp(read)
    assert examine() == []
    WAYS[way](path)
    _goes_on(store, kind)
    assert [each.path for each in examine()] == [path]
    assert [each.path for each in set_aside_files()] == ([path] if kind in SEEN_WHEN_READ else [])
    if kind not in ("label maps", "contact", "closed"):
        assert stamp(read) != before
    capsys.readouterr()
    assert main(["board", "list"]) == 0
    assert (f"set aside: {path}" in capsys.readouterr().out) == (kind in SEEN_WHEN_READ)
    # A new entry is taken, and none is stored and answered by an error.
    outcome = store.accept(*made_up(5), "")
    assert outcome.new
    assert made_up(5)[0].entry in _entries()
    assert main(["board", "doctor", "--move"]) == 0
    assert str(path) in capsys.readouterr().out
    assert examine() == []
    assert set(moderation.closed(store.folder)) == {"ct-fewshot-val"}
    assert set(moderation.hidden(store.folder)) == {made_up(4)[0].predictions_sha256}
    assert any((folder / "set-aside").is_dir() for folder in read)


def test_a_newer_entry_is_called_that_and_never_replaced(store: Submissions) -> None:
    path = _gone(store.folder, "result.json")
    _newer(path)
    content = path.read_bytes()
    assert [each.why for each in set_aside_files()] == [
        "a newer version of ctseg wrote this result (fields ['contact', 'shoe_size'])"
    ]
    with pytest.raises(StoreError, match="an entry already, but its record cannot be used here"):
        store.accept(*GONE, "")
    assert path.read_bytes() == content


def test_an_entry_that_was_moved_aside_can_be_handed_in_again(store: Submissions) -> None:
    WAYS["empty"](_gone(store.folder, "result.json"))
    assert main(["board", "doctor", "--move"]) == 0
    assert store.accept(*GONE, "").new


def test_it_is_logged_once_by_name(store: Submissions, caplog: pytest.LogCaptureFixture) -> None:
    path = _gone(store.folder, "result.json")
    WAYS["empty"](path)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            _entries()
    assert [record.getMessage() for record in caplog.records if str(path) in record.getMessage()] == [
        f"{path} is set aside: it is empty. `ctseg board doctor` lists such files."
    ]


def test_foreign_files_are_listed(store: Submissions) -> None:
    for name in ("closed/notes.txt", "hidden/.DS_Store", "boards/old.bak", "entries/readme"):
        (store.folder / name).write_text("x", encoding="utf-8")
    (store.folder / "entries" / "nothing").mkdir()
    assert len(examine()) == 5
    _goes_on(store, "")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("date", "yesterday"),
        ("date", "2026-01-02T03:04:05"),
        ("patients", ["A"]),
        ("scores", [{"ari": "high"}] * 6),
        ("means", []),
        ("role", "king"),
        ("title", None),
        ("metric_version", 99),
        ("predictions_sha256", "0" * 64),
    ],
)
def test_values_that_cannot_be_are_set_aside(field: str, value: object, store: Submissions) -> None:
    path = _gone(store.folder, "result.json")
    path.write_text(
        json.dumps(json.loads(path.read_text(encoding="utf-8")) | {field: value}), encoding="utf-8"
    )
    _goes_on(store, "result")
    assert [each.path for each in set_aside_files()] == [path]


def test_an_entry_is_stored_even_where_its_name_cannot_be_flushed(
    store: Submissions, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ctseg.leaderboard.submissions import local_store

    def fail(folder: Path) -> None:
        raise OSError(5, "no")

    monkeypatch.setattr(local_store, "flush_folder", fail)
    result: Result = made_up(6)[0]
    assert store.accept(*made_up(6), "").new
    assert store.find(result.predictions_sha256) == result
