"""The contingency table of two label maps: how many pixels carry each pair of labels."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

# Above this many cells, clearing and searching a dense table costs more than sorting the pairs.
_DENSE_CELLS = 1 << 18
# Labels below this value are renumbered through an array indexed by label, larger ones by sorting.
_LOOKED_UP_BELOW = 1 << 20

Labels = NDArray[np.integer]
Sizes = NDArray[np.int64]
Lengths = NDArray[np.float64] | None


@dataclass(frozen=True)
class ContingencyTable:
    """Pixel counts of the pairs of labels that occur, in sparse form.

    Attributes
    ----------
    predicted, true : (K,) integers, the two labels of each occurring pair.
    counts : (K,) int64, pixels that carry the pair; always above 0.
    predicted_labels, true_labels : (P,) and (T,) integers, ascending; 0 is among them if it occurs.
    predicted_sizes, true_sizes : (P,) and (T,) int64, pixels of each label; always above 0.
    """

    predicted: Labels
    true: Labels
    counts: Sizes
    predicted_labels: Labels
    true_labels: Labels
    predicted_sizes: Sizes
    true_sizes: Sizes

    @property
    def pixels(self) -> int:
        """Number of pixels counted."""
        return int(self.true_sizes.sum())

    @cached_property
    def predicted_index(self) -> NDArray[np.intp]:
        """Positions of ``predicted`` in ``predicted_labels``, shape (K,)."""
        return np.searchsorted(self.predicted_labels, self.predicted)

    @cached_property
    def true_index(self) -> NDArray[np.intp]:
        """Positions of ``true`` in ``true_labels``, shape (K,)."""
        return np.searchsorted(self.true_labels, self.true)


def contingency_table(predicted: NDArray[np.generic], true: NDArray[np.generic]) -> ContingencyTable:
    """Count the pairs of labels of two label maps.

    Parameters
    ----------
    predicted, true : ndarray of integers or bool, shape (H, W), any non-negative values

    Returns
    -------
    ContingencyTable

    Raises
    ------
    ValueError
        If a map is not an integer array, not two-dimensional or empty, has negative labels, or if
        the shapes differ.
    """
    predicted, true = _checked(predicted, "predicted"), _checked(true, "true")
    if predicted.shape != true.shape:
        raise ValueError(
            f"The label maps have different shapes, {predicted.shape} and {true.shape}; "
            "both must be the size of the slice."
        )
    first, second, lengths = _runs(predicted.ravel(), true.ravel())
    cells = (int(first.max()) + 1) * (int(second.max()) + 1)
    if _are_large(first) or _are_large(second) or (lengths is not None and cells > first.size):
        return _counted_by_position(first, second, lengths)
    return _counted(first, second, lengths)


def table_of_pairs(
    predicted: NDArray[np.integer], true: NDArray[np.integer], counts: NDArray[np.integer]
) -> ContingencyTable:
    """Make a table again from its three arrays of pairs, (K,), which are all it holds.

    Raises
    ------
    ValueError
        If there are none, a count is not above 0, or a pair comes twice.
    """
    if not len(counts) or counts.min() < 1 or len({*zip(predicted, true, strict=True)}) < len(counts):
        raise ValueError("These are no counts of pairs of labels; each pair must come once, and occur.")
    weights = counts.astype(np.float64)
    sizes = []
    for labels in (predicted, true):
        values, positions = np.unique(labels, return_inverse=True)
        sizes.append((values, np.bincount(positions, weights=weights).astype(np.int64)))
    return ContingencyTable(
        predicted=predicted,
        true=true,
        counts=counts.astype(np.int64),
        predicted_labels=sizes[0][0],
        true_labels=sizes[1][0],
        predicted_sizes=sizes[0][1],
        true_sizes=sizes[1][1],
    )


def foreground(table: ContingencyTable) -> ContingencyTable:
    """Keep the pixels whose true label is not 0; the result may be without any pixels."""
    kept = table.true != 0
    counts = table.counts[kept]
    sizes = np.bincount(table.predicted_index[kept], weights=counts, minlength=table.predicted_labels.size)
    return ContingencyTable(
        predicted=table.predicted[kept],
        true=table.true[kept],
        counts=counts,
        predicted_labels=table.predicted_labels[sizes > 0],
        true_labels=table.true_labels[table.true_labels != 0],
        predicted_sizes=sizes[sizes > 0].astype(np.int64),
        true_sizes=table.true_sizes[table.true_labels != 0],
    )


def _checked(label_map: NDArray[np.generic], which: str) -> Labels:
    array = np.asarray(label_map)
    if array.dtype == np.bool_:
        array = array.view(np.uint8)
    if not np.issubdtype(array.dtype, np.integer):
        raise ValueError(f"The {which} label map holds {array.dtype} values; convert it to integers first.")
    if array.ndim != 2 or array.size == 0:
        raise ValueError(f"The {which} label map has shape {array.shape}; it must be (height, width).")
    if np.issubdtype(array.dtype, np.signedinteger) and array.min() < 0:
        raise ValueError(
            f"The {which} label map has negative labels; use 0 for background and numbers above it."
        )
    return array


def _runs(first: Labels, second: Labels) -> tuple[Labels, Labels, Lengths]:
    """Merge neighbouring pixels with the same pair of labels, which label maps are full of."""
    changes = first[1:] != first[:-1]
    changes |= second[1:] != second[:-1]
    if np.count_nonzero(changes) > first.size // 2:
        return first, second, None
    starts = _starts(changes)
    # float64 holds every count below 2**53 exactly, and np.bincount would convert to it anyway.
    lengths = np.diff(starts, append=first.size).astype(np.float64)
    return first[starts], second[starts], lengths


def _starts(changes: NDArray[np.bool_]) -> NDArray[np.intp]:
    return np.concatenate(([0], np.flatnonzero(changes) + 1))


def _are_large(labels: Labels) -> bool:
    """Whether an array indexed by label would be longer than the labels themselves."""
    return int(labels.max()) >= max(labels.size, 1 << 9)


def _counted_by_position(first: Labels, second: Labels, lengths: Lengths) -> ContingencyTable:
    first_labels, first = _renumbered(first)
    second_labels, second = _renumbered(second)
    table = _counted(first, second, lengths)
    return replace(
        table,
        predicted=first_labels[table.predicted],
        true=second_labels[table.true],
        predicted_labels=first_labels,
        true_labels=second_labels,
    )


def _renumbered(values: Labels) -> tuple[Labels, Labels]:
    """Return the labels that occur, ascending, and the position of each element among them."""
    largest = int(values.max())
    if largest >= _LOOKED_UP_BELOW:
        return np.unique(values, return_inverse=True)
    occurs = np.zeros(largest + 1, dtype=bool)
    occurs[values] = True
    labels = np.flatnonzero(occurs)
    positions = np.empty(largest + 1, dtype=np.int32)
    positions[labels] = np.arange(labels.size)
    return labels, positions[values]


def _counted(first: Labels, second: Labels, lengths: Lengths) -> ContingencyTable:
    height, width = int(first.max()) + 1, int(second.max()) + 1
    if height * width <= _DENSE_CELLS:
        return _counted_in_cells(first, second, lengths, (height, width))
    return _counted_by_sorting(first, second, lengths, (height, width))


def _counted_in_cells(
    first: Labels, second: Labels, lengths: Lengths, shape: tuple[int, int]
) -> ContingencyTable:
    keys = first.astype(np.int32)
    keys *= shape[1]
    keys += second.astype(np.int32, copy=False)
    cells = np.bincount(keys, weights=lengths, minlength=shape[0] * shape[1]).astype(np.int64, copy=False)
    occurring = np.flatnonzero(cells)
    predicted = occurring // shape[1]
    true = occurring - predicted * shape[1]
    square = cells.reshape(shape)
    return _table(predicted, true, cells[occurring], square.sum(axis=1), square.sum(axis=0))


def _counted_by_sorting(
    first: Labels, second: Labels, lengths: Lengths, shape: tuple[int, int]
) -> ContingencyTable:
    # Keys of 32 bits sort several times faster than those of 64.
    dtype = np.dtype(np.uint32 if shape[0] * shape[1] <= 1 << 32 else np.uint64)
    keys = first.astype(dtype)
    keys *= shape[1]
    keys += second.astype(dtype, copy=False)
    if lengths is None:
        keys = np.sort(keys)
        starts = _starts(keys[1:] != keys[:-1])
        counts = np.diff(starts, append=keys.size)
    else:
        order = np.argsort(keys)
        keys = keys[order]
        starts = _starts(keys[1:] != keys[:-1])
        counts = np.add.reduceat(lengths[order], starts).astype(np.int64)
    occurring = keys[starts]
    sizes = [np.bincount(each, weights=lengths).astype(np.int64, copy=False) for each in (first, second)]
    predicted = occurring // shape[1]
    return _table(predicted, occurring - predicted * dtype.type(shape[1]), counts, *sizes)


def _table(
    predicted: Labels, true: Labels, counts: Sizes, of_predicted: Sizes, of_true: Sizes
) -> ContingencyTable:
    predicted_labels, true_labels = np.flatnonzero(of_predicted), np.flatnonzero(of_true)
    return ContingencyTable(
        predicted=predicted,
        true=true,
        counts=counts,
        predicted_labels=predicted_labels,
        true_labels=true_labels,
        predicted_sizes=of_predicted[predicted_labels],
        true_sizes=of_true[true_labels],
    )
