"""Plain and adjusted Rand index (Hubert and Arabie 1985, Journal of Classification 2, 193-218)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ctseg.metrics.contingency import ContingencyTable, contingency_table


@dataclass(frozen=True)
class _Pairs:
    """Ordered pairs of different pixels: together or apart in the prediction and in the truth.

    Python integers, because products of two of them pass 2**63 from 4096x4096 pixels on.
    """

    together: int
    only_predicted: int
    only_true: int
    apart: int


def _square_sum(counts: NDArray[np.int64]) -> int:
    # At most the squared number of pixels, so int64 is safe up to 2**31 pixels.
    return int(np.dot(counts, counts))


def _pairs(table: ContingencyTable) -> _Pairs:
    pixels = table.pixels
    both = _square_sum(table.counts)
    predicted = _square_sum(table.predicted_sizes)
    true = _square_sum(table.true_sizes)
    return _Pairs(
        together=both - pixels,
        only_predicted=predicted - both,
        only_true=true - both,
        apart=pixels * pixels - predicted - true + both,
    )


def rand_index_from_table(table: ContingencyTable) -> float:
    """Return the share of pixel pairs on which both label maps agree, in [0, 1].

    Hubert and Arabie (1985), equation 1. A single pixel has no pairs and gives 1, as in scikit-learn.
    """
    pairs = _pairs(table)
    every = pairs.together + pairs.only_predicted + pairs.only_true + pairs.apart
    return (pairs.together + pairs.apart) / every if every else 1.0


def adjusted_rand_index_from_table(table: ContingencyTable) -> float:
    """Return the Rand index adjusted for chance: 1 for equal partitions, about 0 or less for unrelated ones.

    Hubert and Arabie (1985), equation 5, in scikit-learn's form, which also fixes the degenerate cases:
    two constant maps and no pixels at all give 1; one constant map against any other gives 0.
    """
    pairs = _pairs(table)
    if pairs.only_predicted == 0 and pairs.only_true == 0:
        return 1.0
    same_true, other_true = pairs.together + pairs.only_true, pairs.only_predicted + pairs.apart
    same_predicted, other_predicted = pairs.together + pairs.only_predicted, pairs.only_true + pairs.apart
    agreement = pairs.together * pairs.apart - pairs.only_predicted * pairs.only_true
    return 2 * agreement / (same_true * other_predicted + same_predicted * other_true)


def ari(first: NDArray[np.generic], second: NDArray[np.generic]) -> float:
    """Return the adjusted Rand index of two label maps over all pixels; label 0 is a cluster like any other.

    Parameters
    ----------
    first, second : ndarray of integers or bool, shape (H, W), any non-negative values

    Returns
    -------
    float, at most 1; the same for either order and for any renumbering of the labels.

    Raises
    ------
    ValueError
        If a map is not an integer array of shape (H, W), has negative labels, or if shapes differ.
    """
    return adjusted_rand_index_from_table(contingency_table(first, second))
