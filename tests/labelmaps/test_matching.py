"""One structure carries one number in all maps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ctseg.labelmaps import match_labels, relabel


@st.composite
def several_maps(draw: st.DrawFn) -> list[NDArray[np.integer]]:
    """Up to four label maps of one shape."""
    shape = draw(st.integers(1, 25)), draw(st.integers(1, 25))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    return [rng.integers(0, most, shape) * 7 for most in draw(st.lists(st.integers(1, 6), max_size=4))]


@settings(deadline=None)
@given(several_maps())
def test_partitions_stay_and_numbers_have_no_gaps(maps: list[NDArray[np.integer]]) -> None:
    matched = match_labels(maps)
    for before, after in zip(maps, matched, strict=True):
        assert after.dtype == np.int32
        pairs = set(zip(before.ravel().tolist(), after.ravel().tolist(), strict=True))
        assert len(pairs) == len({old for old, _ in pairs}) == len({new for _, new in pairs})
        assert np.array_equal(before == 0, after == 0)
    used = set().union(*(np.unique(each[each > 0]).tolist() for each in matched))
    assert used == set(range(1, len(used) + 1))
    assert [each.tolist() for each in match_labels(maps)] == [each.tolist() for each in matched]


@settings(deadline=None)
@given(several_maps(), st.integers(0, 2**32))
def test_equal_partitions_get_equal_numbers(maps: list[NDArray[np.integer]], seed: int) -> None:
    shuffle = np.random.default_rng(seed).permutation(40) + 1
    shuffle[0] = 0
    for label_map in maps:
        first, second = match_labels([label_map, shuffle[label_map]])
        assert np.array_equal(first, second)
        assert np.array_equal(first, relabel(label_map))


@settings(deadline=None)
@given(several_maps())
def test_matched_maps_keep_their_numbers_when_further_ones_come(maps: list[NDArray[np.integer]]) -> None:
    for known in range(len(maps)):
        matched = match_labels(maps[:known])
        again = match_labels([*matched, maps[known]])
        assert [each.tolist() for each in again[:known]] == [each.tolist() for each in matched]
        assert again[known].tolist() == match_labels(maps[: known + 1])[known].tolist()


def test_maps_without_pixels_match() -> None:
    empty = np.zeros((0, 3), int)
    assert [each.shape for each in match_labels([empty, empty])] == [(0, 3), (0, 3)]


def test_the_best_overlap_takes_the_number_and_the_rest_is_new() -> None:
    first = np.array([[1, 1, 1, 1, 2, 2, 0, 0, 0, 0]])
    second = np.array([[4, 3, 3, 3, 3, 9, 9, 9, 0, 5]])
    # 3 shares three of five pixels with 1, 9 one of four with 2; 4 shares one of four with 1, which is taken.
    assert match_labels([first, second])[1].tolist() == [[3, 1, 1, 1, 1, 2, 2, 2, 0, 4]]


def test_a_structure_new_in_the_second_map_is_known_in_the_third() -> None:
    first = np.array([[1, 1, 0, 0]])
    second = np.array([[0, 0, 1, 1]])
    third = np.array([[6, 6, 5, 5]])
    assert match_labels([first, second, third])[2].tolist() == [[1, 1, 2, 2]]


def test_a_sliver_is_not_the_same_structure() -> None:
    first = np.array([[1] * 19 + [0]])
    second = np.array([[0] * 18 + [1, 1]])
    assert match_labels([first, second])[1].max() == 2


def test_many_regions_and_maps() -> None:
    rng = np.random.default_rng(4)
    rows, columns = np.mgrid[:512, :512]
    tiles = 1 + rows // 29 * 18 + columns // 29
    maps = [rng.permutation(400)[np.roll(tiles, shift, axis=1)] + 1 for shift in range(5)]
    matched = match_labels(maps)
    moved = [np.roll(each, -shift, axis=1) for shift, each in enumerate(matched)]
    same = [np.mean(each == moved[0]) for each in moved]
    assert min(same) > 0.9


def test_maps_of_several_slices_are_refused() -> None:
    with pytest.raises(ValueError, match="different shapes"):
        match_labels([np.zeros((2, 3), int), np.zeros((3, 2), int)])
