"""Numbers that stay with a structure from one slice of a series to the next."""

import numpy as np
from numpy.typing import NDArray

from ctseg.labelmaps.overlaps import overlaps

SAME_FROM_IOU = 0.3
"""Lower than for two maps of one slice: between slices that lie apart a structure changes its outline."""


def follow(label_map: NDArray[np.int32], before: NDArray[np.integer], fresh_from: int) -> NDArray[np.int32]:
    """Renumber a slice's label map after that of another slice of its series.

    Pairs of a structure here and one there are taken greedily, best IoU first (ties: lower number there, then
    lower label here), each once, down to an IoU of 0.3. What is left is numbered from ``fresh_from`` on.

    Parameters
    ----------
    label_map : ndarray of int32, shape (H, W), labels 1..n; 0 is background
    before : ndarray of integers, shape (H, W), non-negative
    fresh_from : the first number that no structure of the series has had yet

    Returns
    -------
    ndarray of int32, shape (H, W)
    """
    pairs = overlaps(label_map, before.astype(np.int32))
    numbers = np.zeros(int(label_map.max(initial=0)) + 1, np.int32)
    taken: set[int] = set()
    candidates = sorted(zip((-pairs.iou).tolist(), pairs.second.tolist(), pairs.first.tolist(), strict=True))
    for iou, number, label in candidates:
        if -iou >= SAME_FROM_IOU and not numbers[label] and number not in taken:
            numbers[label] = number
            taken.add(number)
    left = np.flatnonzero(numbers[1:] == 0) + 1
    numbers[left] = np.arange(fresh_from, fresh_from + left.size)
    return numbers[label_map]
