"""Texture of tissue and noise of the scanner, as integer fields.

No Fourier transform and no convolution routine of another package: sums of shifted integer arrays come out
the same everywhere.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ctseg.datasets.phantom.stream import Stream

Field = NDArray[np.int32]

_WHITE_SPREAD = 209
"""Standard deviation of a sum of eight random bytes."""

# Quarter of a symmetric kernel whose squared spectrum rises like a ramp from near 0 and falls off like a
# reconstruction filter: f exp(-(f / 0.2)^2), f in cycles a pixel. Its squares add up to about 256^2.
_SMOOTH_KERNEL = (
    (200, 75, -7, -2, -2),
    (75, 24, -6, -2, -1),
    (-7, -6, -4, -1, -1),
    (-2, -2, -1, -1, 0),
    (-2, -1, -1, 0, 0),
)
# The same with f exp(-(f / 0.3)^2): a sharper filter.
_SHARP_KERNEL = (
    (243, 37, -13, 1, -2),
    (37, -2, -5, -1, -1),
    (-13, -5, -2, -1, 0),
    (1, -1, -1, 0, 0),
    (-2, -1, 0, 0, 0),
)


@dataclass(frozen=True)
class Texture:
    """How the HU inside a tissue vary: ``min(ceiling, offset + amplitude * noise)``, noise in about [-1, 1].

    Attributes
    ----------
    grain : size of the grains in pixels
    amplitude, offset, ceiling : in HU
    """

    grain: int
    amplitude: int
    offset: int = 0
    ceiling: int = 4000


def lattice_noise(stream: Stream, height: int, width: int, grain: int) -> Field:
    """Return smooth noise in [-256, 256] with grains of about ``grain`` pixels, shape (height, width)."""
    rows, columns = height // grain + 2, width // grain + 2
    nodes = (stream.field(rows, columns) >> np.uint64(55)).astype(np.int32) - 256

    def weights(length: int) -> tuple[NDArray[np.intp], Field]:
        at = np.arange(length)
        t = (at % grain * 256 // grain).astype(np.int32)
        return at // grain, (t * t * (768 - 2 * t)) >> 16

    row, down = weights(height)
    column, along = weights(width)
    lines: Field = nodes[row] * (256 - down)[:, None] + nodes[row + 1] * down[:, None]
    lines >>= 8
    smooth: Field = lines[:, column] * (256 - along) + lines[:, column + 1] * along
    return smooth >> 8


def white_noise(stream: Stream, height: int, width: int) -> Field:
    """Return independent numbers with mean 0 and standard deviation 209, bell-shaped."""
    octets = stream.field(height, width).view(np.uint8).reshape(height, width, 8)
    return octets.astype(np.int32).sum(axis=2, dtype=np.int32) - 1020


def _convolved(field: Field, quarter: tuple[tuple[int, ...], ...]) -> Field:
    reach = len(quarter) - 1
    height, width = field.shape
    padded = np.pad(field, reach, mode="wrap")
    total = np.zeros_like(field)
    for down, row in enumerate(quarter):
        upper = padded[reach - down : reach - down + height]
        lines = upper if down == 0 else upper + padded[reach + down : reach + down + height]
        for right, factor in enumerate(row):
            left = lines[:, reach - right : reach - right + width]
            pair = left if right == 0 else left + lines[:, reach + right : reach + right + width]
            if factor:
                total += pair * factor
    return total


def scanner_noise(stream: Stream, height: int, width: int, sharpness: float) -> Field:
    """Return noise with a ramp-shaped spectrum and a standard deviation of about 256.

    ``sharpness`` in [0, 1] mixes a smooth and a sharp reconstruction filter.
    """
    white = white_noise(stream, height, width)
    part = int(sharpness * 16)
    mixed = tuple(
        tuple((16 - part) * a + part * b for a, b in zip(smooth, sharp, strict=True))
        for smooth, sharp in zip(_SMOOTH_KERNEL, _SHARP_KERNEL, strict=True)
    )
    return _convolved(white, mixed) // (16 * _WHITE_SPREAD)


def streak_noise(stream: Stream, height: int, width: int, length: int) -> Field:
    """Return noise drawn out along the rows over ``length`` pixels, standard deviation of about 256."""
    white = white_noise(stream, height, width + length)
    running = np.cumsum(white, axis=1, dtype=np.int32)
    drawn = running[:, length:] - running[:, :-length]
    even = drawn - (np.roll(drawn, 3, axis=0) + np.roll(drawn, -3, axis=0)) // 2
    root = max(math.isqrt(length * 3 // 2), 1)
    return even * 256 // (_WHITE_SPREAD * root)


def blurred(image: Field, times: int) -> Field:
    """Return the image after ``times`` passes of the filter (1, 2, 1) / 4 along both axes."""
    for _ in range(times):
        padded = np.pad(image, 1, mode="edge")
        lines = padded[:-2] + 2 * padded[1:-1] + padded[2:]
        image = (lines[:, :-2] + 2 * lines[:, 1:-1] + lines[:, 2:] + 8) >> 4
    return image
