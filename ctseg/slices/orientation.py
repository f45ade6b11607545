"""How a slice lies on the display: what its file says of it, and turns by quarters and mirrors."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ctseg.slices.ct_slice import CTSlice

Lie = Literal["upright", "left", "upside down", "right", "coronal", "sagittal"]
"""Where the patient's front points on the display; or the plane of a slice that is not axial."""


def lie_of(affine: NDArray[np.float64] | None) -> Lie | None:
    """Return how a slice lies, from its place in the patient.

    Parameters
    ----------
    affine : ndarray, shape (4, 4), maps pixel (row, column, 0) to RAS+ mm, or None

    Returns
    -------
    Lie, or None where the place is unknown.
    """
    if affine is None:
        return None
    rows, columns = affine[:3, 0], affine[:3, 1]
    across = int(np.argmax(np.abs(np.cross(rows, columns))))
    if across != 2:
        return "sagittal" if across == 0 else "coronal"
    if abs(rows[1]) >= abs(columns[1]):
        return "upright" if rows[1] < 0 else "upside down"
    return "left" if columns[1] < 0 else "right"


@dataclass(frozen=True)
class Turn:
    """Quarter turns and mirrors of an image: x' = a x + b y, y' = c x + d y, from the image's middle.

    x counts to the right and y down, primes are on the display.
    """

    a: int = 1
    b: int = 0
    c: int = 0
    d: int = 1

    @classmethod
    def of(cls, numbers: Sequence[Any]) -> "Turn":
        """Return the turn of four numbers.

        Raises
        ------
        ValueError
            If they are no quarter turn or mirror.
        """
        for each in _TURNS:
            if list(numbers) == list(each):
                return cls(*each)
        raise ValueError("These numbers are no quarter turn or mirror.")

    @property
    def back(self) -> "Turn":
        """The turn that undoes this one."""
        return Turn(self.a, self.c, self.b, self.d)

    def applied(self, image: NDArray[Any]) -> NDArray[Any]:
        """Return an image, shape (H, W), turned: shape (H, W) or (W, H), contiguous."""
        turned = image[:: self.d, :: self.a] if self.a else image[:: self.b, :: self.c].T
        return np.ascontiguousarray(turned)

    def applied_to_slice(self, ct_slice: CTSlice) -> CTSlice:
        """Return a slice turned; where it lies in the patient is not kept."""
        spacing = ct_slice.spacing_mm
        if spacing is not None and not self.a:
            spacing = (spacing[1], spacing[0])
        pixels = self.applied(ct_slice.pixels)
        return replace(ct_slice, pixels=pixels, spacing_mm=spacing, affine=None, grid=None)


_TURNS = [(1, 0, 0, 1), (-1, 0, 0, 1), (1, 0, 0, -1), (-1, 0, 0, -1)]
_TURNS += [(0, 1, 1, 0), (0, -1, 1, 0), (0, 1, -1, 0), (0, -1, -1, 0)]
UPRIGHT = Turn()
