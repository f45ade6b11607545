"""Runs of equal labels within a row: label maps have few of them, so work per run is quick."""

import numpy as np
from numpy.typing import NDArray


def run_lengths(label_map: NDArray[np.integer]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Find the runs of a label map of shape (H, W); none goes past the end of its row.

    Returns
    -------
    starts : index of each run's first pixel in the flattened map
    lengths : px of each run
    """
    if not label_map.size:
        return np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp)
    begins = np.ones(label_map.shape, dtype=bool)
    np.not_equal(label_map[:, 1:], label_map[:, :-1], out=begins[:, 1:])
    starts = np.flatnonzero(begins)
    return starts, np.diff(starts, append=label_map.size)
