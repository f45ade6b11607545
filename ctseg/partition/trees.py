"""Binary trees as arrays of parents: leaves 0..L - 1 first, parents after their children, the root last."""

import numpy as np
from numpy.typing import NDArray

from ctseg.errors import UserError


class MergeTreeError(UserError):
    """The tree has no such structure, cut or step, or is none; the message is one sentence for the user."""


def check(parents: NDArray[np.int64], altitudes: NDArray[np.float64], leaves: int) -> None:
    """Refuse what is no binary tree of so many leaves with ascending altitudes from 0.

    Raises
    ------
    MergeTreeError
        Says in one sentence what does not hold.
    """
    nodes = max(2 * leaves - 1, 0)
    if parents.shape != (nodes,) or altitudes.shape != (max(leaves - 1, 0),):
        raise MergeTreeError(f"A merge tree of {leaves} basins has {nodes} nodes; this one does not fit.")
    if leaves == 0:
        return
    inner = parents[:-1]
    if parents[-1] != nodes - 1 or (inner <= np.arange(nodes - 1)).any() or (inner >= nodes).any():
        raise MergeTreeError("The merge tree has a node that does not come before its parent.")
    if (np.bincount(inner, minlength=nodes)[leaves:] != 2).any():
        raise MergeTreeError("The merge tree has a merge that does not join two parts.")
    if not np.isfinite(altitudes).all() or (altitudes < 0).any() or (np.diff(altitudes) < 0).any():
        raise MergeTreeError("The altitudes of the merge tree do not ascend from 0.")


def tops(parents: NDArray[np.int64], altitudes: NDArray[np.float64], threshold: float) -> NDArray[np.int64]:
    """Return for each leaf the highest node above it of at most this altitude, or the leaf: shape (L,)."""
    leaves = altitudes.size + 1
    high = np.concatenate([np.zeros(leaves, bool), altitudes > threshold])
    wanted = high[parents]
    wanted[-1] = True
    return first_ancestors(parents, wanted)[:leaves]


def state_of_cut(
    parents: NDArray[np.int64],
    altitudes: NDArray[np.float64],
    threshold: float | None = None,
    count: int | None = None,
) -> NDArray[np.int32]:
    """Return the number of each leaf's structure, shape (L,), as `MergeTree.cut` describes it.

    Raises
    ------
    MergeTreeError
        If not exactly one of the two is given, ``threshold`` is no number, or ``count`` is less than 1.
    """
    if (threshold is None) == (count is None):
        raise MergeTreeError("Give either a threshold or a count to cut at.")
    if count is not None:
        if count < 1:
            raise MergeTreeError(f"A slice cannot be cut into {count} structures; choose at least 1.")
        # So many merges are needed, and with the last of them all others of its altitude.
        needed = (parents.size + 1) // 2 - count
        threshold = float(altitudes[needed - 1]) if needed > 0 else -1.0
    assert threshold is not None
    if np.isnan(threshold):
        raise MergeTreeError("The threshold to cut at is no number.")
    if parents.size == 0:
        return np.zeros(0, np.int32)
    return in_order_of_appearance(tops(parents, altitudes, threshold))


def nested_cuts(
    parents: NDArray[np.int64], altitudes: NDArray[np.float64], most: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the finest of all cuts of at most ``most`` structures, and its n structures in each of them.

    Returns
    -------
    state : ndarray of int32, shape (L,): number of each leaf's structure in the finest
    numbers : ndarray of int32, shape (n, n): as `MergeTree.nested` describes them

    Raises
    ------
    MergeTreeError
        If ``most`` is less than 1.
    """
    state = state_of_cut(parents, altitudes, count=most)
    if not state.size:
        return state, np.zeros((0, 0), np.int32)
    needed = state.size - most
    threshold = float(altitudes[needed - 1]) if needed > 0 else -1.0
    _, representatives = np.unique(state, return_index=True)
    nodes = tops(parents, altitudes, threshold)[representatives]
    above, heights = kept(parents, altitudes, nodes)
    return state, np.stack([state_of_cut(above, heights, count=k) for k in range(1, nodes.size + 1)])


def first_ancestors(parents: NDArray[np.int64], wanted: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return for each node the first that is wanted on its way to the root, itself included; else the root.

    Parameters
    ----------
    parents : ndarray of int64, shape (N,)
    wanted : ndarray of bool, shape (N,)

    Returns
    -------
    ndarray of int64, shape (N,)
    """
    at = np.where(wanted, np.arange(parents.size), parents)
    while True:
        further = at[at]
        if np.array_equal(further, at):
            return at
        at = further


def spans(parents: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Lay the leaves out in a line so that those below any node are neighbours.

    Returns
    -------
    start, stop : ndarray of int64, shape (N,): node i holds the leaves at positions start[i] to stop[i] - 1;
        the position of leaf i is start[i].
    """
    import higra

    nodes = parents.size
    if nodes < 2:
        return np.zeros(nodes, np.int64), np.ones(nodes, np.int64)
    tree = higra.Tree(parents)
    leaves = np.ones((nodes + 1) // 2)
    size = np.asarray(higra.accumulate_sequential(tree, leaves, higra.Accumulators.sum)).astype(np.int64)
    first, second = children(parents)
    shift = np.zeros(nodes)
    shift[second] = size[first]
    start = higra.propagate_sequential_and_accumulate(tree, shift, higra.Accumulators.sum)
    start = np.asarray(start).astype(np.int64)
    return start, start + size


def children(parents: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return both children of each inner node, lower number first: two ndarrays of int64, shape (L - 1,)."""
    nodes = np.arange(parents.size - 1)
    of_node = np.zeros((2, parents.size), np.int64)
    # Of several values written to one place the last stays.
    of_node[0, parents[:-1][::-1]] = nodes[::-1]
    of_node[1, parents[:-1]] = nodes
    return of_node[0, (parents.size + 1) // 2 :], of_node[1, (parents.size + 1) // 2 :]


def kept(
    parents: NDArray[np.int64], altitudes: NDArray[np.float64], leaves: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the tree whose leaves are some nodes of another; what joins fewer than two of them goes.

    Parameters
    ----------
    parents, altitudes : the other tree; altitudes of its inner nodes
    leaves : ndarray of int64: numbers of its nodes, none below another, in the new order

    Returns
    -------
    parents, altitudes of the new tree
    """
    if leaves.size == 0:
        return np.zeros(0, np.int64), np.zeros(0)
    start, stop = spans(parents)
    begins = np.zeros((parents.size + 1) // 2 + 1, np.int64)
    begins[start[leaves] + 1] = 1
    before = np.cumsum(begins)
    holds = before[stop] - before[start]
    first, second = children(parents)
    # A node below a new leaf may hold that leaf's first position; its parent then has only one such side.
    joins = np.flatnonzero((holds[first] > 0) & (holds[second] > 0)) + (parents.size + 1) // 2
    nodes = np.concatenate([leaves, joins])
    number = np.full(parents.size, -1)
    number[nodes] = np.arange(nodes.size)
    is_join = np.zeros(parents.size, bool)
    is_join[joins] = True
    up = number[first_ancestors(parents, is_join)[parents[nodes]]]
    up[-1] = nodes.size - 1
    return up, altitudes[joins - (parents.size + 1) // 2]


def in_order_of_appearance(values: NDArray[np.integer]) -> NDArray[np.int32]:
    """Number equal values 1..n by where they appear first."""
    _, first, inverse = np.unique(values, return_index=True, return_inverse=True)
    number = np.empty(first.size, np.int32)
    number[np.argsort(first)] = np.arange(1, first.size + 1)
    return number[inverse]
