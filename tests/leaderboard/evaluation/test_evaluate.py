"""Evaluation: scores are those of the metrics, and a killed run goes on where it was."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ctseg.cli import main
from ctseg.datasets import DatasetError, open_split
from ctseg.leaderboard.boards import BoardError, find_board
from ctseg.leaderboard.evaluation.evaluate import TWO_PROCESSES, evaluate
from ctseg.leaderboard.evaluation.oracles import ORACLES
from ctseg.leaderboard.results.look_log import count_looks
from ctseg.leaderboard.results.store import load_results
from ctseg.methods import load
from ctseg.metrics import score

BOARD = find_board("ct-fewshot-val")
ALONE = replace(TWO_PROCESSES, workers=1)


@pytest.mark.thorough
def test_the_result_holds_the_scores_of_the_method(small_data: Path, tmp_path: Path) -> None:
    reports: list[tuple[int, int]] = []
    result = evaluate(
        "watershed", BOARD, tmp_path / "cache", lambda done, count: reports.append((done, count))
    )
    split = open_split("ct-fewshot-val")
    for index in range(len(split)):
        true = split.label_map(index)
        assert true is not None
        expected = score(load("watershed").segment(split.slice(index)), true)
        assert result.scores[index]["ari"] == expected.ari
        assert result.scores[index]["structures_found"] == expected.structures_found
    assert result.means["ari"] == pytest.approx(np.mean([each["ari"] for each in result.scores]))
    assert result.dataset_fingerprint == split.fingerprint()
    assert result.patients == ("A", "A", "B")
    assert reports[0] == (0, 3)
    assert reports[-1] == (3, 3)
    assert all(value > 0 for value in (*result.seconds, *result.peak_mb))


@pytest.mark.thorough
def test_a_killed_evaluation_goes_on_where_it_was(small_data: Path, tmp_path: Path) -> None:
    whole = evaluate("watershed", BOARD, tmp_path / "cache", lambda *_: None)
    (folder,) = (tmp_path / "cache").iterdir()
    kept = {path: path.stat().st_mtime_ns for path in folder.glob("*/0000[01].*")}
    assert len(kept) == 8
    (folder / "done" / "00002.json").unlink()
    (folder / "label-maps" / "00002.npz").write_bytes(b"half a file")
    reports: list[tuple[int, int]] = []
    again = evaluate(
        "watershed", BOARD, tmp_path / "cache", lambda done, count: reports.append((done, count))
    )
    assert reports == [(2, 3), (3, 3)]
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert again.scores == whole.scores
    assert again.predictions_sha256 == whole.predictions_sha256


@pytest.mark.thorough
def test_oracles_are_the_floor_and_the_ceiling(small_data: Path, tmp_path: Path) -> None:
    means = {name: evaluate(name, BOARD, tmp_path, lambda *_: None, ALONE).means for name in ORACLES}
    assert means["oracle-one-label"]["ari"] == 0
    assert means["oracle-mask"]["foreground_dice"] == 1
    assert means["oracle-regions"]["ari"] < 1  # two of the three structures touch
    assert means["oracle-regions"]["fg_ari"] > means["oracle-mask"]["fg_ari"]
    assert means["oracle-tree"]["foreground_dice"] == 1
    assert means["oracle-separation"]["ari"] < 1  # the mask of a network that never saw such slices


@pytest.mark.thorough
def test_the_command_stores_and_counts(
    small_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    out = tmp_path / "leaderboard"
    words = ["evaluate", "watershed", "--board", "ct-fewshot-val", "--out", str(out), "--json"]
    assert main(words) == 0
    printed = json.loads(capsys.readouterr().out)
    (stored,) = load_results(out, "ct-fewshot-val")
    assert printed["means"] == stored.means
    assert main(words[:-1]) == 0
    assert f"ari {stored.means['ari']:.2f}" in capsys.readouterr().out
    assert count_looks(out / "looks.csv") == {"ct-fewshot-val": 2}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["evaluate", "watershed", "--board", "nowhere"], "There is no board"),
        (["evaluate", "magic", "--board", "ct-fewshot-val"], "There is no method"),
        (["board", "nowhere"], "There is no board"),
    ],
)
def test_refusals_are_one_sentence(
    words: list[str], sentence: str, small_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 1
    assert sentence in capsys.readouterr().err


def test_without_the_data_the_sentence_says_what_to_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("CTSEG_DATA", raising=False)
    assert main(["evaluate", "watershed", "--board", "ct-fewshot-val", "--out", str(tmp_path)]) == 1
    assert "CTSEG_DATA" in capsys.readouterr().err
    with pytest.raises(BoardError):
        evaluate("magic", BOARD, tmp_path, lambda *_: None)
    with pytest.raises(DatasetError):
        evaluate("watershed", BOARD, tmp_path, lambda *_: None)
