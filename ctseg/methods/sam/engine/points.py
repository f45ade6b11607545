"""The grid of prompt points, those on the body."""

import numpy as np
from numpy.typing import NDArray

from ctseg.methods.base.body import body_mask


def grid_points(shape: tuple[int, int], per_side: int) -> NDArray[np.float64]:
    """Return the centres of ``per_side`` x ``per_side`` equal cells, row by row.

    Returns
    -------
    ndarray of float64, shape (per_side ** 2, 2): (x, y) in pixels of a slice of this (H, W) shape.
    """
    height, width = shape
    centres = (np.arange(per_side) + 0.5) / per_side
    y, x = np.meshgrid(centres * height, centres * width, indexing="ij")
    return np.stack([x.ravel(), y.ravel()], axis=1)


def points_on_body(image: NDArray[np.uint8], per_side: int) -> NDArray[np.float64]:
    """Return the grid points that lie on the body, or all of them if none does.

    Returns
    -------
    ndarray of float64, shape (N, 2): (x, y) in pixels.
    """
    points = grid_points((image.shape[0], image.shape[1]), per_side)
    columns, rows = points.astype(np.intp).T
    inside = body_mask(image)[rows, columns]
    return points[inside] if inside.any() else points
