"""Closed outlines of organs as polygons, in mm.

Only ``+ - * /`` and the square root are used: IEEE 754 rounds them correctly, so every machine gets the same
bits. Sines from a maths library differ in the last bit between machines; the polynomial here does not.
x runs to the patient's left (right in the image), y to the back (down).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ctseg.datasets.phantom.stream import Stream

Outline = NDArray[np.float64]
"""Polygon, shape (N, 2): x, y in mm."""

Point = tuple[float, float]

_TAYLOR = (1.0, -1 / 6, 1 / 120, -1 / 5040, 1 / 362880, -1 / 39916800, 1 / 6227020800)
_PI = 3.141592653589793


def _sine(turns: NDArray[np.float64]) -> NDArray[np.float64]:
    nearest = turns - np.floor(turns + 0.5)
    folded = np.where(nearest > 0.25, 0.5 - nearest, np.where(nearest < -0.25, -0.5 - nearest, nearest))
    angle = folded * (2 * _PI)
    square = angle * angle
    total = np.full_like(angle, _TAYLOR[-1])
    for factor in reversed(_TAYLOR[:-1]):
        total = total * square + factor
    return total * angle


def direction(turns: float) -> Point:
    """Return (cosine, sine) of an angle in turns: 0 to the right, 0.25 down."""
    cosine, sine = _sine(np.array([turns + 0.25, turns]))
    return float(cosine), float(sine)


def circle(corners: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return cosines and sines of evenly spaced angles."""
    turns = np.arange(corners, dtype=np.float64) / corners
    return _sine(turns + 0.25), _sine(turns)


def rotated(outline: Outline, turns: float, centre: Point = (0.0, 0.0)) -> Outline:
    """Return the outline turned clockwise (as seen in the image) about a centre."""
    cosine, sine = direction(turns)
    x, y = outline[:, 0] - centre[0], outline[:, 1] - centre[1]
    return np.stack((x * cosine - y * sine + centre[0], x * sine + y * cosine + centre[1]), axis=1)


def oval(centre: Point, radius_x: float, radius_y: float, tilt: float = 0.0, corners: int = 48) -> Outline:
    """Return an ellipse; ``tilt`` in turns."""
    cosine, sine = circle(corners)
    return rotated(np.stack((cosine * radius_x, sine * radius_y), axis=1), tilt) + np.array(centre)


def blob(
    stream: Stream, centre: Point, radius_x: float, radius_y: float, tilt: float = 0.0, wobble: float = 0.06
) -> Outline:
    """Return an ellipse whose radius swings by about the share ``wobble``, in harmonics 2 to 6."""
    cosine, sine = circle(72)
    swing = np.ones(72)
    wave_cosine, wave_sine = cosine, sine
    for harmonic in range(2, 7):
        wave_cosine, wave_sine = (
            wave_cosine * cosine - wave_sine * sine,
            wave_sine * cosine + wave_cosine * sine,
        )
        share = wobble * 2.0 / harmonic
        swing = swing + (wave_cosine * stream.bell(share) + wave_sine * stream.bell(share)) * 0.6
    points = np.stack((cosine * swing * radius_x, sine * swing * radius_y), axis=1)
    return rotated(points, tilt) + np.array(centre)


def _catmull_rom(before: Outline, start: Outline, end: Outline, after: Outline, steps: int) -> Outline:
    t = (np.arange(steps, dtype=np.float64) / steps)[None, :, None]
    a, b, c, d = (points[:, None, :] for points in (before, start, end, after))
    bend = 2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * (t * t) + (3 * b - a - 3 * c + d) * (t * t * t)
    return (bend * 0.5).reshape(-1, 2)


def closed(points: Sequence[Point] | Outline, steps: int = 8) -> Outline:
    """Return the smooth closed curve through the points (Catmull & Rom 1974)."""
    given = np.array(points, dtype=np.float64)
    return _catmull_rom(np.roll(given, 1, 0), given, np.roll(given, -1, 0), np.roll(given, -2, 0), steps)


def opened(points: Sequence[Point] | Outline, steps: int = 8) -> Outline:
    """Return the smooth open curve through the points, ends included."""
    given = np.array(points, dtype=np.float64)
    padded = np.concatenate((given[:1] * 2 - given[1:2], given, given[-1:] * 2 - given[-2:-1]))
    curve = _catmull_rom(padded[:-3], padded[1:-2], padded[2:-1], padded[3:], steps)
    return np.concatenate((curve, given[-1:]))


def _normals(forward: Outline) -> Outline:
    length = np.sqrt(forward[:, 0] * forward[:, 0] + forward[:, 1] * forward[:, 1])
    length = np.where(length > 0, length, 1.0)
    return np.stack((forward[:, 1] / length, -forward[:, 0] / length), axis=1)


def grown(outline: Outline, millimetres: float | NDArray[np.float64]) -> Outline:
    """Return the outline moved outwards along its normals (inwards if negative)."""
    x, y = outline[:, 0], outline[:, 1]
    # A running sum has one order of additions; numpy's pairwise sum may change its blocks.
    area = np.cumsum(x * np.roll(y, -1) - np.roll(x, -1) * y)[-1]
    side = 1.0 if area > 0 else -1.0
    normals = _normals(np.roll(outline, -1, 0) - np.roll(outline, 1, 0))
    return outline + normals * (np.broadcast_to(millimetres, len(outline))[:, None] * side)


def tube(points: Sequence[Point] | Outline, radii: float | Sequence[float], steps: int = 8) -> Outline:
    """Return the outline of a tube around the smooth curve through the points, with round ends.

    ``radii`` in mm: one for all, or one for each point.
    """
    line = opened(points, steps)
    each = np.array(radii, dtype=np.float64) * np.ones(len(points))
    at = np.arange(len(line), dtype=np.float64) / steps
    left = np.minimum(np.floor(at), len(points) - 2).astype(np.int64)
    radius = each[left] + (each[left + 1] - each[left]) * (at - left)
    padded = np.concatenate((line[:1], line, line[-1:]))
    normals = _normals(padded[2:] - padded[:-2])
    offset = normals * radius[:, None]
    ahead = np.stack((-normals[:, 1], normals[:, 0]), axis=1)
    cosine, sine = circle(24)
    bow = np.arange(1, 12)
    end = line[-1] + (normals[-1] * cosine[bow, None] + ahead[-1] * sine[bow, None]) * radius[-1]
    start = line[0] + (-normals[0] * cosine[bow, None] - ahead[0] * sine[bow, None]) * radius[0]
    return np.concatenate((line + offset, end, (line - offset)[::-1], start))


def jittered(stream: Stream, points: Sequence[Point], spread: float) -> list[Point]:
    """Return the points, each moved at random by about ``spread`` mm."""
    return [(x + stream.bell(spread), y + stream.bell(spread)) for x, y in points]


def varied(stream: Stream, points: Sequence[Point], spread: float) -> list[Point]:
    """Return the points widened or narrowed by up to 8 % about their middle, each then moved at random."""
    middle_x = (min(x for x, _ in points) + max(x for x, _ in points)) / 2
    middle_y = (min(y for _, y in points) + max(y for _, y in points)) / 2
    wide, deep = stream.uniform(0.92, 1.08), stream.uniform(0.92, 1.08)
    scaled = [(middle_x + (x - middle_x) * wide, middle_y + (y - middle_y) * deep) for x, y in points]
    return jittered(stream, scaled, spread)


def unchanged(outline: Outline) -> Outline:
    """Return the outline as it is: the counterpart of ``mirrored`` for the patient's left."""
    return outline


def mirrored(outline: Outline) -> Outline:
    """Return the outline on the patient's other side."""
    return outline * np.array((-1.0, 1.0))


def wavy(stream: Stream, outline: Outline, millimetres: float, waves: int) -> Outline:
    """Return the outline with lobes: about so many waves around, of about this height."""
    corners = len(outline)
    turns = np.arange(corners, dtype=np.float64) / corners
    height = np.zeros(corners)
    for step in (-1, 0, 1):
        height = height + _sine(turns * max(waves + step, 2) + stream.uniform(0, 1)) * stream.uniform(
            0.3, 1.0
        )
    return grown(outline, height * (millimetres * 0.6))
