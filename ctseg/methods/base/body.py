"""Where the patient is, so that nothing is spent on air."""

import numpy as np
from numpy.typing import NDArray

MAX_SIDE = 1024
MIN_BODY = 0.01
"""Share of the slice below which a region is taken for noise, not for the body."""
MAX_GAP = 1 / 24
"""Share of the longer side: narrower gaps in the body's wall are closed, for some windows show fat as air."""


def _air_threshold(image: NDArray[np.uint8]) -> int:
    """Grey level above which a pixel is not air: a quarter of the way from air's mode to Otsu's threshold.

    Otsu alone would cut off fat, which is darker than half of the grey levels in a soft-tissue window.
    """
    import cv2

    otsu, _ = cv2.threshold(image, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    histogram = np.bincount(image.ravel(), minlength=256)
    air = int(np.argmax(histogram[: int(otsu) + 1]))
    return air + max(1, round((otsu - air) / 4))


def body_mask(image: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return the largest connected region that is not air, with what it encloses: its convex hull.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W)

    Returns
    -------
    ndarray of bool, shape (H, W); all True if no body can be told from air.
    """
    import cv2

    step = -(-max(image.shape) // MAX_SIDE)
    small = np.ascontiguousarray(image[::step, ::step])
    solid = (small > _air_threshold(small)).astype(np.uint8)
    reach = max(1, round(MAX_GAP * max(small.shape)))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    padded = cv2.copyMakeBorder(solid, reach, reach, reach, reach, cv2.BORDER_CONSTANT, value=0)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, kernel)[reach:-reach, reach:-reach]
    _, regions, statistics, _ = cv2.connectedComponentsWithStats(closed, connectivity=4)
    areas = statistics[1:, cv2.CC_STAT_AREA]
    if areas.size == 0 or areas.max() < MIN_BODY * small.size:
        return np.ones(image.shape, dtype=bool)
    largest = (regions == 1 + int(np.argmax(areas))).astype(np.uint8)
    outlines, _ = cv2.findContours(largest, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    # The hull, for a wall with a wide gap would leave a lung outside; it costs a few points on air.
    hull = cv2.convexHull(np.concatenate(outlines))
    filled = cv2.fillConvexPoly(largest, hull, 1).astype(bool)
    return np.kron(filled, np.ones((step, step), dtype=bool))[: image.shape[0], : image.shape[1]]
