"""Sessions: what they hold and what they forget."""

from types import SimpleNamespace

import numpy as np
import pytest
from small_slices import stack_of

from ctseg.methods import load
from ctseg.partition import MergeTree
from ctseg.slices import SliceError
from ctseg.ui.server import sessions as module
from ctseg.ui.server.sessions import Finished, Session


def test_session_forgets_the_slice_before_a_new_one() -> None:
    session = Session()
    session.keep(stack_of(3))
    first = session.stack
    assert session.index == 1
    plan = session.begin(["watershed"])
    session.finished["watershed"] = Finished(np.zeros((24, 32), np.int32), 0.1)
    session.keep(stack_of())
    assert plan.stop.is_set()
    assert session.finished == {}
    assert session.recent == {}
    assert first is not None
    with pytest.raises(SliceError):
        first[0]


def test_a_visited_slice_is_there_again_while_the_memory_allows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session()
    session.keep(stack_of(4), truths=np.arange(4 * 24 * 32).reshape(4, 24, 32))
    found = Finished(np.ones((24, 32), np.int32), 0.1)
    for index in (0, 1, 2):
        session.show(index)
        session.finished["watershed"] = found
    session.show(0)
    assert session.finished == {"watershed": found}
    assert session.truth is not None
    assert session.truth[0, 0] == 0
    monkeypatch.setattr(module, "MAX_VISITED_BYTES", found.label_map.nbytes)
    session.show(3)
    assert session.finished == {}
    assert list(session.visited) == [0]


def test_a_session_knows_how_much_it_holds() -> None:
    session = Session()
    assert session.held_bytes == 0
    session.keep(stack_of(4), truths=np.zeros((4, 24, 32), np.int32))
    held = 4 * 24 * 32 * (2 + 4)
    assert session.held_bytes == held
    found = Finished(np.ones((24, 32), np.int32), 0.1, tree=SimpleNamespace(parents=np.zeros(100)))
    session.finished["watershed"] = session.recent["watershed"] = found
    assert session.held_bytes == held + found.label_map.nbytes + 800
    session.forget()
    assert session.held_bytes == 0


def test_a_plan_holds_nothing_of_the_slice_once_its_last_method_is_done() -> None:
    session = Session()
    session.keep(stack_of())
    plan = session.begin(["partition", "partition-all"])
    assert session.ct_slice is not None
    plan.shared.keep(load("sobel-tree"), session.ct_slice, MergeTree.empty((24, 32)), 0.1)
    plan.finish("partition")
    assert len(plan.shared) == 1
    plan.finish("partition-all")
    assert len(plan.shared) == 0
