"""Hues: one for one structure in all maps, never one for neighbours."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from ctseg.labelmaps import ColouredMap, assign_hues, numbered
from ctseg.labelmaps.palette import PALETTE_SIZE


def _hues(maps: list[NDArray[np.int32]], earlier: list[Any] | None = None) -> list[NDArray[np.uint8]]:
    return assign_hues([ColouredMap(each) for each in maps], earlier)


_MAPS = arrays(np.int32, (9, 11), elements=st.integers(0, 6)).map(numbered)


@settings(deadline=None)
@given(_MAPS, _MAPS)
def test_neighbours_differ_and_every_hue_is_of_the_palette(
    first: NDArray[np.int32], second: NDArray[np.int32]
) -> None:
    for label_map, hues in zip((first, second), _hues([first, second]), strict=True):
        assert hues.size == label_map.max(initial=0) + 1
        assert hues.max(initial=0) < PALETTE_SIZE
        for one, other in ((label_map[:, 1:], label_map[:, :-1]), (label_map[1:], label_map[:-1])):
            border = (one != other) & (one > 0) & (other > 0)
            assert (hues[one[border]] != hues[other[border]]).all()


@pytest.mark.thorough
@settings(deadline=None)
@given(_MAPS)
def test_the_same_map_twice_has_the_same_hues(label_map: NDArray[np.int32]) -> None:
    first, second = _hues([label_map, label_map])
    assert np.array_equal(first, second)


@pytest.mark.thorough
@settings(deadline=None)
@given(_MAPS, _MAPS)
def test_hues_that_were_assigned_stay(first: NDArray[np.int32], second: NDArray[np.int32]) -> None:
    hues = _hues([first, second])
    for before, after in zip(hues, _hues([first, second], hues), strict=True):
        assert np.array_equal(before, after)


def test_what_overlaps_by_half_shares_a_hue_and_what_does_not_has_another() -> None:
    first = np.zeros((10, 30), np.int32)
    first[:, 0:8], first[:, 20:28] = 1, 2
    second = np.zeros_like(first)
    second[:, 1:9], second[:, 12:14] = 1, 2
    one, other = _hues([first, second])
    assert one[1] == other[1]
    assert other[2] not in one[1:]


@settings(deadline=None)
@given(_MAPS, _MAPS, _MAPS)
def test_maps_that_stay_are_looked_at_once_and_coloured_the_same(
    first: NDArray[np.int32], second: NDArray[np.int32], third: NDArray[np.int32]
) -> None:
    stays = ColouredMap(first)
    before = assign_hues([stays, ColouredMap(second)])
    after = assign_hues([stays, ColouredMap(third)], [before[0], None])
    assert all(
        np.array_equal(one, other)
        for one, other in zip(after, _hues([first, third], [before[0], None]), strict=True)
    )


def test_numbers_follow_the_reading_order() -> None:
    assert numbered(np.array([[0, 9, 3], [5, 5, 3]])).tolist() == [[0, 1, 2], [3, 3, 2]]
    assert numbered(np.zeros((0, 3), np.int32)).shape == (0, 3)
