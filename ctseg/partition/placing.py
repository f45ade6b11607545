"""The same hierarchy on a slice of another size, turned, under a mask, or with fewer basins."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ctseg.labelmaps.regions import first_pixels
from ctseg.partition import trees
from ctseg.partition.merge_tree import MergeTree


def nearest(array: NDArray[Any], shape: tuple[int, int]) -> NDArray[Any]:
    """Return an array (h, w) at size (H, W), each pixel from where its centre lies, so that nothing moves."""
    rows, columns = (
        (2 * np.arange(size) + 1) * old // (2 * size) for size, old in zip(shape, array.shape, strict=True)
    )
    return array[rows[:, None], columns]


def placed(tree: MergeTree, mask: NDArray[np.bool_], look: Callable[[], None] = lambda: None) -> MergeTree:
    """Return a tree on a slice of the mask's size, background outside the mask.

    Basins without a pixel there are taken out of the hierarchy; steps are not kept.

    Parameters
    ----------
    tree : of a slice of any size that shows the same
    mask : ndarray of bool, shape (H, W)
    look : called between the parts of the work; may raise to end early

    Returns
    -------
    MergeTree with leaves of shape (H, W)
    """
    leaves = nearest(tree.leaves, mask.shape)
    look()
    leaves[~mask] = 0
    seen = np.zeros(tree.leaf_count + 1, bool)
    seen[leaves] = True
    look()
    return _of_nodes(tree, leaves, np.where(seen[1:], np.arange(tree.leaf_count), -1))


def turned(tree: MergeTree, turn: Callable[[NDArray[Any]], NDArray[Any]]) -> MergeTree:
    """Return a tree on its slice turned or mirrored, with the same steps.

    Parameters
    ----------
    tree : of a slice
    turn : from an array (H, W) to the same values in other places, shape (H, W) or (W, H)
    """
    leaves = turn(tree.leaves)
    order = np.argsort(first_pixels(leaves))
    return MergeTree.restored(leaves, tree.parents, tree.altitudes, tree.states[:, order], tree.position)


def coarsened(tree: MergeTree, count: int) -> MergeTree:
    """Return a tree of at most so many basins, those of ``cut(count=count)``; steps are not kept."""
    if tree.leaf_count <= count:
        return tree
    threshold = float(tree.altitudes[tree.leaf_count - count - 1])
    return _of_nodes(tree, tree.leaves, trees.tops(tree.parents, tree.altitudes, threshold))


def _of_nodes(tree: MergeTree, leaves: NDArray[np.integer], nodes: NDArray[np.int64]) -> MergeTree:
    """Make basins of the nodes that each leaf is in, or of none where that is -1."""
    new = np.unique(nodes[nodes >= 0])
    number = np.zeros(nodes.size + 1, np.int32)
    number[1:] = np.where(nodes < 0, 0, np.searchsorted(new, nodes) + 1)
    parents, altitudes = trees.kept(tree.parents, tree.altitudes, new)
    return MergeTree(number[leaves], parents, altitudes)
