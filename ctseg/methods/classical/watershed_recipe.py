"""The watershed recipe itself, as plain calls of scikit-image."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

STEPS = 5
MEDIAN_RADIUS_PX = 2
GRADIENT_RADIUS_PX = 5
STEEPEST_FLAT = 20
COMPACTNESS = 1e-4


def segment_image(image: NDArray[np.uint8], after_step: Callable[[int], None]) -> NDArray[np.int32]:
    """Flood the Sobel edges of an image from its flat places.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W)
    after_step : called with 1 to 5 when that many steps are done; may raise to end early

    Returns
    -------
    ndarray of int32, shape (H, W); every pixel belongs to a region unless no place is flat, then all are 0.
    """
    from scipy import ndimage
    from skimage.filters import rank, sobel
    from skimage.morphology import disk
    from skimage.segmentation import watershed

    edges = sobel(image)
    after_step(1)
    smooth = rank.median(image, disk(MEDIAN_RADIUS_PX))
    after_step(2)
    flat = rank.gradient(smooth, disk(GRADIENT_RADIUS_PX)) < STEEPEST_FLAT
    after_step(3)
    markers, _ = ndimage.label(flat)
    after_step(4)
    regions = watershed(edges, markers, compactness=COMPACTNESS)
    after_step(STEPS)
    return regions.astype(np.int32, copy=False)
