"""The one image of a slice that everything else in the project works on."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ctseg.errors import UserError
from ctseg.slices.geometry import Geometry

Intensity = Literal["HU", "8-bit"]


class SliceError(UserError):
    """A file cannot be read as a CT slice; the message is one sentence for the person who uploaded it."""


@dataclass(frozen=True)
class Window:
    """A display or input window in HU: ``level - width / 2`` maps to 0, ``level + width / 2`` to 255."""

    width: float
    level: float


@dataclass(frozen=True)
class CTSlice:
    """One 2-D CT image.

    Attributes
    ----------
    pixels : ndarray, shape (H, W)
        float32 in HU if ``intensity`` is ``"HU"``; uint8 in [0, 255] of unknown window if it is ``"8-bit"``.
    intensity : "HU" or "8-bit"
    spacing_mm : (row, column) distance between pixel centres in mm, or None where the file does not say.
    source : the format the slice came from, such as ``"DICOM"``; never a file name.
    window : the display window stored in the file, or None.
    affine : ndarray of float64, shape (4, 4), or None
        Maps voxel (row, column, 0) of ``pixels`` to RAS+ mm, so that label maps can be written in place.
    notes : one sentence each on what was left out of the file, or could not be believed of it.
    grid : ndarray of float64, shape (4, 4), or None
        Maps (row, column, 0) to voxel (i, j, k) of the file, for files of voxels.
    """

    pixels: NDArray[np.generic]
    intensity: Intensity
    spacing_mm: tuple[float, float] | None
    source: str
    window: Window | None = None
    affine: NDArray[np.float64] | None = None
    notes: tuple[str, ...] = ()
    grid: NDArray[np.float64] | None = None

    @property
    def geometry(self) -> Geometry:
        """Where the pixels lie."""
        return Geometry(self.shape, self.affine, self.spacing_mm, self.grid)

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        height, width = self.pixels.shape
        return height, width
