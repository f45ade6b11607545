"""A label map painted over its slice."""

import numpy as np
from numpy.typing import NDArray

from ctseg.labelmaps.checks import checked
from ctseg.labelmaps.palette import PALETTE_SIZE, colour_index, colours
from ctseg.labelmaps.regions import relabel


def overlay_filled(
    grey: NDArray[np.uint8], label_map: NDArray[np.generic], opacity: float = 0.5
) -> NDArray[np.uint8]:
    """Blend every structure's colour over the slice.

    Parameters
    ----------
    grey : ndarray of uint8, shape (H, W): the slice as displayed
    label_map : ndarray of integers or bool, shape (H, W), non-negative; 0 stays grey
    opacity : 0 (the slice alone) to 1 (the colours alone)

    Returns
    -------
    ndarray of uint8, shape (H, W, 3), RGB; the colour of a label is that of ``palette.colours``.

    Raises
    ------
    ValueError
        If the shapes or types do not fit, or opacity is outside 0 to 1.
    """
    label_map = _checked_pair(grey, label_map, opacity)
    return _blend(grey, label_map, label_map != 0, opacity)


def overlay_outlined(
    grey: NDArray[np.uint8], label_map: NDArray[np.generic], opacity: float = 1.0, thickness: int = 1
) -> NDArray[np.uint8]:
    """Draw every structure's outline, inside the structure, over the slice.

    Parameters
    ----------
    grey : ndarray of uint8, shape (H, W): the slice as displayed
    label_map : ndarray of integers or bool, shape (H, W), non-negative
    opacity : 0 to 1, of the lines
    thickness : of the lines in px, at least 1

    Returns
    -------
    ndarray of uint8, shape (H, W, 3), RGB

    Raises
    ------
    ValueError
        If the shapes or types do not fit, opacity is outside 0 to 1, or thickness is below 1.
    """
    label_map = _checked_pair(grey, label_map, opacity)
    return _blend(grey, label_map, outlines(label_map, thickness), opacity)


def outlines(label_map: NDArray[np.generic], thickness: int = 1) -> NDArray[np.bool_]:
    """Return the pixels of structures within ``thickness`` px (4-neighbour steps) of another label.

    The border of the image is no outline.

    Parameters
    ----------
    label_map : ndarray of integers or bool, shape (H, W), non-negative
    thickness : px, at least 1

    Returns
    -------
    ndarray of bool, shape (H, W)
    """
    import cv2

    if thickness < 1:
        raise ValueError(f"Outlines cannot be {thickness} px thick; choose 1 or more.")
    # OpenCV filters float32, not int32; it holds every number of structures an image can have.
    numbers = relabel(label_map).astype(np.float32)
    if not numbers.size:
        return np.zeros(numbers.shape, dtype=bool)
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    lowest = cv2.erode(numbers, cross, iterations=thickness)
    highest = cv2.dilate(numbers, cross, iterations=thickness)
    return np.asarray((lowest != highest) & (numbers > 0))


def _checked_pair(
    grey: NDArray[np.uint8], label_map: NDArray[np.generic], opacity: float
) -> NDArray[np.integer]:
    if grey.dtype != np.uint8:
        raise ValueError(f"The slice holds {grey.dtype} values; apply a display window first.")
    if grey.shape != label_map.shape:
        raise ValueError(
            f"The label map has shape {label_map.shape} and the slice {grey.shape}; they must be equal."
        )
    if not 0 <= opacity <= 1:
        raise ValueError(f"The opacity is {opacity}; choose a number from 0 to 1.")
    return checked(label_map)


def _blend(
    grey: NDArray[np.uint8], label_map: NDArray[np.integer], painted: NDArray[np.bool_], opacity: float
) -> NDArray[np.uint8]:
    # There are few colours and 256 greys: blend those, and look every pixel up.
    greys = np.arange(256, dtype=np.float64)[:, np.newaxis]
    colour = colours(PALETTE_SIZE)[:, np.newaxis].astype(np.float64)
    blended = np.round(greys + opacity * (colour - greys))
    unpainted = np.broadcast_to(greys, (1, 256, 3))
    table = np.concatenate((blended, unpainted)).astype(np.uint8)
    rows = np.where(painted, colour_index(label_map), PALETTE_SIZE)
    return table.reshape(-1, 3)[rows * 256 + grey]
