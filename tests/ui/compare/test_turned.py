"""A turned slice, segmented as it is shown."""

from dataclasses import replace

import numpy as np
import pytest
from small_slices import heads, stack_of

import ctseg
from ctseg.datasets.phantom import phantom_slice
from ctseg.datasets.phantom.dataset import ct_slice as drawn
from ctseg.partition import turned
from ctseg.slices import Stack
from ctseg.slices.orientation import Turn
from ctseg.ui.compare import edits, handlers
from ctseg.ui.compare.handlers import PageError
from ctseg.ui.compare.results import take
from ctseg.ui.server.sessions import Session

LEFT = [0, 1, -1, 0]


@pytest.mark.parametrize("method", ["unet-tvmf", "partition", "watershed"])
def test_the_answer_for_an_upright_slice_is_the_same_after_turning_back(method: str) -> None:
    upright = replace(drawn(phantom_slice(13, "abdomen")), affine=None)
    lying = Turn.of(LEFT).back.applied(upright.pixels)
    session = Session()
    session.keep(Stack(lying[np.newaxis], "HU", upright.spacing_mm, "test"))
    handlers.turn_for_methods(session, LEFT)
    plan, *_ = heads(handlers.begin(session, [method]))
    done = heads(handlers.run(session, plan["plan"], method))[-1]
    assert done["state"] == "done"
    found = Turn.of(LEFT).applied(session.finished[method].label_map)
    wanted = ctseg.segment(upright, method)
    assert np.array_equal(found > 0, wanted > 0)
    pairs = np.unique(np.stack([found.ravel(), wanted.ravel()]), axis=1)
    assert pairs.shape[1] == len(np.unique(found)) == len(np.unique(wanted)) > 1


def test_a_tree_turned_back_is_edited_as_it_lies_on_the_slice() -> None:
    upright = drawn(phantom_slice(13, "abdomen"))
    tree = ctseg.methods.load("sobel-tree").tree(upright)
    turn = Turn.of(LEFT)
    lying = turned(tree, turn.applied)
    before = tree.label_map
    assert (lying.leaf_count, lying.structure_count) == (tree.leaf_count, tree.structure_count)
    assert _same(turn.back.applied(lying.label_map), before)
    assert _same(turn.back.applied(lying.cut(count=5)), tree.cut(count=5))
    assert _same(turn.back.applied(lying.undo()), before)
    session = Session()
    session.keep(stack_of())
    session.keep(Stack(turn.applied(upright.pixels)[np.newaxis], "HU", None, "test"))
    take(session, "sobel-tree", lying.label_map, 1.0, lying)
    edits.edit(session, {"method": "sobel-tree", "action": "cut", "count": 3})
    assert session.finished["sobel-tree"].label_map.max() == 3


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    pairs = np.unique(np.stack([one.ravel(), other.ravel()]), axis=1)
    return pairs.shape[1] == len(np.unique(one)) == len(np.unique(other))


def test_another_turn_forgets_results_and_a_new_upload_starts_upright() -> None:
    session = Session()
    session.keep(stack_of(2))
    take(session, "watershed", np.ones((24, 32), np.int32), 1.0, None)
    handlers.turn_for_methods(session, [1, 0, 0, 1])
    assert session.finished
    handlers.turn_for_methods(session, LEFT)
    assert not session.finished
    session.keep(stack_of())
    assert session.turn == Turn()
    for nonsense in (None, "left", [1, 2, 3, 4], [[1], 0, 0, 1]):
        with pytest.raises(PageError):
            handlers.turn_for_methods(session, nonsense)
