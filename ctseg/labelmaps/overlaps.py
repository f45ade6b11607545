"""How many pixels the structures of two label maps share."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ctseg.labelmaps.runs import run_lengths


@dataclass(frozen=True)
class Overlaps:
    """Pairs of structures that share pixels.

    Attributes
    ----------
    first, second : (K,) labels of each pair; never 0.
    shared : (K,) px that the two structures share.
    first_sizes, second_sizes : (K,) px of the whole structures.
    pair_of_run : (R,) for each run of pixels with the same two labels the position of its pair, or K.
    lengths : (R,) px of each run.
    shape : (H, W) of the label maps.
    """

    first: NDArray[np.integer]
    second: NDArray[np.integer]
    shared: NDArray[np.integer]
    first_sizes: NDArray[np.integer]
    second_sizes: NDArray[np.integer]
    pair_of_run: NDArray[np.integer]
    lengths: NDArray[np.integer]
    shape: tuple[int, ...]

    @property
    def iou(self) -> NDArray[np.float64]:
        """Intersection over union of each pair, in (0, 1]."""
        return self.shared / (self.first_sizes + self.second_sizes - self.shared)

    def painted(self, marks: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return an image (H, W) with each pair's mark on the pixels that it shares, and 0 elsewhere."""
        return np.repeat(np.append(marks, np.uint8(0))[self.pair_of_run], self.lengths).reshape(self.shape)


def overlaps(first: NDArray[np.int32], second: NDArray[np.int32]) -> Overlaps:
    """Count the shared pixels of all pairs of structures.

    Parameters
    ----------
    first, second : ndarray of int32, shape (H, W), with labels 1..n; 0 is background and no structure
    """
    width = int(second.max(initial=0)) + 1
    keys = first.astype(np.int64) * width + second
    starts, lengths = run_lengths(keys)
    pairs, position = np.unique(keys.ravel()[starts], return_inverse=True)
    rows, columns = np.divmod(pairs, width)
    shared = np.bincount(position, weights=lengths, minlength=pairs.size).astype(np.int64)
    first_sizes = np.bincount(rows, weights=shared).astype(np.int64)
    second_sizes = np.bincount(columns, weights=shared).astype(np.int64)
    kept = (rows > 0) & (columns > 0)
    place = np.where(kept, np.cumsum(kept) - 1, np.count_nonzero(kept))
    rows, columns = rows[kept], columns[kept]
    return Overlaps(
        first=rows,
        second=columns,
        shared=shared[kept],
        first_sizes=first_sizes[rows],
        second_sizes=second_sizes[columns],
        pair_of_run=place[position],
        lengths=lengths,
        shape=first.shape,
    )
