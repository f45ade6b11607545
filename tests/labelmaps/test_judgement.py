"""What became of every true structure."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from ctseg.labelmaps import judge
from ctseg.labelmaps.judgement import EXTRA, FOUND, MERGED, MISSED, SPLIT

_MAPS = arrays(np.int32, (12, 14), elements=st.integers(0, 3))


def _truth() -> NDArray[np.int32]:
    truth = np.zeros((20, 60), np.int32)
    for k in range(5):
        truth[2:18, 12 * k + 1 : 12 * k + 11] = k + 1
    return truth


def test_each_outcome_has_its_mark() -> None:
    predicted = np.zeros((20, 60), np.int32)
    predicted[2:18, 1:11] = 1  # found
    predicted[2:18, 13:35] = 2  # joins two
    for piece in range(3):  # cuts one
        predicted[2:18, 37 + 3 * piece : 40 + 3 * piece] = 3 + piece
    predicted[18:20, 50:60] = 9  # beside all; the fifth is missed
    judgement = judge(predicted, _truth())
    assert judgement.outcome.tolist() == [FOUND, MERGED, MERGED, SPLIT, MISSED]
    assert judgement.counts == {"found": 1, "missed": 1, "extra": 1, "merged": 2, "split": 1}
    assert judgement.best_iou[0] == 1.0
    assert judgement.best_iou[4] == 0.0
    assert judgement.marks[19, 55] == EXTRA
    assert (judgement.marks[_truth() == 5] == MISSED).all()


@settings(deadline=None)
@given(_MAPS)
def test_nothing_found_is_all_missed(truth: NDArray[np.int32]) -> None:
    judgement = judge(np.zeros_like(truth), truth)
    assert np.array_equal(judgement.marks == MISSED, truth > 0)
    assert judgement.counts["missed"] == np.unique(truth[truth > 0]).size


@settings(deadline=None)
@given(_MAPS)
def test_the_truth_itself_is_all_found(truth: NDArray[np.int32]) -> None:
    assert set(judge(truth, truth).outcome) <= {FOUND}


@settings(deadline=None)
@given(_MAPS, _MAPS)
def test_every_true_pixel_has_a_mark_and_relabelling_changes_nothing(
    predicted: NDArray[np.int32], truth: NDArray[np.int32]
) -> None:
    judgement = judge(predicted, truth)
    assert ((judgement.marks > 0) | (truth == 0)).all()
    other = judge(np.array([0, 7, 5, 9])[predicted], truth)
    assert np.array_equal(judgement.marks, other.marks)


def test_maps_of_different_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="different shapes"):
        judge(np.zeros((3, 3), np.int32), np.zeros((3, 4), np.int32))
