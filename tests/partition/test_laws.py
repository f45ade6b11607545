"""What holds for every merge tree, whatever the slice."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from landscapes import (
    OFFSETS,
    TURNS,
    affinities_of,
    blocks,
    merge_trees,
    noise,
    turned_affinities,
)
from numpy.typing import NDArray

from ctseg.labelmaps import connected_regions, relabel
from ctseg.labelmaps.regions import in_reading_order
from ctseg.metrics import ari
from ctseg.partition import MergeTree, agglomerate, confidence, edge_strength, led_by, volume_tree
from ctseg.partition.decoding import MIN_MARKER_PX
from ctseg.partition.flooding import MAX_LEVEL, flood
from ctseg.partition.placing import coarsened, nearest, placed

COUNTS = st.integers(1, 40)


def is_finer(fine: NDArray, coarse: NDArray) -> bool:
    """Tell whether every structure of one map lies in one structure of the other."""
    pairs = np.unique(np.stack([fine.ravel(), coarse.ravel()]), axis=1)
    return bool(np.unique(pairs[0]).size == pairs.shape[1])


def minima(altitude: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Where no 4-neighbour of a pixel is lower."""
    walled = np.pad(altitude, 1, constant_values=altitude.max() + 1)
    around = (walled[1:-1, :-2], walled[1:-1, 2:], walled[:-2, 1:-1], walled[2:, 1:-1])
    return np.all([altitude < other for other in around], axis=0)


def ties(tree: MergeTree) -> bool:
    return np.unique(tree.altitudes).size < tree.altitudes.size


def in_order(label_map: NDArray) -> NDArray[np.int32]:
    return in_reading_order(np.ascontiguousarray(label_map))


@settings(deadline=None)
@given(merge_trees(), COUNTS)
def test_all_cuts_at_once_are_the_cuts_one_by_one(tree: MergeTree, most: int) -> None:
    shown, position = tree.label_map, tree.position
    finest, numbers = tree.nested(most)
    assert np.array_equal(tree.label_map, shown)
    assert tree.position == position
    assert np.array_equal(finest, tree.cut(count=most))
    assert numbers.shape == (finest.max(initial=0),) * 2
    for count, number in enumerate(numbers, start=1):
        assert np.array_equal(np.concatenate([[0], number])[finest], tree.cut(count=count))


@settings(deadline=None)
@given(merge_trees(), COUNTS, COUNTS)
def test_cuts_are_nested(tree: MergeTree, one: int, other: int) -> None:
    assert is_finer(tree.cut(count=max(one, other)), tree.cut(count=min(one, other)))
    low, high = sorted((one / 20, other / 20))
    assert is_finer(tree.cut(threshold=low), tree.cut(threshold=high))
    assert is_finer(tree.leaves, tree.label_map)


@settings(deadline=None)
@given(merge_trees(), COUNTS)
def test_a_cut_has_at_most_so_many_structures_and_exactly_so_many_without_ties(
    tree: MergeTree, count: int
) -> None:
    label_map = tree.cut(count=count)
    assert label_map.dtype == np.int32
    np.testing.assert_array_equal(label_map > 0, tree.leaves > 0)
    found = int(label_map.max(initial=0))
    np.testing.assert_array_equal(np.unique(label_map[label_map > 0]), np.arange(1, found + 1))
    np.testing.assert_array_equal(label_map, in_order(label_map))
    assert found == tree.structure_count <= count
    if not ties(tree):
        assert found == min(count, tree.leaf_count)


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 999), COUNTS, st.sampled_from(sorted(TURNS)))
def test_a_turned_slice_is_divided_the_same_unless_altitudes_tie(
    height: int, width: int, seed: int, count: int, turn: str
) -> None:
    grey = noise(height, width, seed)
    tree = volume_tree(edge_strength(grey))
    turned = volume_tree(edge_strength(np.ascontiguousarray(TURNS[turn](grey))))
    if not ties(tree):
        np.testing.assert_array_equal(tree.altitudes, turned.altitudes)
        np.testing.assert_array_equal(turned.cut(count=count), in_order(TURNS[turn](tree.cut(count=count))))


@pytest.mark.thorough
@settings(deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(2, 9), st.integers(0, 999), COUNTS)
def test_turned_affinities_are_divided_the_same_unless_altitudes_tie(
    height: int, width: int, side: int, seed: int, count: int
) -> None:
    truth = blocks(height, width, side, seed)
    affinities = affinities_of(truth, 0.7, seed)
    tree = agglomerate(affinities, truth > 0, OFFSETS)
    for turn, turning in TURNS.items():
        mask = np.ascontiguousarray(turning(truth > 0))
        turned = agglomerate(turned_affinities(affinities, turn), mask, OFFSETS)
        if not ties(tree):
            np.testing.assert_array_equal(tree.altitudes, turned.altitudes)
            np.testing.assert_array_equal(turned.cut(count=count), in_order(turning(tree.cut(count=count))))


@settings(deadline=None)
@given(st.integers(1, 30), st.integers(1, 30), st.integers(0, 999))
def test_basins_cover_the_slice_and_hold_one_marker_each(height: int, width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    altitude = rng.integers(0, 5, (height, width))
    markers = np.zeros(altitude.size, np.int32)
    places = rng.permutation(altitude.size)[: rng.integers(1, altitude.size + 1)]
    markers[places] = np.arange(1, places.size + 1)
    markers = markers.reshape(altitude.shape)
    basins = flood(altitude, markers)
    assert np.unique(basins.labels[markers > 0]).size == basins.labels.max() == places.size
    assert basins.levels.size == places.size - 1
    assert (np.diff(basins.levels) >= 0).all()
    assert (basins.volumes >= 0).all()


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 14), st.integers(1, 14), st.integers(0, 999))
def test_passes_are_the_lowest_ways_between_basins(height: int, width: int, seed: int) -> None:
    """Each pass is the lowest edge between basins not joined yet, and tells the water of its emptier side."""
    rng = np.random.default_rng(seed)
    altitude = rng.permutation(height * width).reshape(height, width)
    basins = flood(altitude, connected_regions(minima(altitude), 4))
    group = np.arange(basins.labels.max() + 1)
    for one, other, level, volume in zip(
        basins.first, basins.second, basins.levels, basins.volumes, strict=True
    ):
        regions = group[basins.labels]
        across = np.maximum(altitude[:, :-1], altitude[:, 1:])[regions[:, :-1] != regions[:, 1:]]
        down = np.maximum(altitude[:-1], altitude[1:])[regions[:-1] != regions[1:]]
        assert level == min(across.min(initial=999), down.min(initial=999))
        sides = [np.maximum(level - altitude, 0)[regions == group[basin]].sum() for basin in (one, other)]
        assert group[one] != group[other]
        assert volume == min(sides)
        group[group == group[other]] = group[one]


@settings(deadline=None)
@given(merge_trees(), st.integers(0, 99))
def test_relabelling_the_basins_changes_nothing(tree: MergeTree, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(tree.leaf_count)
    leaves = np.concatenate([[0], order + 1])[tree.leaves]
    parents = tree.parents.copy()
    parents[order] = tree.parents[: tree.leaf_count]
    other = MergeTree(leaves, parents, tree.altitudes)
    np.testing.assert_array_equal(other.leaves, tree.leaves)
    np.testing.assert_array_equal(other.parents, tree.parents)
    np.testing.assert_array_equal(other.cut(count=5), tree.cut(count=5))


def test_structures_that_touch_are_told_apart_and_parts_are_joined() -> None:
    truth = np.kron([[1, 1, 2, 0, 0, 4], [1, 3, 2, 0, 0, 4], [0, 3, 0, 0, 0, 0]], np.ones((16, 16), int))
    tree = agglomerate(affinities_of(truth, 0.8, 0), truth > 0, OFFSETS)
    found = tree.cut(threshold=0.5)
    assert found.max() == 4
    assert ari(found, truth) > 0.98
    # The fourth is farther from the others than any offset is long: it is joined last, above any affinity.
    assert tree.cut(threshold=1.0).max() == 2
    assert 1 < tree.altitudes[-1] < 2
    assert tree.cut(count=1).max() == 1


def test_a_part_without_a_clear_place_is_a_basin_of_its_own() -> None:
    mask = np.zeros((20, 20), bool)
    mask[2:9, 2:9] = mask[15, 15] = True
    tree = agglomerate(np.full((len(OFFSETS), 20, 20), 0.99), mask, OFFSETS)
    assert tree.leaf_count == 2
    assert MIN_MARKER_PX > 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (7, 513), (64, 64)])
def test_a_constant_slice_is_one_region(shape: tuple[int, int]) -> None:
    tree = volume_tree(edge_strength(np.full(shape, 7, np.uint8)))
    assert tree.leaf_count == 1
    assert (tree.cut(count=2) == 1).all()
    assert confidence(tree).tolist() == [1.0]


def test_no_mask_is_no_structure() -> None:
    tree = agglomerate(np.ones((len(OFFSETS), 5, 6)), np.zeros((5, 6), bool), OFFSETS)
    assert (tree.leaf_count, tree.structure_count) == (0, 0)
    assert not tree.cut(count=3).any()
    assert not tree.cut(threshold=0.5).any()
    assert confidence(tree).size == 0


def test_a_boundary_counts_where_the_slice_has_an_edge() -> None:
    grey = np.kron([[40, 80, 120]], np.ones((24, 24))).astype(np.uint8)
    border = np.zeros(grey.shape)
    border[:, 40:56] = 1
    plain, weighted = edge_strength(grey), edge_strength(grey, border)
    assert weighted[:, 30:40] * 13 == pytest.approx(plain[:, 30:40] * 3, abs=13)
    assert (weighted[:, 40:56] == plain[:, 40:56]).all()
    with pytest.raises(ValueError, match="does not fit"):
        edge_strength(grey, border[1:])


@settings(deadline=None)
@given(merge_trees(), st.integers(1, 50), st.integers(1, 50), st.integers(0, 99))
def test_a_placed_tree_has_the_same_cuts_of_what_is_seen(
    tree: MergeTree, height: int, width: int, seed: int
) -> None:
    mask = np.random.default_rng(seed).random((height, width)) < 0.7
    other = placed(tree, mask)
    assert other.leaves.shape == mask.shape
    for threshold in (0.2, 0.6, 1.0):
        expected = np.where(mask, nearest(tree.cut(threshold=threshold), mask.shape), 0)
        np.testing.assert_array_equal(other.cut(threshold=threshold), in_order(relabel(expected)))


@settings(deadline=None)
@given(merge_trees(), COUNTS, COUNTS)
def test_a_coarser_tree_has_the_same_cuts(tree: MergeTree, leaves: int, count: int) -> None:
    other = coarsened(tree, leaves)
    assert other.leaf_count <= leaves
    np.testing.assert_array_equal(other.leaves, tree.cut(count=leaves))
    np.testing.assert_array_equal(other.cut(count=min(count, leaves)), tree.cut(count=min(count, leaves)))


def test_nearest_moves_nothing_there_and_back() -> None:
    array = np.arange(12).reshape(3, 4)
    np.testing.assert_array_equal(nearest(nearest(array, (9, 20)), (3, 4)), array)
    assert nearest(array, (6, 8))[::2, ::2].tolist() == array.tolist()


@settings(deadline=None)
@given(st.integers(1, 30), st.integers(1, 30), st.integers(0, 1000), st.sampled_from(list(TURNS.values())))
def test_edges_are_led_the_same_way_when_turned(height: int, width: int, seed: int, turn) -> None:
    strength, found = edge_strength(noise(height, width, seed)), blocks(height, width, 6, seed)
    led = led_by(strength, found)
    np.testing.assert_array_equal(led_by(turn(strength), turn(found)), turn(led))
    assert led.min() >= 0
    assert led.max() <= MAX_LEVEL
    np.testing.assert_array_equal(led_by(strength, np.zeros_like(found)), strength)


def test_structures_of_another_size_cannot_lead() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        led_by(np.zeros((4, 5), np.int64), np.zeros((5, 4), np.int64))
