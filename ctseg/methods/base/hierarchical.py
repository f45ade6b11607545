"""The contract of methods that know more than one partition of a slice."""

from typing import TYPE_CHECKING, Optional, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ctseg.methods.base.method import Method, NeverStop, Progress, StopFlag, ignore_progress
from ctseg.methods.base.sharing import shared_tree
from ctseg.slices.ct_slice import CTSlice

if TYPE_CHECKING:  # loading a method's card must not wait for higra
    from ctseg.partition import MergeTree


@runtime_checkable
class Hierarchical(Protocol):
    """A method with a merge tree: other numbers of structures, merges and splits need no second run."""

    def tree(
        self, ct_slice: CTSlice, stop: StopFlag = NeverStop(), progress: Progress = ignore_progress
    ) -> "MergeTree":
        """Return the merge tree of a slice; its current partition is what ``segment`` returns.

        Parameters and errors are those of ``Method.segment``.

        Returns
        -------
        MergeTree with leaves of shape (H, W). ``cut(count=n)`` has at most n structures, and exactly n, the
        same for a mirrored slice, where no two altitudes tie and the method sees a mirrored slice mirrored.
        """
        ...

    def segment(
        self, ct_slice: CTSlice, stop: StopFlag = NeverStop(), progress: Progress = ignore_progress
    ) -> NDArray[np.int32]:
        """See ``ctseg.methods.Method``."""
        ...


class FromTree:
    """A method whose label map is the current partition of its tree."""

    def tree(
        self, ct_slice: CTSlice, stop: StopFlag = NeverStop(), progress: Progress = ignore_progress
    ) -> "MergeTree":
        """See :class:`Hierarchical`."""
        raise NotImplementedError

    def segment(
        self, ct_slice: CTSlice, stop: StopFlag = NeverStop(), progress: Progress = ignore_progress
    ) -> NDArray[np.int32]:
        """See ``ctseg.methods.Method``."""
        label_map = self.tree(ct_slice, stop, progress).label_map
        progress(1.0)
        return label_map


def label_map_and_tree(
    method: Method, ct_slice: CTSlice, stop: StopFlag = NeverStop(), progress: Progress = ignore_progress
) -> tuple[NDArray[np.int32], Optional["MergeTree"]]:
    """Return a method's label map (H, W), and the merge tree that it was cut from if the method has one.

    Cuts, edits and confidence are then taken from the tree without a second run.
    """
    if not isinstance(method, Hierarchical):
        return method.segment(ct_slice, stop=stop, progress=progress), None
    tree = shared_tree(method, ct_slice, stop, progress)
    progress(1.0)
    return tree.label_map, tree
