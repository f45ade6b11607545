"""A label map as the voxels of a volume of one slice, at the place of the image it belongs to."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ctseg.labelmaps.checks import checked
from ctseg.slices.geometry import Geometry, across, is_place

_AS_WRITTEN = np.eye(4)[:, [1, 0, 2, 3]]


@dataclass(frozen=True, eq=False)
class Voxels:
    """What a volume of one slice is written from.

    Attributes
    ----------
    labels : ndarray of integers, shape (I, J, K), one of them 1
    affine : ndarray, shape (4, 4), maps (i, j, k) to RAS+ mm, or None where the place is unknown
    spacing_mm : distance between voxels along i, j, k; 1 across the slice where it is unknown; or None
    """

    labels: NDArray[np.integer]
    affine: NDArray[np.float64] | None
    spacing_mm: tuple[float, float, float] | None


def voxels_of(label_map: NDArray[np.generic], geometry: Geometry) -> Voxels:
    """Arrange a label map: i along the columns and j along the rows where its place is known.

    The slice of a sheared volume is not sheared, so the third direction is set at right angles on the slice.
    Of unknown place, the label map runs along the same axes as the file of voxels that its image came from.

    Raises
    ------
    ValueError
        If it is not a label map.
    """
    label_map = checked(label_map)
    affine = None if geometry.affine is None else across(np.array(geometry.affine, np.float64))
    if affine is not None and is_place(affine):
        affine = affine[:, [1, 0, 2, 3]]
        i, j, k = (float(length) for length in np.linalg.norm(affine[:3, :3], axis=0))
        return Voxels(np.ascontiguousarray(label_map.T)[:, :, np.newaxis], affine, (i, j, k))
    grid = _AS_WRITTEN if geometry.grid is None else geometry.grid
    rows, columns = (int(np.argmax(np.abs(grid[:3, axis]))) for axis in (0, 1))
    stored = label_map[:: -1 if grid[rows, 0] < 0 else 1, :: -1 if grid[columns, 1] < 0 else 1]
    voxels = np.expand_dims(stored if rows < columns else stored.T, 3 - rows - columns)
    spacing = [1.0, 1.0, 1.0]
    spacing[rows], spacing[columns] = geometry.spacing_mm or (1.0, 1.0)
    spacing_ijk = None if geometry.spacing_mm is None else (spacing[0], spacing[1], spacing[2])
    return Voxels(np.ascontiguousarray(voxels), None, spacing_ijk)
