"""Connected regions and consecutive numbers, against scikit-image and by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from skimage.measure import label

from ctseg.labelmaps import connected_regions, largest_structures, relabel
from ctseg.metrics import ari


@st.composite
def label_maps(draw: st.DrawFn) -> NDArray[np.integer]:
    """Blocky or noisy label maps with up to 5 values of any size."""
    height, width = draw(st.integers(1, 30)), draw(st.integers(1, 30))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    values = draw(st.lists(st.integers(0, 2**62), max_size=4))
    block = draw(st.sampled_from([1, 3]))
    coarse = rng.integers(0, len(values) + 1, (height, width))
    return np.array([0, *values])[np.kron(coarse, np.ones((block, block), int))[:height, :width]]


@settings(deadline=None)
@given(label_maps(), st.sampled_from([4, 8]))
def test_regions_are_those_of_scikit_image(label_map: NDArray[np.integer], connectivity: int) -> None:
    regions = connected_regions(label_map, connectivity)
    assert regions.dtype == np.int32
    values = np.unique(label_map, return_inverse=True)[1].reshape(label_map.shape) + (label_map.min() != 0)
    expected = label(values, background=0, connectivity=1 if connectivity == 4 else 2)
    assert np.array_equal(regions, expected)


@settings(deadline=None)
@given(label_maps())
def test_regions_of_a_mask_are_in_reading_order(label_map: NDArray[np.integer]) -> None:
    regions = connected_regions(label_map != 0)
    _, first = np.unique(regions[regions > 0], return_index=True)
    assert np.all(np.diff(first) > 0)
    assert np.array_equal(regions, connected_regions(np.where(label_map != 0, 7, 0).astype(np.uint16)))


def test_corners_join_eight_connected_regions_only() -> None:
    corner = np.eye(2, dtype=bool)
    assert connected_regions(corner).tolist() == [[1, 0], [0, 1]]
    assert connected_regions(corner, 4).tolist() == [[1, 0], [0, 2]]
    assert connected_regions(np.array([[5, 0], [0, 5]]), 4).tolist() == [[1, 0], [0, 2]]


def test_touching_structures_stay_apart() -> None:
    assert connected_regions(np.array([[4, 4, 9, 4]])).tolist() == [[1, 1, 2, 3]]


@settings(deadline=None)
@given(label_maps())
def test_relabelling_keeps_the_partition_and_the_order_of_values(label_map: NDArray[np.integer]) -> None:
    before = label_map.copy()
    numbers = relabel(label_map)
    assert numbers.dtype == np.int32
    values = np.unique(label_map[label_map > 0])
    assert np.array_equal(np.append(0, values)[numbers], label_map)
    assert np.array_equal(relabel(numbers), numbers)
    assert np.array_equal(label_map, before)
    assert ari(numbers, label_map) == 1.0


@settings(deadline=None)
@given(label_maps(), st.integers(0, 4))
def test_the_largest_structures_are_kept(label_map: NDArray[np.integer], count: int) -> None:
    kept = largest_structures(label_map, count)
    values, sizes = np.unique(label_map[label_map > 0], return_counts=True)
    best = values[np.argsort(-sizes, kind="stable")[:count]]
    assert np.array_equal(kept, relabel(np.where(np.isin(label_map, best), label_map, 0)))
    assert kept.max(initial=0) == min(count, values.size)


def test_maps_without_pixels_have_no_regions() -> None:
    empty = np.zeros((0, 7), np.uint8)
    assert connected_regions(empty).shape == relabel(empty).shape == (0, 7)


@pytest.mark.parametrize(
    ("label_map", "message"),
    [
        (np.zeros((2, 2), np.float32), "float32"),
        (np.zeros((2, 2, 3), np.uint8), "must be \\(height, width\\)"),
        (np.array([[0, -3]]), "negative"),
    ],
)
def test_what_is_no_label_map_is_refused(label_map: NDArray[np.generic], message: str) -> None:
    for function in (connected_regions, relabel):
        with pytest.raises(ValueError, match=message):
            function(label_map)


def test_other_connectivities_are_refused() -> None:
    with pytest.raises(ValueError, match="choose 4 or 8"):
        connected_regions(np.zeros((2, 2), bool), 6)
