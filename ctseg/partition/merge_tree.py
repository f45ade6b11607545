"""A hierarchy of partitions of one slice, and the one partition of it that is shown and edited."""

import numpy as np
from numpy.typing import NDArray

from ctseg.labelmaps.regions import first_pixels, in_reading_order, relabel
from ctseg.partition import trees
from ctseg.partition.trees import MergeTreeError

MAX_LEAVES = 20_000
MAX_STEPS = 100
"""How many cuts and edits can be undone."""


class MergeTree:
    """Basins of a slice, the order in which they join, and a current partition made of them.

    A partition is changed by cuts and by edits; each is one step, and each step can be undone. Structures are
    numbered 1..n in reading order of their first pixels; the background, 0, stays in all partitions.

    Merges of one altitude are cut together: which of them was found first says nothing about the slice. That
    is the rule for ties, and why ``cut(count=n)`` may give fewer than n structures where altitudes tie.

    Parameters
    ----------
    leaves : ndarray of integers, shape (H, W): 0 is background, every other value one basin
    parents : ndarray of integers, shape (2 L - 1,), for the L basins in ascending order of their values:
        leaf i is basin i + 1, every parent comes after its children and has two, the root is last and its
        own parent
    altitudes : ndarray, shape (L - 1,): of the inner nodes, ascending, at least 0

    Raises
    ------
    MergeTreeError
        If the three do not fit.
    """

    def __init__(
        self, leaves: NDArray[np.integer], parents: NDArray[np.integer], altitudes: NDArray[np.floating]
    ) -> None:
        self._leaves = relabel(leaves)
        self._parents = np.array(parents, np.int64)
        self._altitudes = np.array(altitudes, np.float64)
        trees.check(self._parents, self._altitudes, int(self._leaves.max(initial=0)))
        order = np.argsort(first_pixels(self._leaves))
        if (np.diff(order) < 0).any():
            self._leaves = in_reading_order(self._leaves)
            self._parents[: order.size] = self._parents[order]
        for array in (self._leaves, self._parents, self._altitudes):
            array.flags.writeable = False
        self._spans: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None
        self._states = [np.arange(1, self.leaf_count + 1, dtype=np.int32)]
        self._position = 0

    @classmethod
    def restored(
        cls,
        leaves: NDArray[np.integer],
        parents: NDArray[np.integer],
        altitudes: NDArray[np.floating],
        states: NDArray[np.integer],
        position: int,
    ) -> "MergeTree":
        """Return a tree with its steps, as :attr:`states` and :attr:`position` told; or MergeTreeError."""
        tree = cls(leaves, parents, altitudes)
        if states.ndim != 2 or states.shape[1] != tree.leaf_count or not 0 < len(states) <= MAX_STEPS + 1:
            raise MergeTreeError("The steps stored with the merge tree do not fit it.")
        if not 0 <= position < len(states):
            raise MergeTreeError("The merge tree's steps have no such position.")
        tree._states = [trees.in_order_of_appearance(state) for state in states]
        tree._position = position
        return tree

    @classmethod
    def empty(cls, shape: tuple[int, ...]) -> "MergeTree":
        """Return the tree of a slice of background."""
        return cls(np.zeros(shape, np.int32), np.zeros(0, np.int64), np.zeros(0))

    @property
    def leaves(self) -> NDArray[np.int32]:
        """Basins, shape (H, W), 1..L in reading order; not to be written to, as all arrays of the tree."""
        return self._leaves

    @property
    def leaf_count(self) -> int:
        """How many basins there are."""
        return (self._parents.size + 1) // 2

    @property
    def parents(self) -> NDArray[np.int64]:
        """Parents of all nodes, shape (2 L - 1,)."""
        return self._parents

    @property
    def altitudes(self) -> NDArray[np.float64]:
        """Altitudes of the inner nodes, shape (L - 1,), ascending."""
        return self._altitudes

    @property
    def state(self) -> NDArray[np.int32]:
        """Number of the structure that each basin is in, shape (L,)."""
        return self._states[self._position]

    @property
    def states(self) -> NDArray[np.int32]:
        """All steps that can be undone or done again, shape (steps, L); see :attr:`position`."""
        return np.stack(self._states)

    @property
    def position(self) -> int:
        """Which of :attr:`states` is the current one."""
        return self._position

    @property
    def structure_count(self) -> int:
        """How many structures the current partition has."""
        return int(self.state.max(initial=0))

    @property
    def label_map(self) -> NDArray[np.int32]:
        """The current partition, shape (H, W): 0 is background, structures are 1..n in reading order."""
        return np.concatenate([np.zeros(1, np.int32), self.state])[self._leaves]

    def start(self, *, threshold: float | None = None, count: int | None = None) -> "MergeTree":
        """Cut the tree, forget all steps, and return the tree: what undo then ends at."""
        self._states, self._position = (
            [trees.state_of_cut(self._parents, self._altitudes, threshold, count)],
            0,
        )
        return self

    def cut(self, *, threshold: float | None = None, count: int | None = None) -> NDArray[np.int32]:
        """Take a partition from the tree, edits aside: by altitude, or by number of structures.

        Parameters
        ----------
        threshold : merges up to and including this altitude are done
        count : the partition of most structures that has at most so many, at least 1

        Returns
        -------
        ndarray of int32, shape (H, W): the new partition

        Raises
        ------
        MergeTreeError
            If not exactly one of the two is given, ``threshold`` is no number, or ``count`` is less than 1.
        """
        return self._step(trees.state_of_cut(self._parents, self._altitudes, threshold, count))

    def nested(self, most: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return all cuts of at most so many structures; the partition that is shown stays.

        Returns
        -------
        finest : ndarray of int32, shape (H, W): the partition of ``cut(count=most)``, n structures
        numbers : ndarray of int32, shape (n, n): entry (k - 1, i - 1) is the number that structure i of the
            finest has in the partition of ``cut(count=k)``
        """
        state, numbers = trees.nested_cuts(self._parents, self._altitudes, most)
        return np.concatenate([np.zeros(1, np.int32), state])[self._leaves], numbers

    def merge(self, a: int, b: int) -> NDArray[np.int32]:
        """Make one structure of two of the current partition, neighbours or not; return the new partition.

        Raises
        ------
        MergeTreeError
            If there is no such structure, or both are the same.
        """
        self._need(a, b)
        if a == b:
            raise MergeTreeError(f"Structure {a} cannot be merged with itself; choose another.")
        return self._step(trees.in_order_of_appearance(np.where(self.state == b, a, self.state)))

    def split(self, a: int) -> NDArray[np.int32]:
        """Undo the highest merge of the tree that lies within a structure of the current partition.

        Returns
        -------
        ndarray of int32, shape (H, W): the new partition, with one structure more

        Raises
        ------
        MergeTreeError
            If there is no such structure, or it is a single basin.
        """
        self._need(a)
        members = np.flatnonzero(self.state == a)
        if members.size == 1:
            raise MergeTreeError(f"Structure {a} cannot be split further.")
        start, stop = self.spans
        places = start[members]
        # Parents come after their children, so the first node that holds all is the lowest.
        top = int(np.flatnonzero((start <= places.min()) & (stop > places.max()))[0])
        first, _ = trees.children(self._parents)
        half = first[top - self.leaf_count]
        apart = members[(places >= start[half]) & (places < stop[half])]
        state = self.state.copy()
        state[apart] = self.structure_count + 1
        return self._step(trees.in_order_of_appearance(state))

    def undo(self) -> NDArray[np.int32]:
        """Take back the last cut or edit and return the partition before it.

        Raises
        ------
        MergeTreeError
            If there is none.
        """
        if self._position == 0:
            raise MergeTreeError("There is nothing to undo.")
        self._position -= 1
        return self.label_map

    def redo(self) -> NDArray[np.int32]:
        """Do again what was taken back last, and return that partition.

        Raises
        ------
        MergeTreeError
            If there is none.
        """
        if self._position == len(self._states) - 1:
            raise MergeTreeError("There is nothing to redo.")
        self._position += 1
        return self.label_map

    @property
    def spans(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """See :func:`ctseg.partition.trees.spans`."""
        if self._spans is None:
            self._spans = trees.spans(self._parents)
        return self._spans

    def _need(self, *structures: int) -> None:
        has = self.structure_count
        for structure in structures:
            if not 1 <= structure <= has:
                raise MergeTreeError(f"There is no structure {structure}; this partition has {has}.")

    def _step(self, state: NDArray[np.int32]) -> NDArray[np.int32]:
        states = [*self._states[: self._position + 1], state]
        self._states = states[-MAX_STEPS - 1 :]
        self._position = len(self._states) - 1
        return self.label_map
