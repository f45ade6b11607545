"""Rows that look at the truth: floors and ceilings that every board is read against."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ctseg.labelmaps import connected_regions

Oracle = Callable[[NDArray[np.integer]], NDArray[np.int32]]


def one_label_everywhere(true: NDArray[np.integer]) -> NDArray[np.int32]:
    """Return a label map of one structure that fills the image."""
    return np.ones(true.shape, np.int32)


def true_mask_as_one_region(true: NDArray[np.integer]) -> NDArray[np.int32]:
    """Return the true foreground as a single structure: nothing is separated."""
    return (true != 0).astype(np.int32)


def true_mask_connected_regions(true: NDArray[np.integer]) -> NDArray[np.int32]:
    """Return the connected regions of the true foreground: the best that a mask alone can do."""
    return connected_regions(true != 0)


ORACLES: dict[str, tuple[str, Oracle]] = {
    "oracle-one-label": ("One label everywhere", one_label_everywhere),
    "oracle-mask": ("True mask as one region", true_mask_as_one_region),
    "oracle-regions": ("True mask + connected regions", true_mask_connected_regions),
}
