"""Scores per structure: overlaps, matches and what is found, from a contingency table.

Label 0 is background in both maps here: it is neither a structure nor a match.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ctseg.metrics.contingency import ContingencyTable

_MATCHED_ABOVE = 0.5


@dataclass(frozen=True)
class StructureOverlaps:
    """Structures of both maps and how well they overlap; all arrays are one entry per structure.

    Attributes
    ----------
    true_sizes, predicted_sizes : int64, px
    best_iou : best intersection over union of each true structure with any predicted one, in [0, 1].
    matched_iou : the same where it is above 0.5, else 0. Such a match is one to one by arithmetic:
        two structures of one map cannot both hold more than half of a union.
    predicted_matched : bool, whether the predicted structure is in such a match.
    """

    true_sizes: NDArray[np.int64]
    predicted_sizes: NDArray[np.int64]
    best_iou: NDArray[np.float64]
    matched_iou: NDArray[np.float64]
    predicted_matched: NDArray[np.bool_]


def overlaps(table: ContingencyTable) -> StructureOverlaps:
    """Return the overlaps of the structures of both maps."""
    predicted, true = table.predicted_index, table.true_index
    union = table.predicted_sizes[predicted] + table.true_sizes[true] - table.counts
    is_predicted, is_true = table.predicted_labels != 0, table.true_labels != 0
    iou = np.where(is_predicted[predicted] & is_true[true], table.counts / union, 0.0)
    best = np.zeros(table.true_labels.size)
    np.maximum.at(best, true, iou)
    predicted_matched = np.zeros(table.predicted_labels.size, dtype=bool)
    predicted_matched[predicted[iou > _MATCHED_ABOVE]] = True
    return StructureOverlaps(
        true_sizes=table.true_sizes[is_true],
        predicted_sizes=table.predicted_sizes[is_predicted],
        best_iou=best[is_true],
        matched_iou=np.where(best > _MATCHED_ABOVE, best, 0.0)[is_true],
        predicted_matched=predicted_matched[is_predicted],
    )


def mean_best_iou(found: StructureOverlaps, true_kept: NDArray[np.bool_]) -> float:
    """Return the mean of the best IoU over the true structures kept; nan if there are none."""
    return float(found.best_iou[true_kept].mean()) if true_kept.any() else float("nan")


def panoptic_quality(
    found: StructureOverlaps, true_kept: NDArray[np.bool_], predicted_kept: NDArray[np.bool_]
) -> float:
    """Return the class-agnostic panoptic quality (Kirillov 2019, arXiv 1801.00868, equation 1), in [0, 1].

    The sum of the IoU of the matches over matches + half the misses + half the false alarms. Matches and
    misses are those of the true structures kept, false alarms the unmatched ones of the predicted
    structures kept. nan if nothing is kept on either side that could be matched or missed.
    """
    matches = int(np.count_nonzero(found.matched_iou[true_kept]))
    misses = int(np.count_nonzero(true_kept)) - matches
    false_alarms = int(np.count_nonzero(predicted_kept & ~found.predicted_matched))
    weight = matches + 0.5 * misses + 0.5 * false_alarms
    return float(found.matched_iou[true_kept].sum()) / weight if weight else float("nan")


def foreground_dice(table: ContingencyTable) -> float:
    """Return 2 |A ∩ B| / (|A| + |B|) of the two foreground masks, in [0, 1]; 1 if both are empty."""
    predicted = table.predicted != 0
    true = table.true != 0
    both = int(table.counts[predicted & true].sum())
    either = int(table.counts[predicted].sum()) + int(table.counts[true].sum())
    return 2 * both / either if either else 1.0
