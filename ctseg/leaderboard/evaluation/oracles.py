"""Rows that look at the truth: floors and ceilings that every board is read against."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ctseg.labelmaps import connected_regions, relabel
from ctseg.methods import load
from ctseg.slices import CTSlice

Oracle = Callable[[NDArray[np.integer], CTSlice], NDArray[np.int32]]
"""From a true label map (H, W) and its slice to a label map (H, W)."""

SEPARATING = "partition"
"""The method that lends its tree, or its mask, to an oracle."""


def one_label_everywhere(true: NDArray[np.integer], _slice: CTSlice) -> NDArray[np.int32]:
    """Return a label map of one structure that fills the image."""
    return np.ones(true.shape, np.int32)


def true_mask_as_one_region(true: NDArray[np.integer], _slice: CTSlice) -> NDArray[np.int32]:
    """Return the true foreground as a single structure: nothing is separated."""
    return (true != 0).astype(np.int32)


def true_mask_connected_regions(true: NDArray[np.integer], _slice: CTSlice) -> NDArray[np.int32]:
    """Return the connected regions of the true foreground: the best that a mask alone can do."""
    return connected_regions(true != 0)


def true_mask_cut_by_our_tree(true: NDArray[np.integer], ct_slice: CTSlice) -> NDArray[np.int32]:
    """Return the true foreground as `partition` separates it: what it would be with a perfect mask."""
    from ctseg.methods.own.structures import Structures

    method = load(SEPARATING)
    assert isinstance(method, Structures)
    return method.tree_of_mask(ct_slice, true != 0).label_map


def our_mask_cut_by_the_truth(true: NDArray[np.integer], ct_slice: CTSlice) -> NDArray[np.int32]:
    """Return the mask of `partition`, each pixel given to the nearest true structure: perfect separation.

    Where nothing is true, its connected regions.
    """
    from scipy.ndimage import distance_transform_edt

    mask = load(SEPARATING).segment(ct_slice) > 0
    if not true.any():
        return connected_regions(mask)
    rows, columns = distance_transform_edt(true == 0, return_distances=False, return_indices=True)
    return np.where(mask, relabel(true)[rows, columns], 0).astype(np.int32)


ORACLES: dict[str, tuple[str, Oracle]] = {
    "oracle-one-label": ("One label everywhere", one_label_everywhere),
    "oracle-mask": ("True mask as one region", true_mask_as_one_region),
    "oracle-regions": ("True mask + connected regions", true_mask_connected_regions),
    "oracle-tree": ("True mask + our tree", true_mask_cut_by_our_tree),
    "oracle-separation": ("Our mask + true separation", our_mask_cut_by_the_truth),
}
