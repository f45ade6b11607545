"""A volume in any orientation, seen as axial slices the way radiologists look at them."""

import numpy as np
from nibabel.orientations import io_orientation
from numpy.typing import NDArray


def axial_view(
    voxels: NDArray[np.generic], affine: NDArray[np.float64]
) -> tuple[NDArray[np.generic], NDArray[np.float64]]:
    """Reorder and flip axes; an oblique volume is taken along the axis nearest to head and feet.

    Parameters
    ----------
    voxels : ndarray, shape (I, J, K)
    affine : ndarray, shape (4, 4), maps (i, j, k) to RAS+ mm

    Returns
    -------
    slices : a view of ``voxels``, shape (N, H, W): feet first, rows from anterior to posterior,
        columns from the patient's right to the left
    affine : ndarray, shape (4, 4), maps (row, column, slice) to RAS+ mm
    """
    nearest = io_orientation(affine)
    source = {int(axis): index for index, axis in enumerate(nearest[:, 0])}
    right, anterior, superior = source[0], source[1], source[2]
    # Towards superior the slices count up; towards right and anterior columns and rows count down.
    backwards = {
        right: nearest[right, 1] > 0,
        anterior: nearest[anterior, 1] > 0,
        superior: nearest[superior, 1] < 0,
    }
    order = (anterior, right, superior)
    back = np.zeros((4, 4))
    back[3, 3] = 1.0
    for column, axis in enumerate(order):
        back[axis, column] = -1.0 if backwards[axis] else 1.0
        back[axis, 3] = voxels.shape[axis] - 1 if backwards[axis] else 0.0
    flips = tuple(slice(None, None, -1) if backwards[axis] else slice(None) for axis in range(3))
    return voxels[flips].transpose(superior, anterior, right), affine @ back
