"""The committed results are what this code computes."""

from pathlib import Path

import pytest

from ctseg.datasets import Split, open_split
from ctseg.leaderboard.boards import BOARDS
from ctseg.leaderboard.evaluation.oracles import ORACLES
from ctseg.leaderboard.folders import built_in_folder
from ctseg.leaderboard.results.look_log import count_looks
from ctseg.leaderboard.results.result import Result
from ctseg.leaderboard.results.store import load_results
from ctseg.methods import load
from ctseg.metrics import METRIC_VERSION, score

RANKED = ("phantom-val", "ct-fewshot-val", "ct-fewshot-zeroshot")
OF_NETWORKS = ("oracle-tree", "oracle-separation")
QUICK = ("watershed", "multi-otsu", "felzenszwalb", *(name for name in ORACLES if name not in OF_NETWORKS))
SAMPLE = (0, 17, 31)


def committed(board: str) -> dict[str, Result]:
    return {result.entry: result for result in load_results(built_in_folder(), board)}


@pytest.mark.parametrize("board", RANKED)
def test_every_board_has_its_rows_and_every_look_is_counted(board: str) -> None:
    results = committed(board)
    assert {*QUICK, "sam-vit-t"} <= set(results)
    assert all(result.metric_version == METRIC_VERSION for result in results.values())
    assert len({result.dataset_fingerprint for result in results.values()}) == 1
    assert count_looks(built_in_folder() / "looks.csv")[board] >= len(results)


def recomputed(split: Split, entry: str, index: int) -> dict[str, float]:
    true = split.label_map(index)
    assert true is not None
    ct_slice = split.slice(index)
    label_map = ORACLES[entry][1](true, ct_slice) if entry in ORACLES else load(entry).segment(ct_slice)
    scores = score(label_map, true)
    return {"ari": scores.ari, "fg_ari": scores.fg_ari, "best_iou": scores.best_iou}


def check(board: str, entries: tuple[str, ...]) -> None:
    split = open_split(board)
    for entry in entries:
        result = committed(board)[entry]
        assert result.dataset_fingerprint == split.fingerprint()
        for index in SAMPLE:
            stored = result.scores[index]
            for name, value in recomputed(split, entry, index).items():
                assert stored[name] == pytest.approx(value, abs=1e-9), f"{entry}, image {index}"


@pytest.mark.thorough
def test_a_sample_of_the_phantom_rows_is_computed_again() -> None:
    check("phantom-val", QUICK)


@pytest.mark.thorough
@pytest.mark.data
@pytest.mark.parametrize("board", [name for name in BOARDS if name.startswith("ct-fewshot")])
def test_a_sample_of_the_real_rows_is_computed_again(
    board: str, ct_fewshot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CTSEG_DATA", str(ct_fewshot.parent))
    check(board, QUICK)


def test_the_goldens_are_on_the_boards() -> None:
    assert committed("ct-fewshot-val")["watershed"].means["ari"] == pytest.approx(0.1345, abs=0.0005)
    assert committed("ct-fewshot-train")["watershed"].means["ari"] == pytest.approx(0.1461, abs=0.0005)
