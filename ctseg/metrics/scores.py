"""All scores of one slice, from one contingency table."""

import math
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from ctseg.metrics.contingency import ContingencyTable, contingency_table, foreground
from ctseg.metrics.information import merge_error, split_error
from ctseg.metrics.overlaps import foreground_dice, mean_best_iou, overlaps, panoptic_quality
from ctseg.metrics.rand import adjusted_rand_index_from_table, rand_index_from_table

METRIC_VERSION = 1
SMALL_BELOW_PX = 1000


@dataclass(frozen=True)
class Scores:
    """Scores of one label map against the true one, under metric version 1.

    A structure is what one label other than 0 marks, in one piece or several. Numbers that do not exist for a
    slice are nan: they are left out of means, and counted.

    Attributes
    ----------
    ri : plain Rand index over all pixels, in [0, 1]; compare it with ``ri_all_background``.
    ari : adjusted Rand index over all pixels, at most 1; label 0 is a cluster like any other.
    fg_ari : adjusted Rand index over the pixels whose true label is not 0, at most 1; predicted 0 is a
        cluster like any other. nan if the truth has no structure; with one structure 1 if the prediction is
        one region on it and 0 otherwise.
    split, merge : H(predicted | true) and H(true | predicted) over all pixels, in bits, from 0; their sum is
        the variation of information.
    best_iou : mean over true structures of the best IoU with any predicted structure; nan without any.
    panoptic_quality : sum of the IoU above 0.5 over matches + half the misses + half the false alarms,
        classes ignored; 0 if one map is without structures, nan if both are.
    best_iou_small, best_iou_large : ``best_iou`` over the true structures under, and from, 1000 px; nan
        without any.
    panoptic_quality_small, panoptic_quality_large : matches and misses go by the size of the true structure,
        false alarms (predicted structures without a match) by their own size; nan without any of the three.
    foreground_dice : Dice of the masks "label is not 0", in [0, 1]; 1 if both are empty.
    ri_all_background : plain Rand index that a prediction without any structure gets on this slice.
    structures_found : true structures with a predicted one at IoU above 0.5.
    structures_true, structures_predicted : structures in the two maps.
    """

    ri: float
    ari: float
    fg_ari: float
    split: float
    merge: float
    best_iou: float
    panoptic_quality: float
    best_iou_small: float
    best_iou_large: float
    panoptic_quality_small: float
    panoptic_quality_large: float
    foreground_dice: float
    ri_all_background: float
    structures_found: int
    structures_true: int
    structures_predicted: int


def score(predicted: NDArray[np.generic], true: NDArray[np.generic]) -> Scores:
    """Score a label map against the true one.

    Parameters
    ----------
    predicted, true : ndarray of integers or bool, shape (H, W), any non-negative values; 0 is background.

    Returns
    -------
    Scores

    Raises
    ------
    ValueError
        If a map is not an integer array of shape (H, W), has negative labels, or if shapes differ.
    """
    return scores_of(contingency_table(predicted, true))


def scores_of(table: ContingencyTable) -> Scores:
    """Return all scores from a contingency table, such as one that was stored in the place of label maps."""
    found = overlaps(table)
    every_true = np.ones(found.true_sizes.size, dtype=bool)
    every_predicted = np.ones(found.predicted_sizes.size, dtype=bool)
    small_true = found.true_sizes < SMALL_BELOW_PX
    small_predicted = found.predicted_sizes < SMALL_BELOW_PX
    return Scores(
        ri=rand_index_from_table(table),
        ari=adjusted_rand_index_from_table(table),
        fg_ari=_foreground_ari(table),
        split=split_error(table),
        merge=merge_error(table),
        best_iou=mean_best_iou(found, every_true),
        panoptic_quality=panoptic_quality(found, every_true, every_predicted),
        best_iou_small=mean_best_iou(found, small_true),
        best_iou_large=mean_best_iou(found, ~small_true),
        panoptic_quality_small=panoptic_quality(found, small_true, small_predicted),
        panoptic_quality_large=panoptic_quality(found, ~small_true, ~small_predicted),
        foreground_dice=foreground_dice(table),
        ri_all_background=_ri_all_background(table),
        structures_found=int(np.count_nonzero(found.matched_iou)),
        structures_true=found.true_sizes.size,
        structures_predicted=found.predicted_sizes.size,
    )


def json_ready(scores: Scores) -> dict[str, float | int | None]:
    """Return the scores by name with None in the place of nan, which JSON does not have."""
    return {
        name: None if isinstance(value, float) and math.isnan(value) else value
        for name, value in asdict(scores).items()
    }


def _foreground_ari(table: ContingencyTable) -> float:
    inside = foreground(table)
    return adjusted_rand_index_from_table(inside) if inside.counts.size else float("nan")


def _ri_all_background(table: ContingencyTable) -> float:
    # One predicted label puts every pair together, so it agrees on the pairs inside true labels.
    pixels = table.pixels
    together = int(np.dot(table.true_sizes, table.true_sizes)) - pixels
    pairs = pixels * (pixels - 1)
    return together / pairs if pairs else 1.0
