"""Where to ask: a point and a box for each structure and region that a merge tree found."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ctseg.methods.sam.engine.decoder import Window
from ctseg.methods.sam.engine.frame import SIDE, framed_shape
from ctseg.methods.sam.engine.mask_settings import SeedSettings

TOKENS_SIDE = 64
"""Side of the image's tokens, in tokens."""

LEAST_MARGIN = 8.0
"""What is seen around a box at least, in tokens: of a small structure alone SAM cannot tell what it is."""

LOGITS_SIDE = 256
"""Side in px of a mask's logits, which show the encoder's square."""


@dataclass(frozen=True)
class Seed:
    """A point and the region that it stands for.

    Attributes
    ----------
    point : (x, y) in px of the slice: the pixel of the region that is farthest from its border
    region : ndarray of bool, shape (256, 256): the region in the square of a mask's logits
    """

    point: tuple[float, float]
    region: NDArray[np.bool_]

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The region's corners (x, y, x, y) in px of the encoder's square, which is `SIDE` wide."""
        rows, columns = (np.flatnonzero(self.region.any(axis=axis)) for axis in (1, 0))
        scale = SIDE / LOGITS_SIDE
        return (
            float(columns[0] * scale),
            float(rows[0] * scale),
            float((columns[-1] + 1) * scale),
            float((rows[-1] + 1) * scale),
        )

    def window(self, margin: float) -> Window:
        """Return rows and columns of the image's tokens that hold the box and a margin around it.

        The margin is this part of the longer side of the box, and at least `LEAST_MARGIN`.
        """
        left, top, right, bottom = (corner * TOKENS_SIDE / SIDE for corner in self.box)
        around = max(LEAST_MARGIN, margin * max(right - left, bottom - top))
        rows, columns = (
            slice(max(0, math.floor(low - around)), min(TOKENS_SIDE, math.ceil(high + around)))
            for low, high in ((top, bottom), (left, right))
        )
        return rows, columns


def seeds(structures: NDArray[np.int32], regions: NDArray[np.int32], settings: SeedSettings) -> list[Seed]:
    """Return the points to ask about, at most ``settings.max_seeds``.

    Parameters
    ----------
    structures : ndarray of int32, shape (H, W): label map whose every structure is asked about first
    regions : ndarray of int32, shape (H, W): label map of the whole slice
    """
    found: list[Seed] = []
    for label_map in (structures, regions):
        square = in_square(label_map)
        for label, point in _points(label_map, settings):
            region = square == label
            # What is too thin to show in a mask cannot be compared with one.
            if not region.any():
                continue
            if len(found) < settings.max_seeds and not any(
                overlap(region, earlier.region) > settings.same_iou for earlier in found
            ):
                found.append(Seed(point, region))
    return found


def overlap(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Return the IoU of two masks of one shape; 0 where both are empty."""
    together = np.count_nonzero(one | other)
    return np.count_nonzero(one & other) / together if together else 0.0


def in_square(label_map: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return a label map (H, W) as it lies in the square of a mask's logits, (256, 256), 0 outside."""
    framed = framed_shape((label_map.shape[0], label_map.shape[1]))
    centres = (np.arange(LOGITS_SIDE) + 0.5) * (SIDE / LOGITS_SIDE)
    rows, columns = (
        (centres[centres < length] * size / length).astype(np.intp)
        for size, length in zip(label_map.shape, framed, strict=True)
    )
    square = np.zeros((LOGITS_SIDE, LOGITS_SIDE), np.int32)
    square[: rows.size, : columns.size] = label_map[rows[:, None], columns]
    return square


def _points(
    label_map: NDArray[np.int32], settings: SeedSettings
) -> Iterator[tuple[int, tuple[float, float]]]:
    """Yield labels, largest structure first, with their innermost pixels, of several the first read."""
    from scipy.ndimage import find_objects

    areas = np.bincount(label_map.ravel())
    areas[0] = 0
    lowest, highest = (share * label_map.size for share in (settings.min_share, settings.max_share))
    boxes = find_objects(label_map)
    labels = np.flatnonzero((areas >= lowest) & (areas <= highest) & (areas > 0))
    for label in labels[np.argsort(-areas[labels], kind="stable")].tolist():
        rows, columns = boxes[label - 1]
        part = (label_map[rows, columns] == label).astype(np.uint8)
        away = cv2.distanceTransform(np.pad(part, 1), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
        # Squared they are whole numbers; as they come, their last bits differ from call to call.
        row, column = np.unravel_index(int(np.argmax(np.rint(away.astype(np.float64) ** 2))), away.shape)
        yield label, (columns.start + int(column) + 0.5, rows.start + int(row) + 0.5)
