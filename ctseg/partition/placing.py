"""The same hierarchy on a slice of another size, under a mask, or with fewer basins."""

import numpy as np
from numpy.typing import NDArray

from ctseg.partition import trees
from ctseg.partition.merge_tree import MergeTree


def nearest(array: NDArray[np.generic], shape: tuple[int, int]) -> NDArray[np.generic]:
    """Return an array (h, w) at size (H, W), each pixel from where its centre lies, so that nothing moves."""
    rows, columns = (
        (2 * np.arange(size) + 1) * old // (2 * size) for size, old in zip(shape, array.shape, strict=True)
    )
    return array[rows[:, None], columns]


def placed(tree: MergeTree, mask: NDArray[np.bool_]) -> MergeTree:
    """Return a tree on a slice of the mask's size, background outside the mask.

    Basins without a pixel there are taken out of the hierarchy; steps are not kept.

    Parameters
    ----------
    tree : of a slice of any size that shows the same
    mask : ndarray of bool, shape (H, W)

    Returns
    -------
    MergeTree with leaves of shape (H, W)
    """
    leaves = np.where(mask, nearest(tree.leaves, mask.shape), 0)
    seen = np.bincount(leaves.ravel(), minlength=tree.leaf_count + 1)[1:] > 0
    return _of_nodes(tree, leaves, np.where(seen, np.arange(tree.leaf_count), -1))


def coarsened(tree: MergeTree, count: int) -> MergeTree:
    """Return a tree of at most so many basins, those of ``cut(count=count)``; steps are not kept."""
    if tree.leaf_count <= count:
        return tree
    threshold = float(tree.altitudes[tree.leaf_count - count - 1])
    return _of_nodes(tree, tree.leaves, trees.tops(tree.parents, tree.altitudes, threshold))


def _of_nodes(tree: MergeTree, leaves: NDArray[np.integer], nodes: NDArray[np.int64]) -> MergeTree:
    """Make basins of the nodes that each leaf is in, or of none where that is -1."""
    new = np.unique(nodes[nodes >= 0])
    number = np.searchsorted(new, nodes) + 1
    number[nodes < 0] = 0
    parents, altitudes = trees.kept(tree.parents, tree.altitudes, new)
    return MergeTree(np.concatenate([[0], number])[leaves], parents, altitudes)
