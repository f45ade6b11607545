"""Merge trees as bytes: a fixed header and four arrays, compressed. Nothing in them is ever executed."""

import struct
import zlib
from typing import Any

import numpy as np

from ctseg.partition.merge_tree import MAX_LEAVES, MAX_STEPS, MergeTree
from ctseg.partition.trees import MergeTreeError
from ctseg.slices.limits import MAX_SIDE

MAGIC = b"ctsegMT1"
"""Name and version; a change of the layout gets another number."""
_HEADER = struct.Struct("<8s5I")
_LEVEL = 1


def to_bytes(tree: MergeTree) -> bytes:
    """Return a tree with its current partition and its steps as bytes, the same on every machine.

    After the header (magic, height, width, basins, steps, position; little-endian) comes one zlib stream of
    leaves (int32), parents (int32), altitudes (float64) and states (int32), each row by row.
    """
    height, width = tree.leaves.shape
    states = tree.states
    header = _HEADER.pack(MAGIC, height, width, tree.leaf_count, len(states), tree.position)
    arrays = (
        tree.leaves.astype("<i4"),
        tree.parents.astype("<i4"),
        tree.altitudes.astype("<f8"),
        states.astype("<i4"),
    )
    return header + zlib.compress(b"".join(array.tobytes() for array in arrays), _LEVEL)


def from_bytes(data: bytes) -> MergeTree:
    """Return the tree that :func:`to_bytes` stored.

    Parameters
    ----------
    data : from anyone: sizes are checked before memory is taken, and the tree before it is used

    Raises
    ------
    MergeTreeError
        If it is no merge tree of this version, is larger than a slice can be, or was cut short or changed.
    """
    if len(data) < _HEADER.size or data[: len(MAGIC)] != MAGIC:
        raise MergeTreeError("These bytes are no merge tree of this version of ctseg.")
    _, height, width, leaves, steps, position = _HEADER.unpack_from(data)
    if not (0 < height <= MAX_SIDE and 0 < width <= MAX_SIDE):
        raise MergeTreeError(f"The merge tree says it is of a slice of {height} x {width} px.")
    if leaves > min(MAX_LEAVES, height * width) or not 0 < steps <= MAX_STEPS + 1:
        raise MergeTreeError(f"The merge tree says it has {leaves} basins and {steps} steps.")
    layout = (
        ("<i4", (height, width)),
        ("<i4", (max(2 * leaves - 1, 0),)),
        ("<f8", (max(leaves - 1, 0),)),
        ("<i4", (steps, leaves)),
    )
    pixels, parents, altitudes, states = _arrays(data[_HEADER.size :], layout)
    if (pixels.size and not 0 <= pixels.min() <= pixels.max() <= leaves) or (states < 1).any():
        raise MergeTreeError("The merge tree holds numbers of basins that it does not have.")
    return MergeTree.restored(pixels, parents, altitudes, states, position)


def _arrays(data: bytes, layout: tuple[tuple[str, tuple[int, ...]], ...]) -> list[Any]:
    sizes = [int(np.prod(shape)) * np.dtype(kind).itemsize for kind, shape in layout]
    stream = zlib.decompressobj()
    try:
        content = stream.decompress(data, sum(sizes) + 1)
    except zlib.error as error:
        raise MergeTreeError("The merge tree is damaged; make it again.") from error
    if len(content) != sum(sizes) or not stream.eof or stream.unused_data:
        raise MergeTreeError("The merge tree was cut short or is longer than it says; make it again.")
    arrays = []
    for (kind, shape), size in zip(layout, sizes, strict=True):
        arrays.append(np.frombuffer(content[:size], kind).reshape(shape))
        content = content[size:]
    return arrays
