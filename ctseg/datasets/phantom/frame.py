"""Where the body lies in the image: from mm in the body to pixels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ctseg.datasets.phantom.curves import Outline, rotated
from ctseg.datasets.phantom.stream import Stream

_NODES = 14
_NODE_MM = 55.0


@dataclass(frozen=True)
class Frame:
    """Pose, build and bends of one body.

    Attributes
    ----------
    size : height and width of the image in pixels
    spacing_mm : size of a pixel
    centre : pixel position (x, y) of the body's origin
    stretch : factors for x and y that make the reference body wide or deep
    tilt : in turns
    bends : (14, 14, 2) displacements in mm at nodes 55 mm apart, joined by a cubic B-spline
    """

    size: tuple[int, int]
    spacing_mm: float
    centre: tuple[float, float]
    stretch: tuple[float, float]
    tilt: float
    bends: NDArray[np.float64]

    def bent(self, outline: Outline) -> Outline:
        """Return the outline after the smooth displacement that all organs share, in mm."""
        at = outline / _NODE_MM + (_NODES / 2)
        at = np.clip(at, 1.0, _NODES - 2.001)
        cell = np.floor(at)
        t = at - cell
        cell = cell.astype(np.int64)
        square = t * t
        cube = square * t
        weights = (
            (1 - 3 * t + 3 * square - cube) / 6,
            (4 - 6 * square + 3 * cube) / 6,
            (1 + 3 * t + 3 * square - 3 * cube) / 6,
            cube / 6,
        )
        moved = outline
        for right in range(4):
            for down in range(4):
                node = self.bends[cell[:, 1] + down - 1, cell[:, 0] + right - 1]
                moved = moved + node * (weights[right][:, :1] * weights[down][:, 1:])
        return moved

    def to_pixels(self, outline: Outline) -> NDArray[np.float64]:
        """Return the outline in pixels, shape (N, 2): x, y."""
        posed = rotated(self.bent(outline) * np.array(self.stretch), self.tilt)
        return posed / self.spacing_mm + np.array(self.centre)


def random_bends(stream: Stream, spread_mm: float) -> NDArray[np.float64]:
    """Return displacements for ``Frame.bends``."""
    values = [stream.bell(spread_mm) for _ in range(_NODES * _NODES * 2)]
    return np.array(values).reshape(_NODES, _NODES, 2)
