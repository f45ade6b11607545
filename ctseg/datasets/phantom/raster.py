"""From polygons to the share of each pixel that they cover, in integers only."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FULL = 256
"""Coverage of a pixel that lies wholly inside."""

SUBPIXELS = 64
"""Corners lie on a grid of 1/64 pixel."""

_LINES = 4


@dataclass(frozen=True)
class Cover:
    """Coverage inside a box of the image.

    Attributes
    ----------
    top, left : first row and column of the box in the image
    share : int32, shape (h, w), in [0, 256]
    """

    top: int
    left: int
    share: NDArray[np.int32]

    @property
    def box(self) -> tuple[slice, slice]:
        """Rows and columns of the image that the box holds."""
        height, width = self.share.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)


def _crossings(
    corners: NDArray[np.int64], first_line: int, last_line: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Scan line, x in 1/64 pixel and direction of each crossing of an edge with a scan line."""
    step = SUBPIXELS // _LINES
    half = step // 2
    ends = np.roll(corners, -1, 0)
    down = corners[:, 1] < ends[:, 1]
    upper = np.where(down[:, None], corners, ends)
    lower = np.where(down[:, None], ends, corners)
    # Scan line k lies at y = k * step + half; an edge owns the lines with upper <= y < lower.
    begin = np.maximum(-((half - upper[:, 1]) // step), first_line)
    stop = np.minimum(-((half - lower[:, 1]) // step), last_line)
    count = np.maximum(stop - begin, 0)
    edge = np.repeat(np.arange(len(corners)), count)
    within = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
    line = begin[edge] + within
    rise = line * step + half - upper[edge, 1]
    run = lower[edge, 0] - upper[edge, 0]
    x = upper[edge, 0] + (rise * run) // (lower[edge, 1] - upper[edge, 1])
    return line, x, np.where(down[edge], 1, -1)


def _counter_clockwise(corners: NDArray[np.int64]) -> NDArray[np.int64]:
    x, y = corners[:, 0], corners[:, 1]
    return corners if int((x * np.roll(y, -1) - np.roll(x, -1) * y).sum()) >= 0 else corners[::-1]


def cover(polygons: Sequence[NDArray[np.float64]], height: int, width: int) -> Cover | None:
    """Return how much of each pixel lies inside at least one of the polygons.

    Parameters
    ----------
    polygons : arrays of shape (N, 2), x and y in pixels; pixel (row r, column c) has its centre at
        x = c + 0.5, y = r + 0.5
    height, width : of the image

    Returns
    -------
    Cover, or None if nothing lies inside the image
    """
    corners = [_counter_clockwise(np.rint(points * SUBPIXELS).astype(np.int64)) for points in polygons]
    if not corners:
        return None
    every = np.concatenate(corners)
    left = max(int(every[:, 0].min()) // SUBPIXELS, 0)
    right = min(int(every[:, 0].max()) // SUBPIXELS + 1, width)
    top = max(int(every[:, 1].min()) // SUBPIXELS, 0)
    bottom = min(int(every[:, 1].max()) // SUBPIXELS + 1, height)
    if right <= left or bottom <= top:
        return None
    found = [_crossings(points, top * _LINES, bottom * _LINES) for points in corners]
    line, x, sign = (np.concatenate(parts) for parts in zip(*found, strict=True))
    columns = right - left
    x = np.clip(x - left * SUBPIXELS, 0, columns * SUBPIXELS)
    pixel, part = x // SUBPIXELS, x % SUBPIXELS
    row = line - top * _LINES
    cells = (bottom - top) * _LINES * (columns + 2)
    place = row * (columns + 2) + pixel
    # bincount adds in float64, where these whole numbers are exact.
    change = np.bincount(place, sign * (SUBPIXELS - part), cells) + np.bincount(place + 1, sign * part, cells)
    running = np.cumsum(change.astype(np.int32).reshape(-1, columns + 2), axis=1, dtype=np.int32)[:, :columns]
    share = np.minimum(np.abs(running), SUBPIXELS).reshape(bottom - top, _LINES, columns).sum(axis=1)
    return Cover(top, left, share.astype(np.int32))
