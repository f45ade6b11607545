"""What is told of a sealed board: rounded means, nothing of single images, no more by way of rank or tier."""

import json
import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctseg.cli import main
from ctseg.leaderboard.admin import ACTIONS
from ctseg.leaderboard.boards import Board
from ctseg.leaderboard.results.disclosure import disclose, disclosed_result, ranked_as_told
from ctseg.leaderboard.results.gamed import GAMED
from ctseg.leaderboard.results.result import Result
from ctseg.leaderboard.results.store import all_results
from ctseg.metrics import TABLED

SEALED = Board(name="s", title="S", kind="sealed", about="", redistribution="images")
OWN_IMAGES = replace(SEALED, kind="bring your own images", redistribution="nothing")
OPEN = replace(SEALED, kind="open", redistribution="images and labels")
TEN = [0.31, 0.52, 0.44, 0.63, 0.71, 0.38, 0.57, 0.49, 0.66, 0.42]


def _submitted(make_result: Any, entry: str, ari: list[float]) -> Result:
    return replace(make_result(entry, ari), origin="submitted", user="u")


@pytest.mark.parametrize("board", [SEALED, OWN_IMAGES])
def test_a_submission_to_a_board_with_kept_labels_is_told_in_two_digits(
    board: Board, make_result: Any
) -> None:
    result = _submitted(make_result, "a", [0.123456, 0.654321])
    result = replace(result, means={**result.means, "fg_ari_left_out": 1, "structures_found": 7.4167})
    disclosed = disclosed_result(result, board)
    assert disclosed.scores == ()
    assert set(disclosed.means) == set(TABLED)
    assert disclosed.means["ari"] == 0.39
    # How many structures were found is counted, and a mean with digits would tell the exact count.
    assert disclosed.means["structures_found"] == 7
    assert disclosed_result(result, OPEN) == result


def test_telling_twice_changes_nothing(make_result: Any) -> None:
    results = [
        _submitted(make_result, name, [each + shift for each in TEN])
        for name, shift in (("a", 0), ("b", 0.1))
    ]
    for board in (SEALED, OWN_IMAGES, OPEN):
        for row in ranked_as_told(results, board):
            assert disclose(row, board) == row


def _without_names(results: list[Result]) -> list[dict[str, Any]]:
    rows = [asdict(row) for row in ranked_as_told(results, SEALED)]
    for row in rows:
        for name in ("entry", "title", "predictions_sha256"):
            del row["result"][name]
    return rows


@given(st.lists(st.floats(-0.0019, 0.0019), min_size=10, max_size=10))
def test_what_differs_below_what_is_told_cannot_be_seen(shifts: list[float]) -> None:
    """Scores of images that round alike give the same rank, tier, interval and count of patients."""
    steady, other = _of("a", TEN), _of("c", [each + 0.05 for each in TEN])
    moved = _of("b", [each + shift for each, shift in zip(TEN, shifts, strict=True)])
    same = _of("b", TEN)
    assert _without_names([steady, other, moved]) == _without_names([steady, other, same])


def _of(entry: str, ari: list[float]) -> Result:
    scores = tuple({"ari": round(each, 6), "fg_ari": 0.5} for each in ari)
    return Result(
        board="s",
        entry=entry,
        title=entry,
        family="f",
        link="",
        origin="submitted",
        role="method",
        saw=(),
        parameters=None,
        metric_version=1,
        dataset_fingerprint="f",
        code_version="0",
        predictions_sha256=entry,
        date="2026-01-02T03:04:05+00:00",
        images=tuple(map(str, range(len(ari)))),
        patients=tuple(map(str, range(len(ari)))),
        scores=scores,
        # The mean stays where it is: it is told anyway.
        means={"ari": round(float(np.mean([round(each, 2) for each in ari])), 4), "fg_ari": 0.5},
        user="u",
    )


def test_entries_that_are_told_alike_share_rank_and_tier_and_no_count_tells_them_apart(
    make_result: Any,
) -> None:
    one = _submitted(make_result, "a", [0.501] * 12)
    other = _submitted(make_result, "b", [0.502] * 11 + [0.49])
    rows = ranked_as_told([one, other], SEALED)
    assert [row.rank for row in rows] == [1, 1]
    assert [row.tier for row in rows] == [1, 1]
    assert [row.against_best for row in rows] == [None, None]
    assert len({(row.interval.low, row.interval.high) for row in rows if row.interval}) == 1


def test_a_warning_is_worked_out_from_what_is_told(make_result: Any) -> None:
    result = _submitted(make_result, "a", [0.5])
    near = {**result.means, "ari": 0.1996, "fg_ari": 0.6}
    assert disclosed_result(replace(result, means=near, warning=GAMED), SEALED).warning == ""
    assert (
        disclosed_result(replace(result, means=near | {"ari": 0.1}, warning=GAMED), SEALED).warning == GAMED
    )


def test_results_of_other_images_are_not_compared(make_result: Any) -> None:
    odd = replace(make_result("b", [0.2, 0.3, 0.4]), images=("7.png", "8.png", "9.png"))
    rows = ranked_as_told([make_result("a", [0.5, 0.7]), odd], OPEN)
    assert [row.against_best for row in rows] == [None, None]


NEEDLE = 0.31415926
"""A score of one image of the sealed board; no command prints its digits."""


@pytest.fixture
def needle(tmp_path: Path, small_data: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A sealed board with a submission and a row of ours, with the needle in scores of single images."""
    monkeypatch.setenv("CTSEG_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("CTSEG_LEADERBOARD", str(tmp_path / "ours"))
    monkeypatch.setenv("CTSEG_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("CTSEG_BOARD_FOLDER_MINE", str(small_data))
    monkeypatch.chdir(tmp_path)
    assert main(["board", "create", "mine", "--folder", str(small_data), "--redistribution", "images"]) == 0
    maps = {f"{number}.png": np.ones((48, 56), np.uint8) for number in range(3)}
    for label_map in maps.values():
        label_map[:9] = 0
    np.savez_compressed("y.npz", **maps)  # type: ignore[arg-type]
    maps["2.png"][:30] = 0
    np.savez_compressed("z.npz", **maps)  # type: ignore[arg-type]
    assert main(["submit", "y.npz", "--board", "mine", "--name", "Mine"]) == 0
    (result,) = all_results(tmp_path / "store")
    home = tmp_path / "store" / "entries" / result.predictions_sha256 / "result.json"
    stored = json.loads(home.read_text(encoding="utf-8"))
    for scores in stored["scores"]:
        scores.update(dict.fromkeys(scores, NEEDLE))
    home.write_text(json.dumps(stored), encoding="utf-8")
    return str(result.predictions_sha256)


COMMANDS: dict[str, list[list[str]]] = {
    "segment": [],
    "batch": [["batch", "mine", "--out", "batch"]],
    "score": [],
    "dataset": [],
    "hub": [["hub", "publish-weights", "--owner", "me", "--method", "unet-tvmf", "--dry-run"]],
    "train": [],
    "pretrain": [],
    "methods": [["methods"]],
    "weights": [["weights"]],
    "serve": [],
    "mcp": [],
    "export-static": [["export-static", "site"]],
    "check": [["check", "y.npz", "--board", "mine"]],
    "submit": [
        ["submit", "y.npz", "--board", "mine", "--name", "Again", "--json"],
        ["submit", "z.npz", "--board", "mine", "--name", "Other"],
    ],
    "evaluate": [["evaluate", "watershed", "--board", "mine", "--json", "--out", "ours"]],
    "board": [
        ["board", "list", "--json"],
        ["board", "mine", "--json"],
        ["board", "show", "mine"],
        ["board", "images", "mine", "--out", "images"],
        ["board", "create"],
        ["board", "export", "mine", "--out", "mine.zip"],
        ["board", "doctor", "--json"],
        ["board", "rescore", "mine"],
        ["board", "rename", "SHA", "--name", "Renamed"],
        ["board", "withdraw", "SHA"],
        ["board", "close", "mine", "--why", "x"],
        ["board", "hide", "SHA", "--why", "x"],
    ],
}
"""Every command, with what it is called with here; those without boards are not called, nor those that go on
serving: the pages and the tools for agents, which have tests of their own."""


def test_no_command_tells_scores_of_single_images_or_labels_of_a_sealed_board(
    needle: str, small_data: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["no-such-command"])
    _, _, commands = capfd.readouterr().err.partition("choose from")
    assert set(COMMANDS) == set(re.findall(r"[\w-]+", commands))
    assert {words[1] for words in COMMANDS["board"]} - {"mine"} == set(ACTIONS)
    said = ""
    for words in [each for calls in COMMANDS.values() for each in calls]:
        assert main([needle[:12] if word == "SHA" else word for word in words]) == 0, words
        said += "".join(capfd.readouterr())
    assert str(NEEDLE)[:6] not in said
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    inside = {tmp_path / "store", tmp_path / "ours", tmp_path / "cache", small_data.parents[1]}
    handed_out = [path for path in written if not inside & set(path.parents)]
    assert {path.name for path in handed_out} >= {"mine.zip", "0.png"}
    labels = {path.read_bytes() for path in (small_data / "labels").iterdir()}
    for path in handed_out:
        assert str(NEEDLE)[:6].encode() not in path.read_bytes()
        assert path.read_bytes() not in labels
    looks = (tmp_path / "ours" / "looks.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert all(len(score.partition(".")[2]) <= 2 for line in looks for score in line.split(",")[-2:])
