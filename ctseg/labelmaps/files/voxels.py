"""Label maps as the voxels of a volume of one slice or all, at the place of the images they belong to."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ctseg.labelmaps.checks import checked
from ctseg.slices.geometry import Geometry, across, is_place
from ctseg.slices.stack import Stack

_AS_WRITTEN = np.eye(4)[:, [1, 0, 2, 3]]
_STRAIGHT_MM = 0.25
"""How far a slice may lie from where even steps from the first to the last would put it."""
UNEVEN = "The slices do not follow each other in even steps, so the file does not say where they lie."


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


def voxels_of_stack(label_maps: NDArray[np.integer], stack: Stack) -> tuple[Voxels, str]:
    """Arrange label maps (N, H, W) of a stack as one volume, as `voxels_of` does for one of them.

    Returns
    -------
    the voxels, and a sentence where the slices' place in the patient could not be kept, else "".
    """
    note = ""
    if stack.affines is not None:
        first, last = stack.affines[0], stack.affines[-1]
        affine = first[:, [1, 0, 2, 3]].copy()
        affine[:3, 2] = (last[:3, 3] - first[:3, 3]) / max(len(stack) - 1, 1)
        even = affine[:3, 3] + np.arange(len(stack))[:, None] * affine[:3, 2]
        straight = np.abs(stack.affines[:, :3, 3] - even).max() <= _STRAIGHT_MM
        alike = np.allclose(stack.affines[:, :3, :2], first[:3, :2], atol=1e-3)
        if straight and alike and is_place(affine):
            i, j, k = (float(length) for length in np.linalg.norm(affine[:3, :3], axis=0))
            return Voxels(np.ascontiguousarray(label_maps.transpose(2, 1, 0)), affine, (i, j, k)), ""
        note = UNEVEN
    grid = _AS_WRITTEN if stack.grid is None else stack.grid
    axes = [int(np.argmax(np.abs(grid[:3, axis]))) for axis in range(3)]
    image = label_maps.transpose(1, 2, 0)
    image = image[tuple(slice(None, None, -1 if grid[axes[k], k] < 0 else 1) for k in range(3))]
    rows, columns = stack.spacing_mm or (1.0, 1.0)
    spacing = [1.0, 1.0, 1.0]
    spacing[axes[0]], spacing[axes[1]] = rows, columns
    spacing_ijk = None if stack.spacing_mm is None else (spacing[0], spacing[1], spacing[2])
    return Voxels(np.ascontiguousarray(np.moveaxis(image, (0, 1, 2), axes)), None, spacing_ijk), note
