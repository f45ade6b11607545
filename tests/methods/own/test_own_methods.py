"""Methods with a merge tree: what they ask of a network, their trees, cuts by number, and how they stop."""

import threading

import numpy as np
import pytest
from numpy.typing import NDArray

from ctseg.api import segment
from ctseg.labelmaps.regions import in_reading_order
from ctseg.methods import Hierarchical, MethodError, Stopped, load
from ctseg.methods.base.body import body_without_air
from ctseg.methods.base.whole_slice import REGIONS, WholeSlice
from ctseg.methods.own.structures import Structures
from ctseg.metrics import ari
from ctseg.networks.affinities import OFFSETS
from ctseg.partition import MergeTreeError
from ctseg.partition.affinities import ends
from ctseg.slices import CTSlice
from ctseg.slices.windowing import SOFT_TISSUE

BODY, FIRST, SECOND = 90, 150, 200
SURE = 4.0


class Painted:
    """A network that knows grey levels: 150 and 200 are two structures, all else is background."""

    size = 96

    def logits(self, image: NDArray[np.float32], /) -> NDArray[np.float32]:
        grey = (image[0, 0] + 1) * 127.5
        truth = 1 * (np.abs(grey - FIRST) < 25) + 2 * (np.abs(grey - SECOND) < 25)
        channels = [np.where(truth == 0, SURE, -SURE), np.where(truth > 0, SURE, -SURE)]
        for offset in OFFSETS:
            affinity = np.full(truth.shape, -SURE)
            first, second = ends(truth, offset)
            ends(affinity, offset)[0][...] = np.where((first == second) & (first > 0), SURE, -SURE)
            channels.append(affinity)
        return np.stack(channels)[None].astype(np.float32)


def two_that_touch(height: int, width: int) -> tuple[CTSlice, NDArray[np.int64]]:
    """A body in air with two structures that share a border."""
    rows, columns = np.mgrid[:height, :width]
    body = np.hypot((rows + 0.5) / height - 0.5, (columns + 0.5) / width - 0.5) < 0.45
    middle = (abs(rows - height / 2) < height / 5) & (abs(columns - width / 2) < width / 4)
    truth = middle * (1 + (columns >= width / 2))
    grey = np.choose(truth, [np.where(body, BODY, 0), FIRST, SECOND]).astype(np.uint8)
    return CTSlice(grey, "8-bit", None, "test"), truth


def structures() -> Structures:
    # A border without any blur is different at a quarter of the pairs that the boundary map counts.
    return Structures(SOFT_TISSUE, Painted(), mirrored=True, basins_below=0.15)


def test_a_known_mask_is_divided_as_the_networks_own_would_be() -> None:
    ct_slice, truth = two_that_touch(120, 100)
    whole = structures().tree_of_mask(ct_slice, truth > 0)
    assert np.array_equal(whole.label_map > 0, truth > 0)
    assert ari(whole.label_map, truth) > 0.95
    left = np.arange(100) < 40
    assert np.array_equal(
        structures().tree_of_mask(ct_slice, (truth > 0) & left).label_map > 0, (truth > 0) & left
    )
    dot = np.zeros(truth.shape, bool)
    dot[50, 50] = True
    assert structures().tree_of_mask(ct_slice, dot).structure_count == 1
    assert not structures().tree_of_mask(ct_slice, dot & False).label_map.any()


def whole_slice() -> WholeSlice:
    return WholeSlice(SOFT_TISSUE, Painted(), regions=7)


def led_slice() -> WholeSlice:
    return WholeSlice(SOFT_TISSUE, Painted(), structures(), regions=7)


@pytest.mark.parametrize("shape", [(96, 96), (200, 300), (1500, 700)])
def test_structures_that_touch_come_apart_at_any_size(shape: tuple[int, int]) -> None:
    ct_slice, truth = two_that_touch(*shape)
    fractions: list[float] = []
    label_map = structures().segment(ct_slice, progress=fractions.append)
    assert label_map.max() == 2
    assert ari(label_map, truth) > 0.9
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0.0, 1.0)


def test_thresholds_are_the_methods_own() -> None:
    ct_slice, truth = two_that_touch(96, 96)
    joined = Structures(SOFT_TISSUE, Painted(), joined_from=0.0).segment(ct_slice)
    assert joined.max() == 1
    np.testing.assert_array_equal(joined > 0, truth > 0)
    assert not Structures(SOFT_TISSUE, Painted(), mask_from=0.9999).segment(ct_slice).any()


def test_the_body_is_divided_and_the_air_is_not() -> None:
    ct_slice, truth = two_that_touch(200, 300)
    tree = whole_slice().tree(ct_slice)
    np.testing.assert_array_equal(tree.leaves > 0, body_without_air(ct_slice.pixels))
    assert tree.structure_count <= 7
    found = np.where(truth > 0, tree.cut(count=4), 0)
    assert ari(found, truth) > 0.9


class Known:
    """A method that knows the structures of one slice."""

    def __init__(self, truth: NDArray[np.int64]) -> None:
        self.truth = truth

    def tree(self, *_asked):
        raise NotImplementedError

    def segment(self, *_asked) -> NDArray[np.int32]:
        return self.truth.astype(np.int32)


def test_the_whole_slice_keeps_together_what_was_found() -> None:
    """Stripes inside a structure, and no edge at all between two, do not mislead a tree that is led."""
    ct_slice, truth = two_that_touch(200, 300)
    striped = np.where(truth > 0, 110 + 100 * (np.arange(300) // 12 % 2), ct_slice.pixels).astype(np.uint8)
    slice_with_stripes = CTSlice(striped, "8-bit", None, "test")

    def score_of(method: WholeSlice) -> float:
        found = method.tree(slice_with_stripes).cut(count=3)  # the body and two structures, no air
        return ari(found[truth > 0][None], truth[truth > 0][None])

    assert score_of(WholeSlice(SOFT_TISSUE)) < 0.5
    assert score_of(WholeSlice(SOFT_TISSUE, None, Known(truth))) > 0.95


@pytest.mark.parametrize("make", [structures, whole_slice, led_slice, lambda: load("sobel-tree")])
@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (7, 513), (40, 30)])
def test_every_shape_has_a_tree(make, shape: tuple[int, int]) -> None:
    for grey in (np.full(shape, 77), np.random.default_rng(0).integers(0, 256, shape)):
        ct_slice = CTSlice(grey.astype(np.uint8), "8-bit", None, "test")
        method = make()
        assert isinstance(method, Hierarchical)
        tree = method.tree(ct_slice)
        assert tree.leaves.shape == shape
        np.testing.assert_array_equal(method.segment(ct_slice), tree.label_map)
        assert tree.cut(count=4).max() <= 4


class StopAfter:
    """A stop flag that is set when it is looked at for the n-th time."""

    def __init__(self, looks: int) -> None:
        self.left = looks

    def is_set(self) -> bool:
        self.left -= 1
        return self.left < 0


@pytest.mark.parametrize("make", [structures, whole_slice, led_slice, lambda: load("sobel-tree")])
def test_a_stop_ends_it_wherever_it_is_looked_at(make) -> None:
    ct_slice, _ = two_that_touch(96, 96)
    flag = StopAfter(1000)
    make().segment(ct_slice, stop=flag)
    looks = 1000 - flag.left
    assert looks >= 8
    for number in range(looks):
        with pytest.raises(Stopped):
            make().segment(ct_slice, stop=StopAfter(number))


def test_a_stopped_method_can_be_asked_again() -> None:
    method, stop = load("sobel-tree"), threading.Event()
    stop.set()
    ct_slice, _ = two_that_touch(60, 60)
    with pytest.raises(Stopped):
        method.segment(ct_slice, stop=stop)
    assert method.segment(ct_slice).any()


@pytest.mark.parametrize("turn", [lambda a: a[::-1], lambda a: a[:, ::-1], lambda a: a.T])
def test_a_turned_slice_has_the_turned_tree(turn) -> None:
    noise = np.random.default_rng(2).integers(60, 256, (50, 70), dtype=np.uint8)
    method = load("sobel-tree")
    tree = method.tree(CTSlice(noise, "8-bit", None, "test"))
    assert np.unique(tree.altitudes).size == tree.altitudes.size
    turned = method.tree(CTSlice(np.ascontiguousarray(turn(noise)), "8-bit", None, "test"))
    for count in (2, 9, 60):
        expected = in_reading_order(np.ascontiguousarray(turn(tree.cut(count=count))))
        np.testing.assert_array_equal(turned.cut(count=count), expected)


def test_the_api_cuts_into_any_number() -> None:
    noise = np.random.default_rng(2).integers(60, 256, (50, 70), dtype=np.uint8)
    ct_slice = CTSlice(noise, "8-bit", None, "test")
    fractions: list[float] = []
    assert segment(ct_slice, "sobel-tree").max() == REGIONS
    assert segment(ct_slice, "sobel-tree", regions=9, progress=fractions.append).max() == 9
    assert fractions[-1] == 1.0
    with pytest.raises(MethodError, match="watershed gives one partition only"):
        segment(ct_slice, "watershed", regions=9)
    with pytest.raises(MergeTreeError, match="at least 1"):
        segment(ct_slice, "sobel-tree", regions=0)
