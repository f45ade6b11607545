"""Watershed basins by flooding from markers, and the passes between them, the same for a mirrored slice."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ctseg.labelmaps.regions import first_pixels, in_reading_order
from ctseg.partition.water import emptier_sides

if TYPE_CHECKING:
    import higra

LEVEL_BITS = 21
MAX_LEVEL = (1 << LEVEL_BITS) - 1
_FAR_BITS = 10
_FARTHEST = (1 << _FAR_BITS) - 1
_NO_EDGE = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Basins:
    """Basins of a flooded slice and the passes over which the water of one reaches the next, lowest first.

    Attributes
    ----------
    labels : ndarray of int32, shape (H, W): basins 1..K in reading order; every pixel is in one
    first, second : ndarray of int64, shape (K - 1,): basins that a pass joins; all passes form a tree
    levels : ndarray of int64, shape (K - 1,): altitude at which a pass is flooded, ascending
    volumes : ndarray of float64, shape (K - 1,): water, in px times levels, on the emptier side of a pass
        when it is flooded, over all basins that are joined by then
    """

    labels: NDArray[np.int32]
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    levels: NDArray[np.int64]
    volumes: NDArray[np.float64]


def flood(
    altitude: NDArray[np.integer], markers: NDArray[np.int32], look: Callable[[], None] = lambda: None
) -> Basins:
    """Flood a landscape from markers: a minimum spanning forest of its 4-adjacency graph, rooted in them.

    An edge lies as high as the higher of its two pixels. Of edges of one height the one nearer to a marker is
    flooded first, so that flat places are shared evenly, then the one whose lower pixel is lower. These
    three do not change when the slice is mirrored or transposed, nor does the result, unless two edges tie
    in all of them; then the horizontal edge comes first, then reading order.

    Parameters
    ----------
    altitude : ndarray of integers, shape (H, W), in [0, MAX_LEVEL]
    markers : ndarray of int32, shape (H, W): 0, or the number 1..K of a marker, in one piece or several; at
        least one
    look : called between the parts of the work; may raise to end early

    Returns
    -------
    Basins

    References
    ----------
    Cousty et al., Watershed Cuts: Minimum Spanning Forests and the Drop of Water Principle, PAMI 2009.
    """
    import higra  # it brings pandas: seconds that the app's start need not wait for

    level = np.ascontiguousarray(altitude, np.int64)
    across, down = _ranks(level, markers)
    look()
    pools = _pools(across, down, markers)
    look()
    edges, one, other = _between(pools, across, down)
    count = int(pools.max()) + 1
    planted = np.zeros(count)
    planted[pools.ravel()[markers.ravel() > 0]] = 1
    if count == 1:
        none = np.zeros(0, np.int64)
        return Basins(np.ones(level.shape, np.int32), none, none, none, np.zeros(0))
    tree = higra.bpt_canonical(
        (one, other, count), sorted_edge_indices=np.arange(one.size), return_altitudes=False
    )
    look()
    building = tree.mst_edge_map
    divides = _both_sides(tree, planted)
    labels = _joined(pools, one[building[~divides]], other[building[~divides]])
    of_pool = np.zeros(count, np.int64)
    of_pool[pools.ravel()] = labels.ravel()
    look()
    passes = building[divides]
    levels = edges[building] >> (LEVEL_BITS + 2 * _FAR_BITS)
    volumes = emptier_sides(tree.parents(), levels, pools, level)[divides]
    return Basins(labels, of_pool[one[passes]], of_pool[other[passes]], levels[divides], volumes)


def _ranks(
    level: NDArray[np.int64], markers: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """One integer for each horizontal and each vertical edge, in whose order they are flooded."""
    import cv2

    away = cv2.distanceTransform((markers == 0).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    # Squared distances are whole numbers, so no rounding can tell a mirrored slice from the slice.
    far = np.minimum(np.rint(away.astype(np.float64) ** 2), _FARTHEST).astype(np.int64)
    ranks = []
    for a, b in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        rank = np.maximum(level[a], level[b]) << _FAR_BITS
        rank |= np.maximum(far[a], far[b])
        rank <<= LEVEL_BITS
        rank |= np.minimum(level[a], level[b])
        rank <<= _FAR_BITS
        rank |= np.minimum(far[a], far[b])
        ranks.append(rank)
    return ranks[0], ranks[1]


def _pools(
    across: NDArray[np.int64], down: NDArray[np.int64], markers: NDArray[np.int32]
) -> NDArray[np.int64]:
    """Let every pixel outside the markers flow over its lowest edge, which is always part of the forest.

    Returns
    -------
    ndarray of int64, shape (H, W): pools from 0; each has one marker or none.
    """
    height, width = markers.shape
    numbers = np.arange(markers.size).reshape(markers.shape)
    flows = numbers.copy()
    lowest = np.full(markers.shape, _NO_EDGE)
    # In the order of ties: horizontal edges first, and of those the earlier in reading order.
    sides = (
        (np.s_[:, 1:], across, -1),
        (np.s_[:, : width - 1], across, 1),
        (np.s_[1:], down, -width),
        (np.s_[: height - 1], down, width),
    )
    for here, rank, step in sides:
        lower = rank < lowest[here]
        np.copyto(lowest[here], rank, where=lower)
        np.copyto(flows[here], numbers[here] + step, where=lower)
    at = flows.ravel()
    marker = markers.ravel()
    at[marker > 0] = first_pixels(markers)[marker[marker > 0] - 1]
    # Two pixels without a marker that flow into each other: the first of them is the bottom.
    bottom = (at[at] == numbers.ravel()) & (numbers.ravel() < at)
    at[bottom] = np.flatnonzero(bottom)
    while True:
        further = at[at]
        if np.array_equal(further, at):
            break
        at = further
    occurs = np.zeros(at.size, bool)
    occurs[at] = True
    return (np.cumsum(occurs) - 1)[at].reshape(markers.shape)


def _between(
    pools: NDArray[np.int64], across: NDArray[np.int64], down: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Ranks and both pools of all edges between different pools, in the order of flooding."""
    apart = [pools[:, :-1] != pools[:, 1:], pools[:-1] != pools[1:]]
    rank = np.concatenate([across[apart[0]], down[apart[1]]])
    one = np.concatenate([pools[:, :-1][apart[0]], pools[:-1][apart[1]]])
    other = np.concatenate([pools[:, 1:][apart[0]], pools[1:][apart[1]]])
    order = np.argsort(rank, kind="stable")
    return rank[order], one[order], other[order]


def _both_sides(tree: "higra.Tree", planted: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell for each inner node of the tree whether there is a marker on both sides of its edge."""
    import higra

    inside = higra.accumulate_sequential(tree, planted, higra.Accumulators.max) > 0
    sides = np.bincount(tree.parents()[:-1], weights=inside[:-1], minlength=tree.num_vertices())
    return sides[planted.size :] == 2


def _joined(pools: NDArray[np.int64], one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int32]:
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    count = int(pools.max()) + 1
    graph = coo_matrix((np.ones(one.size, np.int8), (one, other)), shape=(count, count))
    _, labels = connected_components(graph.tocsr(), directed=False)
    return in_reading_order(labels.astype(np.int32)[pools] + np.int32(1))
