"""Graph-based segmentation itself, as a plain call of scikit-image."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

STEPS = 1
SCALE = 300
SIGMA_PX = 1.0
SMALLEST_PX = 80


def segment_image(image: NDArray[np.uint8], after_step: Callable[[int], None]) -> NDArray[np.int32]:
    """Divide an image by its graph of grey-level differences.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W)
    after_step : called with 1 when done; may raise to end early

    Returns
    -------
    ndarray of int32, shape (H, W), labels from 1
    """
    from skimage.segmentation import felzenszwalb

    regions = felzenszwalb(image, scale=SCALE, sigma=SIGMA_PX, min_size=SMALLEST_PX)
    after_step(STEPS)
    return (regions + 1).astype(np.int32)
