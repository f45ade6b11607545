"""Groups of near-duplicate slices, for datasets whose patients are unknown."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ctseg.datasets.split import Split
from ctseg.slices.windowing import SOFT_TISSUE, to_uint8

THUMBNAIL_SIDE = 32
# No two slices of different patients correlate by more than 0.92 in the 365 slices of ct-fewshot's train
# and unlabelled splits (78 patients); next slices of one series go up to 0.98.
CORRELATION = 0.93


def near_duplicate_groups(split: Split, correlation: float = CORRELATION) -> tuple[str, ...]:
    """Return for each image the group in which it must stay when the split is divided.

    Two images belong together if their thumbnails (32 x 32 px, averaged over areas) correlate by more than
    ``correlation``, or if a chain of such pairs joins them. A group is named after its first image.

    Parameters
    ----------
    split : dataset split of any size; every image is read once
    correlation : smallest Pearson correlation of two near-duplicates, in [-1, 1]

    Returns
    -------
    One group name an image, in the split's order.
    """
    if len(split) == 0:
        return ()
    thumbnails = np.stack([_thumbnail(to_uint8(split.slice(i), SOFT_TISSUE)) for i in range(len(split))])
    alike = thumbnails @ thumbnails.T > correlation
    first = _first_of_component(alike)
    return tuple(split.images[index] for index in first)


def _thumbnail(grey: NDArray[np.uint8]) -> NDArray[np.float64]:
    import cv2

    small = cv2.resize(grey, (THUMBNAIL_SIDE, THUMBNAIL_SIDE), interpolation=cv2.INTER_AREA)
    centred = np.asarray(small, np.float64).ravel() - float(np.mean(small))
    return centred / max(float(np.linalg.norm(centred)), 1e-9)


def _first_of_component(alike: NDArray[np.bool_]) -> Sequence[int]:
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    _, component = connected_components(csr_array(alike), directed=False)
    _, first = np.unique(component, return_index=True)
    return [int(first[number]) for number in component]
