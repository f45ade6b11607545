"""What became of every structure of a truth: found, missed, merged, split; and what was found beside it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ctseg.labelmaps.merge_split import substantial
from ctseg.labelmaps.overlaps import overlaps
from ctseg.labelmaps.regions import renumbered

FOUND, MISSED, EXTRA, MERGED, SPLIT = 1, 2, 3, 4, 5
MARKS = {"found": FOUND, "missed": MISSED, "extra": EXTRA, "merged": MERGED, "split": SPLIT}
FOUND_ABOVE_IOU = 0.5


@dataclass(frozen=True, eq=False)
class Judgement:
    """How a label map stands to the truth.

    Attributes
    ----------
    marks : ndarray of uint8, shape (H, W): 0, or the mark of what lies there
    counts : number of structures with each mark; those of "extra" are of the label map, others of the truth
    labels : (T,) labels of the true structures, ascending
    best_iou : (T,) IoU of each with the structure that overlaps it best, 0 where none does
    outcome : (T,) the mark of each, never EXTRA
    """

    marks: NDArray[np.uint8]
    counts: dict[str, int]
    labels: NDArray[np.integer]
    best_iou: NDArray[np.float64]
    outcome: NDArray[np.uint8]


def judge(predicted: NDArray[np.generic], true: NDArray[np.generic]) -> Judgement:
    """Give every true structure one mark, and every structure that overlaps none of them substantially
    another.

    A true structure is found if a structure overlaps it with an IoU above 0.5. Else it is merged if a
    structure that overlaps it substantially (at least 10 px and a tenth of the smaller of the two) does so
    with another true one too, split if several structures overlap it substantially, and missed if neither
    holds: also where something lies over it that fits it badly. The whole structure carries its mark, so
    that a method that found nothing shows all of the truth as missed.

    Parameters
    ----------
    predicted, true : ndarray of integers or bool, shape (H, W), non-negative; 0 is background

    Raises
    ------
    ValueError
        If the shapes differ, or a map is not a label map.
    """
    _, found = renumbered(predicted)
    labels, truth = renumbered(true)
    if found.shape != truth.shape:
        raise ValueError(
            f"The label maps have different shapes, {found.shape} and {truth.shape}; "
            "both must be the size of the slice."
        )
    pairs = overlaps(found, truth)
    best = np.zeros(labels.size + 1)
    np.maximum.at(best, pairs.second, pairs.iou)
    counted = substantial(pairs)
    shared_by = np.bincount(pairs.first[counted], minlength=int(found.max(initial=0)) + 1)
    cut_into = np.bincount(pairs.second[counted], minlength=labels.size + 1)
    joined = np.zeros(labels.size + 1, bool)
    joined[pairs.second[counted & (shared_by[pairs.first] > 1)]] = True
    outcome = np.select([best > FOUND_ABOVE_IOU, joined, cut_into > 1], [FOUND, MERGED, SPLIT], MISSED)
    outcome = outcome.astype(np.uint8)
    outcome[0] = 0
    extra = shared_by == 0
    extra[0] = False
    marks = np.where(truth > 0, outcome[truth], np.where(extra[found], EXTRA, 0)).astype(np.uint8)
    counts = {name: int((outcome[1:] == mark).sum()) for name, mark in MARKS.items()}
    return Judgement(marks, counts | {"extra": int(extra.sum())}, labels, best[1:], outcome[1:])
