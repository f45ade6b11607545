"""Inputs that the tests of partitions share."""

from collections.abc import Callable

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from ctseg.partition import MergeTree, agglomerate, edge_strength, mirrored, transposed, volume_tree
from ctseg.partition.affinities import ends

OFFSETS = ((0, 1), (1, 0), (0, 3), (3, 0), (0, 9), (9, 0), (9, 9), (9, -9), (0, 27), (27, 0))

TURNS: dict[str, Callable[[NDArray], NDArray]] = {
    "upside down": lambda array: array[::-1],
    "left to right": lambda array: array[:, ::-1],
    "transposed": lambda array: array.T,
}


def turned_affinities(affinities: NDArray, turn: str) -> NDArray:
    """The affinities of the turned slice."""
    if turn == "transposed":
        return transposed(affinities, OFFSETS)
    return mirrored(affinities, OFFSETS, 0 if turn == "upside down" else 1)


def affinities_of(truth: NDArray[np.integer], sure: float, seed: int) -> NDArray[np.float32]:
    """Affinities of a label map, blurred by noise so that no two are equal."""
    rng = np.random.default_rng(seed)
    result = rng.random((len(OFFSETS), *truth.shape))
    for channel, offset in zip(result, OFFSETS, strict=True):
        one, other = ends(truth, offset)
        view = ends(channel, offset)[0]
        view[...] = sure * ((one == other) & (one > 0)) + (1 - sure) * view
    return result.astype(np.float32)


def blocks(height: int, width: int, side: int, seed: int) -> NDArray[np.int64]:
    """A label map of square structures, one in four of them background."""
    rng = np.random.default_rng(seed)
    coarse = np.arange(1, (height // side + 1) * (width // side + 1) + 1).reshape(height // side + 1, -1)
    coarse = coarse * (rng.random(coarse.shape) > 0.25)
    return np.kron(coarse, np.ones((side, side), np.int64))[:height, :width]


def noise(height: int, width: int, seed: int) -> NDArray[np.uint8]:
    """Grey levels at random."""
    return np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)


@st.composite
def merge_trees(draw: st.DrawFn) -> MergeTree:
    """Trees of both kinds, of slices of all shapes, with and without background."""
    height, width = draw(st.integers(1, 26)), draw(st.integers(1, 26))
    seed = draw(st.integers(0, 1000))
    if draw(st.booleans()):
        step = draw(st.sampled_from([1, 128, 255]))
        return volume_tree(edge_strength(noise(height, width, seed) // step * step))
    truth = blocks(height, width, draw(st.integers(1, 9)), seed)
    affinities = affinities_of(truth, draw(st.sampled_from([0.0, 0.5, 0.95])), seed)
    return agglomerate(affinities, truth > 0, OFFSETS)
