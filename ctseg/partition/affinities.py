"""Affinities: for each pixel and offset, the probability that both ends of the pair are one structure."""

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Offset = tuple[int, int]
"""(row, column) steps in px."""
Offsets = Sequence[Offset]
"""Channel k at pixel p is about the pair of p and p + offsets[k]."""
Indexable = TypeVar("Indexable", bound=Any)

NEAR_PX = 3
"""Offsets of at most this length tell where a border runs; longer ones only that there is one in between."""
STEPS = 1 << 16
"""Affinities count in whole steps of 1 / STEPS, so that sums are exact and their order does not matter."""


def checked(affinities: NDArray[np.floating], offsets: Offsets) -> NDArray[np.floating]:
    """Return the affinities if they are finite and have shape (len(offsets), H, W).

    Raises
    ------
    ValueError
        If they have another shape, or hold NaN or infinity.
    """
    if affinities.ndim != 3 or affinities.shape[0] != len(offsets) or 0 in affinities.shape:
        raise ValueError(f"Affinities of shape {affinities.shape} do not fit {len(offsets)} offsets.")
    if not np.isfinite(affinities).all():
        raise ValueError("The affinities hold values that are not finite.")
    return affinities


def counted(affinities: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return affinities, clipped to [0, 1], in whole steps of 1 / STEPS, as float64."""
    return np.rint(np.clip(affinities, 0, 1).astype(np.float64) * STEPS)


def ends(array: Indexable, offset: Offset) -> tuple[Indexable, Indexable]:
    """Return views of the first and of the second ends of all pairs of an offset that lie inside.

    Parameters
    ----------
    array : ndarray or Tensor, shape (..., H, W)
    offset : (rows, columns) in px

    Returns
    -------
    first, second : views of shape (..., H - abs(rows), W - abs(columns)); empty where the offset is too long
    """
    (first_rows, second_rows), (first_columns, second_columns) = (
        (slice(max(0, -step), max(0, size - max(0, step))), slice(max(0, step), max(0, size + min(0, step))))
        for step, size in zip(offset, array.shape[-2:], strict=True)
    )
    return array[..., first_rows, first_columns], array[..., second_rows, second_columns]


def boundary_map(affinities: NDArray[np.floating], offsets: Offsets) -> NDArray[np.float64]:
    """Return where borders run: the mean of 1 - affinity over short offsets and both ends of each pair.

    Parameters
    ----------
    affinities : ndarray, shape (len(offsets), H, W), in [0, 1]
    offsets : those along one axis and of at most 3 px are used

    Returns
    -------
    ndarray of float64, shape (H, W), in [0, 1]; the same for a mirrored or transposed input, to the last bit.

    Raises
    ------
    ValueError
        If the affinities do not fit the offsets.
    """
    checked(affinities, offsets)
    against = np.zeros(affinities.shape[1:])
    pairs = np.zeros(affinities.shape[1:])
    for channel, offset in zip(affinities, offsets, strict=True):
        if max(map(abs, offset)) > NEAR_PX or 0 not in offset:
            continue
        apart = STEPS - counted(ends(channel, offset)[0])
        for end in (0, 1):
            ends(against, offset)[end][...] += apart
            ends(pairs, offset)[end][...] += 1
    return against / (np.maximum(pairs, 1) * STEPS)


def mirrored(affinities: NDArray[np.floating], offsets: Offsets, axis: int) -> NDArray[np.floating]:
    """Return the affinities of the slice mirrored along an axis, or of the slice when given the mirror's.

    A pair has its first end at another pixel then, and a diagonal offset becomes the other diagonal.

    Parameters
    ----------
    affinities : ndarray, shape (len(offsets), H, W)
    offsets : with each diagonal, its mirror image
    axis : 0 to mirror rows (upside down), 1 to mirror columns (left to right)

    Returns
    -------
    ndarray of the same shape and type; 0 where a pair leaves the slice.

    Raises
    ------
    ValueError
        If they do not fit, or an offset's mirror image is not among the offsets.
    """
    signs = (-1, 1) if axis == 0 else (1, -1)
    turned = [(row * signs[0], column * signs[1]) for row, column in offsets]
    return _moved(np.flip(checked(affinities, offsets), axis + 1), offsets, turned)


def transposed(affinities: NDArray[np.floating], offsets: Offsets) -> NDArray[np.floating]:
    """Return the affinities of the transposed slice, shape (len(offsets), W, H); see :func:`mirrored`."""
    turned = [(column, row) for row, column in offsets]
    return _moved(checked(affinities, offsets).transpose(0, 2, 1), offsets, turned)


def _moved(
    affinities: NDArray[np.floating], offsets: Offsets, turned: list[tuple[int, int]]
) -> NDArray[np.floating]:
    places = {tuple(offset): place for place, offset in enumerate(offsets)}
    result = np.zeros_like(affinities)
    for channel, offset in zip(affinities, turned, strict=True):
        opposite = (-offset[0], -offset[1])
        first = ends(channel, offset)[0]
        if offset in places:
            ends(result[places[offset]], offset)[0][...] = first
        elif opposite in places:
            # The pair's second end is the first end of the pair that is counted the other way round.
            ends(result[places[opposite]], offset)[1][...] = first
        else:
            raise ValueError(f"The offsets hold neither {offset} nor {opposite}, so they cannot be turned.")
    return result
