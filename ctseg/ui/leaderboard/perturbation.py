"""Ways to perturb a perfect label map, to see what each index makes of it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ctseg.labelmaps import relabel

MAX_PX = 12
MAX_PIECES = 6


@dataclass(frozen=True)
class Changes:
    """What is done to the true label map, in this order.

    Attributes
    ----------
    merged : share of the touching pairs that are joined, longest common border first, 0 to 1.
    pieces : into how many strips every structure is cut, at least 1.
    grown_px : the mask's border moves outward by so many px, or inward where negative.
    filled : share of the way that structures grow until they fill the image, 0 to 1.
    """

    merged: float = 0.0
    pieces: int = 1
    grown_px: int = 0
    filled: float = 0.0


class PerturbedLabelMap:
    """A true label map with what its changes need, worked out once.

    Parameters
    ----------
    true : ndarray of integers, shape (H, W), non-negative; 0 is background
    """

    def __init__(self, true: NDArray[np.integer]) -> None:
        self.true: NDArray[np.int32] = relabel(true)

    def changed(self, changes: Changes) -> NDArray[np.int32]:
        """Return the changed label map, int32, shape (H, W)."""
        label_map = self.merged(changes.merged)
        label_map = self._cut(label_map, changes.pieces)
        if changes.grown_px > 0 or changes.filled > 0:
            label_map = self._grown(label_map, changes.grown_px, changes.filled)
        if changes.grown_px < 0:
            return np.where(self._depth > -changes.grown_px, label_map, 0).astype(np.int32)
        return label_map

    def merged(self, share: float) -> NDArray[np.int32]:
        """Return the label map with this share of its touching pairs joined."""
        names = np.arange(int(self.true.max(initial=0)) + 1)
        for one, other in self._touching[: round(share * len(self._touching))]:
            names[names == names[other]] = names[one]
        return names[self.true].astype(np.int32)

    @cached_property
    def _touching(self) -> list[tuple[int, int]]:
        """Pairs of structures with a common border, longest first."""
        pairs = [
            np.stack([a.ravel(), b.ravel()])
            for a, b in ((self.true[1:], self.true[:-1]), (self.true[:, 1:], self.true[:, :-1]))
        ]
        border = np.sort(np.concatenate(pairs, axis=1), axis=0)
        border = border[:, (border[0] != border[1]) & (border[0] != 0)]
        found, length = np.unique(border, axis=1, return_counts=True)
        order = np.argsort(-length, kind="stable")
        return [(int(found[0, k]), int(found[1, k])) for k in order]

    def _cut(self, label_map: NDArray[np.int32], pieces: int) -> NDArray[np.int32]:
        """Cut every structure into strips of equal area along the longer side of its box."""
        if pieces <= 1:
            return label_map
        answer = label_map.copy()
        for label in range(1, int(label_map.max(initial=0)) + 1):
            rows, columns = np.nonzero(label_map == label)
            if rows.size < pieces:
                continue
            along = rows if np.ptp(rows) >= np.ptp(columns) else columns
            place = np.argsort(np.argsort(along, kind="stable"), kind="stable")
            answer[rows, columns] = label * pieces + place * pieces // rows.size
        return relabel(answer)

    def _grown(self, label_map: NDArray[np.int32], grown_px: int, filled: float) -> NDArray[np.int32]:
        distance, nearest = self._surroundings
        reach = max(float(grown_px), filled * float(distance.max(initial=0)))
        if not self.true.any():
            return label_map
        return np.where(distance <= reach, label_map.ravel()[nearest], 0).astype(np.int32)

    @cached_property
    def _surroundings(self) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
        """For each pixel the distance in px to the nearest structure, and that structure's pixel."""
        import cv2

        background = (self.true == 0).astype(np.uint8)
        distance, places = cv2.distanceTransformWithLabels(
            background, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
        )
        pixel_of = np.zeros(int(places.max(initial=0)) + 1, np.intp)
        inside = background.ravel() == 0
        pixel_of[places.ravel()[inside]] = np.flatnonzero(inside)
        return distance, pixel_of[places]

    @cached_property
    def _depth(self) -> NDArray[np.float32]:
        """For each pixel of the mask the distance in px to the background."""
        import cv2

        padded = np.pad((self.true != 0).astype(np.uint8), 1)
        return np.asarray(cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1], np.float32)
