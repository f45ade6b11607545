"""How sure a structure is: the altitude of its next merge, and how that varies between predictions."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ctseg.partition import trees
from ctseg.partition.affinities import Offsets
from ctseg.partition.merge_tree import MergeTree
from ctseg.partition.region_graph import region_graph


def confidence(tree: MergeTree) -> NDArray[np.float64]:
    """Return how high each structure of the current partition stands before it would merge with another.

    It is the altitude of the lowest merge of the tree that joins one of its basins with one of another
    structure, at most 1: in a tree of affinities, 1 - mean affinity with the part it would join. 1 means that
    nothing speaks for joining it, or that it is the only structure; 0 that it is as good as one with its
    neighbour. It compares structures of one tree, and is no probability.

    Parameters
    ----------
    tree : MergeTree

    Returns
    -------
    ndarray of float64, shape (n,), in [0, 1]: of structures 1..n of ``tree.label_map``
    """
    leaves = tree.leaf_count
    sure = np.ones(tree.structure_count)
    if leaves < 2:
        return sure
    start, stop = tree.spans
    line = np.empty(leaves, np.int32)
    line[start[:leaves]] = tree.state
    changes = np.concatenate([[0], np.cumsum(line[1:] != line[:-1])])
    mixed = changes[stop - 1] > changes[start]
    lowest = trees.first_ancestors(tree.parents, mixed)[:leaves]
    heights = np.where(mixed[lowest], np.concatenate([np.zeros(leaves), tree.altitudes])[lowest], 1.0)
    np.minimum.at(sure, tree.state - 1, heights)
    return sure


def spread(
    label_map: NDArray[np.int32], predictions: Sequence[NDArray[np.floating]], offsets: Offsets
) -> NDArray[np.float64]:
    """Return how much predictions disagree on whether each structure is one with its next neighbour.

    Of each prediction, such as the one of the slice and those of its mirror images turned back, the highest
    mean affinity of a structure with any other is taken; the spread is the standard deviation of these.

    Parameters
    ----------
    label_map : ndarray of int32, shape (H, W): structures 1..n, 0 is background
    predictions : affinities, each of shape (len(offsets), H, W)
    offsets : (row, column) in px

    Returns
    -------
    ndarray of float64, shape (n,), in [0, 0.5]; 0 for a structure without neighbours

    Raises
    ------
    ValueError
        If there is no prediction, or the shapes do not fit.
    """
    if not predictions:
        raise ValueError("A spread needs at least one prediction.")
    highest = np.zeros((len(predictions), int(label_map.max(initial=0))))
    for row, affinities in zip(highest, predictions, strict=True):
        graph = region_graph(label_map, affinities, offsets)
        means = graph.affinity / graph.pairs
        np.maximum.at(row, graph.first, means)
        np.maximum.at(row, graph.second, means)
    return np.asarray(highest.std(axis=0))
