"""One call from a slice to a label map."""

from pathlib import Path
from typing import TYPE_CHECKING, Optional

import numpy as np
from numpy.typing import NDArray

from ctseg.methods import MethodError, load
from ctseg.methods.base.hierarchical import Hierarchical, label_map_and_tree
from ctseg.methods.base.method import NeverStop, Progress, StopFlag, ignore_progress
from ctseg.slices import CTSlice, read_slice

if TYPE_CHECKING:
    from ctseg.partition import MergeTree


def segment(
    ct_slice: CTSlice | Path | str,
    method: str = "watershed",
    stop: StopFlag = NeverStop(),
    progress: Progress = ignore_progress,
    *,
    regions: int | None = None,
) -> NDArray[np.int32]:
    """Segment all structures of one CT slice.

    Parameters
    ----------
    ct_slice : CTSlice, or the path of a file that holds one; of a stack the middle slice is taken
    method : a name from ``ctseg.METHODS``, or ``run:FOLDER`` for a run folder of ``ctseg train``
    stop : looked at at least every 0.5 s
    progress : called with the finished fraction in [0, 1]
    regions : the most structures to cut the slice into, for methods with a merge tree; None for their own cut

    Returns
    -------
    ndarray of int32, shape (H, W); 0 is background, every other value one structure.

    Raises
    ------
    SliceError
        If the file cannot be read as a CT slice.
    MethodError
        If there is no such method, it is not trained yet, or it has no merge tree and ``regions`` is given.
    MergeTreeError
        If ``regions`` is less than 1.
    WeightsError
        If the method's weights cannot be had.
    Stopped
        If ``stop`` is set before the label map is ready.
    """
    if not isinstance(ct_slice, CTSlice):
        ct_slice = read_slice(Path(ct_slice))
    return segment_with_tree(ct_slice, method, stop, progress, regions=regions)[0]


def segment_with_tree(
    ct_slice: CTSlice,
    method: str = "watershed",
    stop: StopFlag = NeverStop(),
    progress: Progress = ignore_progress,
    *,
    regions: int | None = None,
) -> tuple[NDArray[np.int32], Optional["MergeTree"]]:
    """Segment a slice as :func:`segment` does, and keep the merge tree of a method that has one.

    Returns
    -------
    label_map : ndarray of int32, shape (H, W)
    tree : MergeTree whose current partition is the label map, or None; ``ctseg.partition.confidence`` tells
        from it how sure each structure is
    """
    from ctseg.methods.runs import named

    chosen = load(named(method))
    if regions is None:
        return label_map_and_tree(chosen, ct_slice, stop, progress)
    if not isinstance(chosen, Hierarchical):
        raise MethodError(
            f"{method} gives one partition only; for a number of regions choose a method with a merge tree, "
            "such as sobel-tree."
        )
    tree = chosen.tree(ct_slice, stop=stop, progress=progress)
    label_map = tree.cut(count=regions)
    progress(1.0)
    return label_map, tree
