"""Where the patient is, so that nothing is spent on air."""

import numpy as np
from numpy.typing import NDArray

MAX_SIDE, MAX_SIDE_OF_AIR = 1024, 512
MIN_BODY = 0.01
"""Share of the slice below which a region is taken for noise, not for the body."""
MAX_GAP = 1 / 24
"""Share of the longer side: narrower gaps in the body's wall are closed, for some windows show fat as air."""
MAX_OPENING = 1 / 12
"""Share of the longer side: air that an opening as wide leads into from outside is no part of the body.

Narrower ones lead into lungs where a window shows fat as air too.
"""


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

    small, step = _reduced(image, MAX_SIDE)
    reach = max(1, round(MAX_GAP * max(small.shape)))
    closed = np.ascontiguousarray(_closed(small, reach)[reach:-reach, reach:-reach])
    _, regions, statistics, _ = cv2.connectedComponentsWithStats(closed, connectivity=4)
    areas = statistics[1:, cv2.CC_STAT_AREA]
    if areas.size == 0 or areas.max() < MIN_BODY * small.size:
        return np.ones(image.shape, dtype=bool)
    largest = (regions == 1 + int(np.argmax(areas))).astype(np.uint8)
    outlines, _ = cv2.findContours(largest, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    # The hull, for a wall with a wide gap would leave a lung outside; it costs a few points on air.
    hull = cv2.convexHull(np.concatenate(outlines))
    filled = cv2.fillConvexPoly(largest, hull, 1).astype(bool)
    return _enlarged(filled, step, image.shape)


def body_without_air(image: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return the body as `body_mask` does, without the air between it and the table that its hull encloses.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W)

    Returns
    -------
    ndarray of bool, shape (H, W); all True if no body can be told from air.
    """
    body = body_mask(image)
    return body if body.all() else body & ~outside_air(image)


def outside_air(image: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return the air around the body, as far as openings of `MAX_OPENING` lead; mirrored for a mirror image.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W)

    Returns
    -------
    ndarray of bool, shape (H, W)
    """
    import cv2

    small, step = _reduced(image, MAX_SIDE_OF_AIR)
    reach = round(MAX_OPENING * max(small.shape)) | 1  # odd, for the sake of mirrored images
    _, regions = cv2.connectedComponents((_closed(small, reach) == 0).astype(np.uint8), connectivity=4)
    air = (regions == regions[0, 0])[reach:-reach, reach:-reach]
    return _enlarged(air, step, image.shape)


def _reduced(image: NDArray[np.uint8], side: int) -> tuple[NDArray[np.uint8], int]:
    step = -(-max(image.shape) // side)
    return np.ascontiguousarray(image[::step, ::step]), step


def _closed(image: NDArray[np.uint8], reach: int) -> NDArray[np.uint8]:
    """What is not air, its gaps narrower than ``reach`` closed; ``reach`` pixels of air around it."""
    import cv2

    solid = (image > _air_threshold(image)).astype(np.uint8)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    padded = cv2.copyMakeBorder(solid, reach, reach, reach, reach, cv2.BORDER_CONSTANT, value=0)
    return np.asarray(cv2.morphologyEx(padded, cv2.MORPH_CLOSE, kernel), np.uint8)


def _enlarged(mask: NDArray[np.bool_], step: int, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    return np.kron(mask, np.ones((step, step), dtype=bool))[: shape[0], : shape[1]]
