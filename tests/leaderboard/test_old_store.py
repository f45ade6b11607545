"""A store, results and words of version 0.1.0, made by its own commands, keep working.

``store_0_1`` holds two small boards (one handed out by nobody, one sealed by its owner), a row of ours, four
submissions of which one is hidden, and what the commands of that version printed.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from ctseg.cli import main
from ctseg.leaderboard.boards import find_board
from ctseg.leaderboard.doctor import examine
from ctseg.leaderboard.results.disclosure import disclosed_rows
from ctseg.leaderboard.results.store import all_results
from ctseg.leaderboard.results.table import TABLE_COLUMNS, table
from ctseg.leaderboard.submissions.local_store import open_submissions
from ctseg.metrics import TABLED
from ctseg.spreadsheet import to_csv

OLD = Path(__file__).parent / "store_0_1"
OWN_IMAGES = "ct-fewshot-val"
SEALED = "kept-board"


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(OLD, tmp_path / "old")
    monkeypatch.setenv("CTSEG_DATA", str(tmp_path / "old" / "data"))
    monkeypatch.setenv("CTSEG_STORE", str(tmp_path / "old" / "store"))
    monkeypatch.setenv("CTSEG_LEADERBOARD", str(tmp_path / "old" / "leaderboard"))
    monkeypatch.setenv("CTSEG_BOARD_FOLDER_KEPT_BOARD", str(tmp_path / "old" / "kept"))
    return tmp_path / "old"


def _said() -> dict[str, str]:
    return json.loads((OLD / "said.json").read_text(encoding="utf-8"))


def test_every_stored_file_is_used(old: Path) -> None:
    assert examine() == []
    assert len(all_results(old / "store")) == 4
    store = open_submissions()
    for result in store.results():
        assert store.predictions(result.predictions_sha256)[0] == result.images


def test_the_list_of_boards_is_the_same(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["board", "list"]) == 0
    assert capsys.readouterr().out == _said()["board list"]
    assert main(["board"]) == 0
    assert capsys.readouterr().out == _said()["board list"]


@pytest.mark.parametrize(
    "words", [["board", OWN_IMAGES, "--json"], ["board", SEALED, "--json"], ["board", "--json", SEALED]]
)
def test_tables_have_the_same_rows_with_no_more_digits_than_are_told(
    words: list[str], old: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 0
    new, before = json.loads(capsys.readouterr().out), json.loads(_said()[" ".join(words)])
    assert [list(row) for row in new] == [list(row) for row in before]
    for row, was in zip(new, before, strict=True):
        for name, value in was.items():
            if name not in TABLED or value is None:
                assert row[name] == value, name
            else:
                assert row[name] == pytest.approx(value, abs=0.5 if "structures" in name else 0.005), name


def test_label_maps_of_an_old_entry_are_still_that_entry(
    old: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["submit", str(old / "y.npz"), "--board", SEALED, "--name", "Again"]
    assert main(words) == 1
    assert "The study is over." in capsys.readouterr().err
    (old / "store" / "closed" / f"{SEALED}.json").unlink()
    assert main([*words, "--json"]) == 0
    assert not json.loads(capsys.readouterr().out)["new"]
    assert main(["board", "rescore", SEALED]) == 0
    assert "scored again: 2" in capsys.readouterr().out


def test_results_without_a_newer_score_show_a_dash_and_never_raise(
    old: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in old.glob("*/entries/*/result.json"):
        stored: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        for scores in (*stored["scores"], stored["means"]):
            for name in ("best_iou", "merge", "structures_true"):
                del scores[name]
        path.write_text(json.dumps(stored), encoding="utf-8")
    for name in (OWN_IMAGES, SEALED):
        rows = table(disclosed_rows(find_board(name)))
        assert rows
        assert all(row["best_iou"] is None and row["merge"] is None for row in rows)
        assert all(row["ari"] is not None for row in rows)
        assert to_csv(rows, TABLE_COLUMNS).count("\n") == len(rows) + 1
        assert main(["board", name]) == 0
    assert capsys.readouterr().err == ""
