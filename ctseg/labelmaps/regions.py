"""Connected regions and consecutive numbers."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ctseg.labelmaps.checks import checked

Connectivity = Literal[4, 8]

# Labels below this value are renumbered through an array indexed by label, larger ones by sorting.
_LOOKED_UP_BELOW = 1 << 22


def connected_regions(
    label_map_or_mask: NDArray[np.generic], connectivity: Connectivity = 8
) -> NDArray[np.int32]:
    """Give every connected region of one non-zero value a label of its own.

    Parameters
    ----------
    label_map_or_mask : ndarray of integers or bool, shape (H, W), non-negative; 0 is background
    connectivity : 4 (shared edges) or 8 (corners too); 8 is what the published scores of true masks with
        connected regions were taken with.

    Returns
    -------
    ndarray of int32, shape (H, W): 0 stays, regions are 1..n in the order of their first pixel, row by row.

    Raises
    ------
    ValueError
        If it is not an integer array of shape (H, W), has negative labels, or connectivity is not 4 or 8.
    """
    if connectivity not in (4, 8):
        raise ValueError(f"Regions cannot be {connectivity}-connected; choose 4 or 8.")
    label_map = checked(label_map_or_mask)
    if not label_map.size:
        return np.zeros(label_map.shape, np.int32)
    numbers = relabel(label_map)
    if numbers.max() <= 1:
        return in_reading_order(_of_mask(numbers, connectivity))
    return _of_many_values(numbers, connectivity)


def relabel(label_map: NDArray[np.generic]) -> NDArray[np.int32]:
    """Renumber the labels that occur to 1..n in ascending order of their values; 0 stays 0.

    Parameters
    ----------
    label_map : ndarray of integers or bool, shape (H, W), non-negative

    Returns
    -------
    ndarray of int32, shape (H, W); always a copy.

    Raises
    ------
    ValueError
        If it is not an integer array of shape (H, W), or has negative labels.
    """
    return renumbered(label_map)[1]


def largest_structures(label_map: NDArray[np.generic], count: int) -> NDArray[np.int32]:
    """Keep the ``count`` structures of most pixels, renumbered 1..n; the others become background.

    Of structures of one size the lower labels are kept. For formats that hold few labels, such as the
    challenge's (255).

    Parameters
    ----------
    label_map : ndarray of integers or bool, shape (H, W), non-negative
    count : how many structures to keep, at least 0

    Returns
    -------
    ndarray of int32, shape (H, W)
    """
    numbers = relabel(label_map)
    sizes = np.bincount(numbers.ravel(), minlength=1)[1:]
    if sizes.size <= count:
        return numbers
    kept = np.argsort(-sizes, kind="stable")[:count] + 1
    return relabel(np.where(np.isin(numbers, kept), numbers, 0))


def renumbered(label_map: NDArray[np.generic]) -> tuple[NDArray[np.integer], NDArray[np.int32]]:
    """Return the structures' values, ascending, and the label map with value number k as k + 1 (0 stays)."""
    label_map = checked(label_map)
    if label_map.size == 0 or int(label_map.max()) >= _LOOKED_UP_BELOW:
        values, positions = np.unique(label_map, return_inverse=True)
        first = int(np.searchsorted(values, 1))
        return values[first:], (positions.reshape(label_map.shape) + 1 - first).astype(np.int32)
    occurs = np.zeros(int(label_map.max()) + 1, dtype=bool)
    occurs[label_map] = True
    occurs[0] = False
    values = np.flatnonzero(occurs)
    numbers = np.zeros(occurs.size, dtype=np.int32)
    numbers[values] = np.arange(1, values.size + 1)
    return values, numbers[label_map]


def _of_mask(mask: NDArray[np.int32], connectivity: Connectivity) -> NDArray[np.int32]:
    import cv2

    regions = cv2.connectedComponents(mask.astype(np.uint8), connectivity=connectivity, ltype=cv2.CV_32S)[1]
    return np.asarray(regions, dtype=np.int32)


def _of_many_values(numbers: NDArray[np.int32], connectivity: Connectivity) -> NDArray[np.int32]:
    from skimage.measure import label  # imported late: the first page waits for everything imported here

    regions = label(numbers, background=0, connectivity=1 if connectivity == 4 else 2)
    return np.asarray(regions, dtype=np.int32)


def in_reading_order(regions: NDArray[np.int32]) -> NDArray[np.int32]:
    """Number labels 1..n by their first pixel, row by row.

    OpenCV's own order depends on its algorithm and threads.
    """
    first = first_pixels(regions)
    numbers = np.zeros(first.size + 1, dtype=np.int32)
    numbers[np.argsort(first) + 1] = np.arange(1, first.size + 1)
    return numbers[regions]


def first_pixels(regions: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return where labels 1..n, which all occur, come first, row by row: places in the flattened array."""
    pixels = regions.ravel()
    first = np.empty(int(pixels.max(initial=0)) + 1, dtype=np.int64)
    # Written backwards, the earliest pixel of each region stays.
    first[pixels[::-1]] = np.arange(pixels.size - 1, -1, -1)
    return first[1:]
