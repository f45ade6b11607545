"""How much water the basins of a flooded slice hold."""

import numpy as np
from numpy.typing import NDArray


def emptier_sides(
    parents: NDArray[np.int64],
    altitudes: NDArray[np.int64],
    pools: NDArray[np.int64],
    level: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return for each merge of a tree how much water its emptier side holds when it is flooded up to the
    merge.

    A side flooded to altitude A holds the sum over its pixels of max(0, A - level): whole numbers, so that
    their order does not matter.

    Parameters
    ----------
    parents : ndarray of int64, shape (2 K - 1,): a binary tree, leaves 0..K - 1 first, parents after children
    altitudes : ndarray of int64, shape (K - 1,): of the inner nodes, ascending
    pools : ndarray of int64, shape (H, W): the leaf each pixel belongs to
    level : ndarray of int64, shape (H, W): altitude of the ground

    Returns
    -------
    ndarray of float64, shape (K - 1,), in px times levels
    """
    leaves = altitudes.size + 1
    up_to = np.append(
        np.concatenate([np.zeros(leaves, np.int64), altitudes])[parents[:-1]], np.iinfo(np.int64).max
    )
    ground = level.ravel()
    reached = _nodes_when_flooded(parents, up_to, pools.ravel(), ground)
    area = _sums_below(parents, np.bincount(reached, minlength=parents.size))
    floor = _sums_below(parents, np.bincount(reached, weights=ground, minlength=parents.size))
    water = area[:-1] * up_to[:-1] - floor[:-1]
    emptier = np.full(parents.size, np.inf)
    np.minimum.at(emptier, parents[:-1], water)
    return emptier[leaves:]


def _nodes_when_flooded(
    parents: NDArray[np.int64], up_to: NDArray[np.int64], leaf: NDArray[np.int64], ground: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The lowest ancestor of each pixel's leaf in whose basin the pixel is under water, by doubling steps."""
    node = leaf.copy()
    dry = np.flatnonzero(ground > up_to[node])
    steps = [parents]
    while not (steps[-1] == parents[-1]).all():
        steps.append(steps[-1][steps[-1]])
    at, height = node[dry], ground[dry]
    for step in reversed(steps):
        above = step[at]
        at = np.where(height > up_to[above], above, at)
    node[dry] = parents[at]
    return node


def _sums_below(parents: NDArray[np.int64], own: NDArray[np.generic]) -> NDArray[np.float64]:
    """Each node's own value and those of all below it."""
    import higra

    values = own.astype(np.float64)
    leaves = (parents.size + 1) // 2
    below = higra.accumulate_and_add_sequential(
        higra.Tree(parents), values, values[:leaves], higra.Accumulators.sum
    )
    return np.asarray(below)
