"""What looks like a mistake in label maps that can be taken as they are: said before they are scored."""

import numpy as np
from numpy.typing import NDArray

MIN_GREY_LEVELS = 48
MIN_GREY_CHANGES = 0.25
"""Share of neighbouring pixels that differ: label maps of many small regions stay below a tenth."""


def submission_hints(label_maps: NDArray[np.integer]) -> tuple[str, ...]:
    """Return a sentence for each thing that looks like a mistake.

    Parameters
    ----------
    label_maps : ndarray of integers, shape (N, H, W); 0 is background, every other value is one structure

    Returns
    -------
    tuple of sentences; empty where nothing looks odd.
    """
    count = len(label_maps)
    empty = sum(not each.any() for each in label_maps)
    constant = sum(
        bool(each.size) and each.flat[0] != 0 and (each == each.flat[0]).all() for each in label_maps
    )
    grey = sum(_looks_grey(each) for each in label_maps)
    single = sum(np.unique(each[each != 0]).size == 1 for each in label_maps) - constant
    hints = []
    if empty == count:
        hints.append(
            "Nothing is marked in any image: all pixels are background, so every index will be near 0."
        )
    elif 2 * empty > count:
        hints.append(f"Nothing is marked in {empty} of {count} images: all their pixels are background.")
    if constant:
        hints.append(
            f"In {constant} of {count} images all pixels have one value: each is one structure that fills it."
        )
    if 2 * grey > count:
        hints.append(
            f"{grey} of {count} images look like grey levels and not like label maps: each value would be "
            "one structure of scattered pixels."
        )
    if single == count:
        hints.append(
            "Every image has one structure only; if these are masks, give each structure a value of its own."
        )
    return tuple(hints)


def _looks_grey(label_map: NDArray[np.integer]) -> bool:
    if label_map.shape[1] < 2 or np.unique(label_map).size < MIN_GREY_LEVELS:
        return False
    return bool((label_map[:, 1:] != label_map[:, :-1]).mean() > MIN_GREY_CHANGES)
