"""Turning a label map to lie as its slice lies, where both say how they lie in the patient."""

import numpy as np
from numpy.typing import NDArray


def orient_like(
    label_map: NDArray[np.integer],
    affine: NDArray[np.floating],
    slice_affine: NDArray[np.floating],
) -> NDArray[np.integer]:
    """Turn and flip a label map so that its rows and columns point where those of the slice point.

    Label maps from other programs often store a slice with other axes first or backwards. Directions are
    compared to the nearest quarter turn; position and spacing are not looked at.

    Parameters
    ----------
    label_map : ndarray, shape (H, W)
    affine, slice_affine : ndarray, shape (4, 4), map (row, column, 0) of the label map and of the slice to
        RAS+ mm

    Returns
    -------
    ndarray, shape (H, W) or (W, H): a view of the label map.
    """
    own, wanted = _directions(affine), _directions(slice_affine)
    agreement = wanted.T @ own
    if abs(agreement[0, 1]) > abs(agreement[0, 0]):
        label_map, agreement = label_map.T, agreement[:, ::-1]
    rows = slice(None, None, -1) if agreement[0, 0] < 0 else slice(None)
    columns = slice(None, None, -1) if agreement[1, 1] < 0 else slice(None)
    return label_map[rows, columns]


def _directions(affine: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the unit vectors of rows and columns, shape (3, 2)."""
    axes = np.asarray(affine, dtype=np.float64)[:3, :2]
    return axes / np.maximum(np.linalg.norm(axes, axis=0), np.finfo(np.float64).tiny)
