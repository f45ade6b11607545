"""Multi-Otsu classes and their connected regions, as plain calls of scikit-image and SciPy."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

STEPS = 3
CLASSES = 4
MEDIAN_PX = 5


def segment_image(image: NDArray[np.uint8], after_step: Callable[[int], None]) -> NDArray[np.int32]:
    """Divide an image into the connected regions of its grey-level classes.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W)
    after_step : called with 1 to 3 when that many steps are done; may raise to end early

    Returns
    -------
    ndarray of int32, shape (H, W), labels from 1; all 1 if there are fewer grey levels than classes.
    """
    from scipy import ndimage
    from skimage.filters import threshold_multiotsu
    from skimage.measure import label

    smooth = ndimage.median_filter(image, size=MEDIAN_PX)
    after_step(1)
    if np.unique(smooth).size < CLASSES:
        classes = np.zeros(image.shape, dtype=np.intp)
    else:
        classes = np.digitize(smooth, threshold_multiotsu(smooth, classes=CLASSES))
    after_step(2)
    regions = label(classes + 1, connectivity=2)
    after_step(STEPS)
    return regions.astype(np.int32)
