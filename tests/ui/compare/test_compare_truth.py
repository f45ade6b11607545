"""True label maps: read, checked, and what methods made of them."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from small_slices import stack_of

from ctseg.labelmaps.judgement import MARKS
from ctseg.metrics import score
from ctseg.ui.compare.frames import unframe
from ctseg.ui.compare.handlers import PageError
from ctseg.ui.compare.truth import judged, score_row, take_truth
from ctseg.ui.server.sessions import Finished, Session


@pytest.mark.thorough
def test_true_label_map_is_checked_and_scored(tmp_path: Path) -> None:
    session = Session()
    path = tmp_path / "truth.png"
    truth = np.zeros((24, 32), np.uint16)
    truth[4:20, 4:12] = 1
    truth[4:20, 18:28] = 7

    def give(label_map: NDArray[np.uint16]) -> None:
        Image.fromarray(label_map).save(path)
        take_truth(session, str(path))

    with pytest.raises(PageError, match="Nothing is loaded"):
        give(truth)
    session.keep(stack_of())
    with pytest.raises(PageError, match="9 x 8 pixels"):
        give(truth[:8, :9])
    path.write_bytes(b"no image")
    with pytest.raises(PageError):
        take_truth(session, str(path))
    assert not path.exists()
    assert judged(session) is None
    give(truth)
    alone, got = unframe(judged(session) or b"")
    assert alone["scores"] == {}
    assert got["labels"].reshape(24, 32).max() == 2
    session.finished = {"watershed": Finished(np.ones((24, 32), np.int32), 0.1)}
    header, got = unframe(judged(session) or b"")
    row = header["scores"]["watershed"]
    assert row[:2] == ["Watershed", "0.000"]
    assert row[-1] == "0 / 2"
    assert header["found"] == {"watershed": "0/2 found"}
    marks = got["marks watershed"].reshape(24, 32)
    assert np.array_equal(marks == MARKS["merged"], truth > 0)
    assert header["judged"]["watershed"]["counts"]["merged"] == 2
    assert [label for label, _, _ in header["judged"]["watershed"]["structures"]] == [2, 1]


def test_a_method_that_found_nothing_shows_all_of_the_truth_as_missed() -> None:
    session = Session()
    truth = np.zeros((1, 24, 32), np.int32)
    truth[0, 4:20, 4:12] = 5
    session.keep(stack_of(), truth)
    session.finished = {"watershed": Finished(np.zeros((24, 32), np.int32), 0.1)}
    header, got = unframe(judged(session) or b"")
    assert np.array_equal(got["marks watershed"].reshape(24, 32) == MARKS["missed"], truth[0] > 0)
    assert header["judged"]["watershed"]["counts"] == {
        "found": 0,
        "missed": 1,
        "extra": 0,
        "merged": 0,
        "split": 0,
    }


def test_scores_that_do_not_exist_are_a_dash() -> None:
    nothing = np.zeros((24, 32), np.int32)
    assert score_row("Watershed", score(nothing, nothing))[2] == "–"
