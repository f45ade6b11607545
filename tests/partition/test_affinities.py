"""Affinities, boundary maps and region graphs, by hand and against sums written out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from landscapes import OFFSETS, TURNS, affinities_of, blocks, turned_affinities

from ctseg.partition import boundary_map, mirrored, spread, transposed
from ctseg.partition.affinities import STEPS, ends
from ctseg.partition.region_graph import region_graph


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 30), st.integers(1, 30), st.integers(0, 99), st.sampled_from(sorted(TURNS)))
def test_the_boundary_of_a_turned_slice_is_the_turned_boundary(
    height: int, width: int, seed: int, turn: str
) -> None:
    affinities = affinities_of(blocks(height, width, 4, seed), 0.8, seed)
    turned = TURNS[turn](boundary_map(affinities, OFFSETS))
    np.testing.assert_array_equal(boundary_map(turned_affinities(affinities, turn), OFFSETS), turned)


def test_a_boundary_by_hand() -> None:
    affinities = np.zeros((2, 1, 3))
    affinities[0, 0] = [1.0, 0.25, 9.0]  # the last pair leaves the slice
    assert boundary_map(affinities, ((0, 1), (9, 9))).tolist() == [[0.0, 0.375, 0.75]]
    assert boundary_map(np.full((1, 2, 2), 0.5), ((9, 0),)).tolist() == [[0.0, 0.0], [0.0, 0.0]]


@pytest.mark.parametrize("offset", [(0, 0), (0, 1), (2, 0), (2, -1), (-1, 2), (0, 9), (-9, 0)])
def test_both_ends_are_an_offset_apart(offset: tuple[int, int]) -> None:
    rows, columns = np.mgrid[:5, :7]
    first, second = ends(np.stack([rows, columns]), offset)
    assert first.shape == second.shape == (2, max(0, 5 - abs(offset[0])), max(0, 7 - abs(offset[1])))
    assert ((second - first) == np.array(offset).reshape(2, 1, 1)).all()


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 99))
def test_turning_twice_gives_the_pairs_back(height: int, width: int, seed: int) -> None:
    affinities = affinities_of(blocks(height, width, 4, seed), 0.0, seed)
    within = np.zeros_like(affinities)
    for channel, view, offset in zip(affinities, within, OFFSETS, strict=True):
        ends(view, offset)[0][...] = ends(channel, offset)[0]
    for axis in (0, 1):
        np.testing.assert_array_equal(mirrored(mirrored(affinities, OFFSETS, axis), OFFSETS, axis), within)
    np.testing.assert_array_equal(transposed(transposed(affinities, OFFSETS), OFFSETS), within)


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 20), st.integers(1, 20), st.integers(0, 99))
def test_the_graph_counts_every_pair_once(height: int, width: int, seed: int) -> None:
    basins = blocks(height, width, 3, seed)
    affinities = affinities_of(basins, 0.3, seed)
    basins = (
        np.unique(np.append(0, basins), return_inverse=True)[1][1:].reshape(basins.shape).astype(np.int32)
    )
    graph = region_graph(basins, affinities, OFFSETS)
    expected: dict[tuple[int, int], list[float]] = {}
    for channel, (down, across) in zip(affinities, OFFSETS, strict=True):
        for row, column in np.ndindex(height, width):
            if 0 <= row + down < height and 0 <= column + across < width:
                pair = sorted((int(basins[row, column]), int(basins[row + down, column + across])))
                if pair[0] > 0 and pair[0] != pair[1]:
                    value = round(float(channel[row, column]) * STEPS) / STEPS
                    expected.setdefault((pair[0] - 1, pair[1] - 1), []).append(value)
    found = zip(graph.first.tolist(), graph.second.tolist(), strict=True)
    assert dict(zip(found, zip(graph.pairs.tolist(), graph.affinity.tolist(), strict=True), strict=True)) == {
        pair: (len(values), sum(values)) for pair, values in expected.items()
    }


def test_a_spread_is_zero_where_all_agree_and_not_where_one_does_not() -> None:
    labels = np.repeat([1, 2, 3], 4)[None].repeat(6, axis=0).astype(np.int32)
    agree = np.full((1, 6, 12), 0.25)
    assert spread(labels, [agree, agree], ((0, 1),)).tolist() == [0, 0, 0]
    joined = agree.copy()
    joined[0, :, 3] = 0.75
    assert spread(labels, [agree, joined], ((0, 1),)).tolist() == [0.25, 0.25, 0]
    assert spread(np.ones((6, 12), np.int32), [agree], ((0, 1),)).tolist() == [0]
    with pytest.raises(ValueError, match="at least one"):
        spread(labels, [], ((0, 1),))


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="do not fit 10 offsets"):
        boundary_map(np.zeros((3, 4, 4)), OFFSETS)
    with pytest.raises(ValueError, match="not finite"):
        boundary_map(np.full((1, 4, 4), np.nan), ((0, 1),))
    with pytest.raises(ValueError, match="do not fit affinities"):
        region_graph(np.ones((2, 2), np.int32), np.zeros((1, 4, 4)), ((0, 1),))
    with pytest.raises(ValueError, match="cannot be turned"):
        mirrored(np.zeros((1, 4, 4)), ((3, 3),), 0)
