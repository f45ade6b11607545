"""Where a prediction merged true structures, and where it split one."""

import numpy as np
from numpy.typing import NDArray

from ctseg.labelmaps.overlaps import Overlaps, overlaps
from ctseg.labelmaps.regions import relabel

MERGED, SPLIT = 1, 2

_SUBSTANTIAL_SHARE = 0.1
_SUBSTANTIAL_PX = 10


def merge_split_map(predicted: NDArray[np.generic], true: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Mark where structures were merged or split.

    The overlap of a predicted and a true structure is substantial if it has at least 10 px and at least a
    tenth of the smaller of the two: a border that is a little off does not count, a fragment inside a large
    structure does. A predicted structure with substantial overlaps with several true ones merged them; a true
    structure with substantial overlaps with several predicted ones was split. The pixels of those overlaps
    are marked; where both hold, merged is shown. Background is never merged or split.

    Parameters
    ----------
    predicted, true : ndarray of integers or bool, shape (H, W), non-negative; 0 is background

    Returns
    -------
    ndarray of uint8, shape (H, W): 0 nothing, 1 merged, 2 split.

    Raises
    ------
    ValueError
        If the shapes differ, or a map is not a label map.
    """
    predicted, true = relabel(predicted), relabel(true)
    if predicted.shape != true.shape:
        raise ValueError(
            f"The label maps have different shapes, {predicted.shape} and {true.shape}; "
            "both must be the size of the slice."
        )
    pairs = overlaps(predicted, true)
    counted = substantial(pairs)
    true_in_predicted = np.bincount(pairs.first, weights=counted)[pairs.first]
    predicted_in_true = np.bincount(pairs.second, weights=counted)[pairs.second]
    marks = np.zeros(pairs.shared.size, dtype=np.uint8)
    marks[counted & (predicted_in_true > 1)] = SPLIT
    marks[counted & (true_in_predicted > 1)] = MERGED
    return pairs.painted(marks)


def substantial(pairs: Overlaps) -> NDArray[np.bool_]:
    """Tell which pairs share enough to count: at least 10 px and a tenth of the smaller structure."""
    smaller = np.minimum(pairs.first_sizes, pairs.second_sizes)
    return (pairs.shared >= _SUBSTANTIAL_PX) & (pairs.shared >= _SUBSTANTIAL_SHARE * smaller)
