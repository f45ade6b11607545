"""The table counts every pair of labels exactly, whatever the type and size of the labels."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ctseg.metrics import contingency_table
from ctseg.metrics.contingency import foreground

# Small labels are counted in cells, many in one table by sorting, large ones are renumbered first.
LARGEST = {np.uint8: 255, np.uint16: 65535, np.int32: 2**31 - 1, np.int64: 2**63 - 1, np.uint64: 2**64 - 1}


@st.composite
def label_map_pairs(draw: st.DrawFn) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
    """Two label maps of one shape, flat or noisy, of any two integer types."""
    height, width = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    return _map(draw, rng, height, width), _map(draw, rng, height, width)


def _map(draw: st.DrawFn, rng: np.random.Generator, height: int, width: int) -> NDArray[np.integer]:
    dtype = draw(st.sampled_from(list(LARGEST)))
    labels = draw(st.lists(st.integers(0, LARGEST[dtype]), min_size=1, max_size=6))
    block = draw(st.sampled_from([1, 3, 9]))
    coarse = rng.integers(0, len(labels), (-(-height // block), -(-width // block)))
    picked = np.kron(coarse, np.ones((block, block), dtype=int))[:height, :width]
    return np.array(labels, dtype=dtype)[picked]


@settings(deadline=None)
@given(label_map_pairs())
def test_counts_are_those_of_a_plain_loop(pair: tuple[NDArray[np.integer], NDArray[np.integer]]) -> None:
    predicted, true = pair
    table = contingency_table(predicted, true)
    listed = zip(table.predicted.tolist(), table.true.tolist(), strict=True)
    counted = dict(zip(listed, table.counts.tolist(), strict=True))
    assert counted == Counter(zip(predicted.ravel().tolist(), true.ravel().tolist(), strict=True))
    sizes = dict(zip(table.predicted_labels.tolist(), table.predicted_sizes.tolist(), strict=True))
    assert sizes == Counter(predicted.ravel().tolist())
    assert table.predicted_labels[table.predicted_index].tolist() == table.predicted.tolist()
    assert table.true_labels[table.true_index].tolist() == table.true.tolist()
    assert table.pixels == predicted.size


@settings(deadline=None)
@given(label_map_pairs())
def test_foreground_is_the_table_of_the_pixels_inside(
    pair: tuple[NDArray[np.integer], NDArray[np.integer]],
) -> None:
    predicted, true = pair
    inside = foreground(contingency_table(predicted, true))
    kept = true != 0
    if not kept.any():
        assert inside.counts.size == 0
        return
    expected = contingency_table(predicted[kept][np.newaxis], true[kept][np.newaxis])
    for name in ("predicted", "true", "counts", "predicted_labels", "predicted_sizes", "true_labels"):
        assert getattr(inside, name).tolist() == getattr(expected, name).tolist(), name
    assert inside.true_sizes.tolist() == expected.true_sizes.tolist()


@pytest.mark.parametrize("labels", [(300, 300), (40_000, 50_000), (2**40, 3), (3, 2**40), (2**21, 2**21)])
@pytest.mark.parametrize("block", [1, 8])
def test_many_labels_at_the_size_of_a_slice(labels: tuple[int, int], block: int) -> None:
    rng = np.random.default_rng(7)
    maps = [
        np.kron(rng.integers(0, most, (128 // block, 128 // block)), np.ones((block, block), np.int64))
        for most in labels
    ]
    table = contingency_table(*maps)
    expected = Counter(zip(maps[0].ravel().tolist(), maps[1].ravel().tolist(), strict=True))
    found = zip(table.predicted.tolist(), table.true.tolist(), strict=True)
    assert dict(zip(found, table.counts.tolist(), strict=True)) == expected


def test_a_mask_counts_as_labels_zero_and_one() -> None:
    mask = np.eye(3, dtype=bool)
    table = contingency_table(mask, mask.T.astype(np.uint8))
    assert table.predicted_labels.tolist() == [0, 1]
    assert table.counts.tolist() == [6, 3]


def test_transposed_and_strided_maps_are_read_by_position() -> None:
    rng = np.random.default_rng(1)
    predicted, true = rng.integers(0, 4, (9, 14)).T, rng.integers(0, 4, (28, 9))[::2]
    strided = contingency_table(predicted, true)
    plain = contingency_table(np.ascontiguousarray(predicted), np.ascontiguousarray(true))
    assert strided.counts.tolist() == plain.counts.tolist()


@pytest.mark.parametrize(
    ("predicted", "true", "message"),
    [
        (np.zeros((2, 2)), np.zeros((2, 2), int), "The predicted label map holds float64"),
        (np.zeros((2, 2), int), np.zeros((2, 2), np.float32), "The true label map holds float32"),
        (np.zeros((2, 2), int), np.zeros((2, 3), int), "different shapes"),
        (np.array([[0, -1]]), np.zeros((1, 2), int), "negative labels"),
        (np.zeros(4, int), np.zeros(4, int), "must be \\(height, width\\)"),
        (np.zeros((0, 4), int), np.zeros((0, 4), int), "must be \\(height, width\\)"),
    ],
)
def test_what_is_no_label_map_is_refused_in_one_sentence(
    predicted: NDArray[np.generic], true: NDArray[np.generic], message: str
) -> None:
    with pytest.raises(ValueError, match=message) as refused:
        contingency_table(predicted, true)
    assert str(refused.value).endswith(".")
    assert "\n" not in str(refused.value)
