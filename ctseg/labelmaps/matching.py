"""Colour matching: one structure carries one number, and so one colour, in several label maps."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ctseg.labelmaps.overlaps import overlaps
from ctseg.labelmaps.regions import in_reading_order, relabel

# Structures that share less than this are not the same structure, however little else there is.
_SAME_FROM_IOU = 0.1


def match_labels(label_maps: Sequence[NDArray[np.generic]]) -> list[NDArray[np.int32]]:
    """Renumber label maps of one slice so that what overlaps best carries the same number.

    The first map is renumbered 1..n by value. Every further map is compared with all maps before it: pairs of
    one of its structures and one number are taken greedily, best IoU first (ties: lower number, then the
    structure that begins first in reading order), each number once in a map, down to an IoU of 0.1. What is
    left gets fresh numbers in reading order. Matching matched maps again, with or without further ones behind
    them, changes nothing.

    Parameters
    ----------
    label_maps : arrays of integers or bool, all of one shape (H, W), non-negative; 0 is background

    Returns
    -------
    list of ndarray of int32, shape (H, W): the same partitions; structures of no map share a number
    within that map, and numbers run from 1 without gaps over all maps together.

    Raises
    ------
    ValueError
        If the shapes differ, or a map is not a label map.
    """
    numbered = [relabel(label_map) for label_map in label_maps]
    if len({each.shape for each in numbered}) > 1:
        raise ValueError("The label maps have different shapes; match label maps of one slice only.")
    matched: list[NDArray[np.int32]] = []
    used = 0
    for k, each in enumerate(numbered):
        # Numbers by place, not by label: the answer does not depend on the labels a map came with.
        label_map = in_reading_order(each) if k and each.size else each
        numbers = _best_numbers(label_map, matched)
        unmatched = np.flatnonzero(numbers[1:] == 0) + 1
        numbers[unmatched] = np.arange(used + 1, used + unmatched.size + 1)
        used += unmatched.size
        matched.append(numbers[label_map])
    return matched


def _best_numbers(label_map: NDArray[np.int32], earlier: list[NDArray[np.int32]]) -> NDArray[np.int32]:
    """Return the number of each label, shape (n + 1,), 0 where it has none yet."""
    numbers = np.zeros(int(label_map.max(initial=0)) + 1, dtype=np.int32)
    found = [overlaps(label_map, before) for before in earlier]
    pairs = {
        (-iou, candidate, label)
        for each in found
        for iou, candidate, label in zip(
            each.iou.tolist(), each.second.tolist(), each.first.tolist(), strict=True
        )
        if iou >= _SAME_FROM_IOU
    }
    taken: set[int] = set()
    for _, candidate, label in sorted(pairs):
        if numbers[label] == 0 and candidate not in taken:
            numbers[label] = candidate
            taken.add(candidate)
    return numbers
