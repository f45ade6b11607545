"""What several methods stand on is computed once within one comparison, and what they find stays the same."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from ctseg.methods import Stopped, load
from ctseg.methods.base.hierarchical import FromTree, label_map_and_tree
from ctseg.methods.base.sharing import SharedTrees, sharing
from ctseg.methods.base.whole_slice import WholeSlice
from ctseg.partition import MergeTree
from ctseg.slices import CTSlice
from ctseg.slices.windowing import SOFT_TISSUE


class Bright(FromTree):
    """Two structures, right and left half of what is bright; counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def tree(self, ct_slice, stop=None, progress=None) -> MergeTree:
        self.asked += 1
        halves = 1 + (np.arange(ct_slice.shape[1]) >= ct_slice.shape[1] // 2)
        return MergeTree((ct_slice.pixels > 128) * halves[None], np.array([2, 2, 2]), np.array([0.5]))


def noise(seed: int) -> CTSlice:
    grey = np.random.default_rng(seed).integers(0, 256, (40, 50), dtype=np.uint8)
    return CTSlice(grey, "8-bit", None, "test")


@pytest.mark.parametrize("order", [("bright", "whole"), ("whole", "bright"), ("whole", "bright", "whole")])
def test_a_method_that_another_stands_on_is_asked_once(order: tuple[str, ...]) -> None:
    bright = Bright()
    methods = {"bright": bright, "whole": WholeSlice(SOFT_TISSUE, None, bright)}
    alone = {name: method.segment(noise(0)) for name, method in methods.items()}
    bright.asked = 0
    shared = SharedTrees()
    for name in order:
        with sharing(shared):  # a new object of the same pixels, as every look into a stack gives
            label_map, tree = label_map_and_tree(methods[name], noise(0))
        np.testing.assert_array_equal(label_map, alone[name])
        assert tree is not None
    assert bright.asked == 1


def test_only_the_latest_slice_is_held_and_nothing_after_the_end() -> None:
    bright, shared = Bright(), SharedTrees()
    whole = WholeSlice(SOFT_TISSUE, None, bright)
    for seed in (0, 1, 0):
        with sharing(shared):
            label_map_and_tree(whole, noise(seed))
        assert len(shared) == 2
    assert bright.asked == 3
    shared.forget()
    assert len(shared) == 0
    label_map_and_tree(whole, noise(0))
    label_map_and_tree(bright, noise(0))
    assert bright.asked == 5


def test_what_a_visitor_edits_does_not_reach_the_others() -> None:
    bright, shared = Bright(), SharedTrees()
    with sharing(shared) as use:
        before, tree = label_map_and_tree(bright, noise(0))
        assert tree is not None
        assert use.spared == 0
        tree.merge(1, 2)
        again, _ = label_map_and_tree(bright, noise(0))
        assert use.spared > 0
    np.testing.assert_array_equal(again, before)
    assert bright.asked == 1


def test_a_stop_ends_also_what_is_there() -> None:
    bright, shared, stop = Bright(), SharedTrees(), threading.Event()
    stop.set()
    with sharing(shared):
        label_map_and_tree(bright, noise(0))
        with pytest.raises(Stopped):
            label_map_and_tree(bright, noise(0), stop)


def test_threads_get_what_belongs_to_their_slice() -> None:
    bright, shared = Bright(), SharedTrees()

    def found(seed: int) -> bool:
        with sharing(shared):
            label_map, _ = label_map_and_tree(bright, noise(seed))
        return np.array_equal(label_map > 0, noise(seed).pixels > 128)

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(found, [0, 1, 2] * 30))


def test_one_comparison_runs_the_network_of_partition_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from ctseg.networks.served import ServedNetwork

    names = ("partition", "partition-all")
    ct_slice = noise(3)
    alone = {name: load(name).segment(ct_slice) for name in names}
    calls: list[int] = []
    logits = ServedNetwork.logits
    monkeypatch.setattr(
        ServedNetwork, "logits", lambda network, image: calls.append(id(network)) or logits(network, image)
    )
    shared = SharedTrees()
    for name in names:
        with sharing(shared):
            label_map, _ = label_map_and_tree(load(name), ct_slice)
        np.testing.assert_array_equal(label_map, alone[name])
    # That of partition looks at the slice and at its mirror image, that of outlines once.
    assert sorted(calls.count(network) for network in set(calls)) == [1, 2]
