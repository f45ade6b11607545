"""Trees of one slice that several methods stand on: who runs them on it lets each be computed once."""

import copy
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ctseg.methods.base.method import NeverStop, Progress, StopFlag, ignore_progress, raise_if_stopped
from ctseg.slices.ct_slice import CTSlice

if TYPE_CHECKING:
    from ctseg.methods.base.hierarchical import Hierarchical
    from ctseg.partition import MergeTree


class SharedTrees:
    """Trees that methods made of the slice that was asked about last; several threads may use one object.

    It belongs to one comparison and ends with it: nothing of a slice stays behind in a method.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ct_slice: CTSlice | None = None
        # By identity, which the method is kept for: methods of other packages need not be hashable.
        self._found: dict[int, tuple[Hierarchical, MergeTree, float]] = {}

    def __len__(self) -> int:
        return len(self._found)

    def forget(self) -> None:
        """Give the slice and the trees back."""
        with self._lock:
            self._ct_slice = None
            self._found = {}

    def found(self, method: "Hierarchical", ct_slice: CTSlice) -> tuple["MergeTree", float] | None:
        """Return a tree of the caller's own and the seconds it took, None where it is not there yet."""
        with self._lock:
            if self._ct_slice is None or not _same(self._ct_slice, ct_slice) or id(method) not in self._found:
                return None
            _, tree, seconds = self._found[id(method)]
            # Arrays of a tree are never written to, and the copy's steps are its own.
            return copy.copy(tree), seconds

    def keep(self, method: "Hierarchical", ct_slice: CTSlice, tree: "MergeTree", seconds: float) -> None:
        """Take a tree and what it took; those of another slice are forgotten."""
        with self._lock:
            if self._ct_slice is None or not _same(self._ct_slice, ct_slice):
                self._ct_slice = ct_slice
                self._found = {}
            self._found[id(method)] = method, copy.copy(tree), seconds


def _same(one: CTSlice, other: CTSlice) -> bool:
    if one is other:
        return True
    if (one.intensity, one.spacing_mm, one.window) != (other.intensity, other.spacing_mm, other.window):
        return False
    return np.array_equal(one.pixels, other.pixels) and all(
        first is second or (first is not None and second is not None and np.array_equal(first, second))
        for first, second in ((one.affine, other.affine), (one.grid, other.grid))
    )


class Use:
    """One run within a comparison; ``spared`` are the seconds that earlier runs spent for it."""

    def __init__(self, shared: SharedTrees) -> None:
        self.shared = shared
        self.spared = 0.0


_use: ContextVar[Use | None] = ContextVar("_use", default=None)


@contextmanager
def sharing(shared: SharedTrees) -> Iterator[Use]:
    """Let methods that run in this block, in this thread, take their trees from here and leave them here."""
    token = _use.set(use := Use(shared))
    try:
        yield use
    finally:
        _use.reset(token)


def shared_tree(
    method: "Hierarchical",
    ct_slice: CTSlice,
    stop: StopFlag = NeverStop(),
    progress: Progress = ignore_progress,
) -> "MergeTree":
    """Return ``method.tree(ct_slice)``, computed once for all that run under one `sharing`.

    Parameters, errors and the tree are those of ``Hierarchical.tree``.
    """
    use = _use.get()
    if use is None:
        return method.tree(ct_slice, stop, progress)
    raise_if_stopped(stop)
    there = use.shared.found(method, ct_slice)
    if there is not None:
        tree, seconds = there
        use.spared += seconds
        return tree
    began, spared = time.perf_counter(), use.spared
    tree = method.tree(ct_slice, stop, progress)
    use.shared.keep(method, ct_slice, tree, time.perf_counter() - began + use.spared - spared)
    return tree


def shared_label_map(
    method: "Hierarchical", ct_slice: CTSlice, stop: StopFlag = NeverStop()
) -> NDArray[np.int32]:
    """Return ``method.segment(ct_slice)``, its own partition, computed once as `shared_tree` is."""
    if _use.get() is None:
        return method.segment(ct_slice, stop)
    return shared_tree(method, ct_slice, stop).label_map
