"""Whether another program says the same of a volume as ctseg does."""

import numpy as np
from numpy.typing import NDArray

from ctseg.slices import Stack

Volume = tuple[NDArray[np.generic], NDArray[np.float64]]
"""Values (N, H, W) or (I, J, K), and the map from their indices to RAS+ mm."""


def agree(stack: Stack, other: Volume) -> bool:
    """Whether every pixel of ctseg's stack has the same value where the other tool puts its place."""
    values, place = other
    if values.ndim != 3 or values.size != stack.pixels.size:
        return False
    assert stack.affines is not None
    height, width = stack.pixels.shape[1:]
    rows, columns = np.mgrid[:height, :width]
    pixels = np.stack([rows.ravel(), columns.ravel(), 0 * rows.ravel(), 1 + 0 * rows.ravel()])
    for k in range(len(stack)):
        found = np.linalg.solve(place, stack.affines[k] @ pixels)[:3]
        nearest = np.rint(found).astype(int)
        inside = (nearest >= 0).all() and all(nearest.max(axis=1) < values.shape)
        if not inside or np.abs(found - nearest).max() > 0.01:
            return False
        if not np.allclose(values[tuple(nearest)], stack.pixels[k].ravel(), atol=1e-3):
            return False
    return True
