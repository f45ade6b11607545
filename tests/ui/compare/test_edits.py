"""Cuts and edits of a method's merge tree."""

from typing import Any

import numpy as np
import pytest
from small_slices import stack_of

from ctseg.partition import MergeTree
from ctseg.ui.compare.edits import cuts, edit
from ctseg.ui.compare.frames import unframe
from ctseg.ui.compare.handlers import PageError
from ctseg.ui.compare.results import take
from ctseg.ui.server.sessions import Session


def _columns() -> MergeTree:
    """A tree of eight columns, cut into four: cut(n) gives n blocks of them."""
    leaves = np.tile(np.arange(32) // 4 + 1, (24, 1))
    parents = np.array([8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13, 14, 14, 14])
    return MergeTree(leaves, parents, np.array([1, 2, 3, 4, 6, 7, 9]) / 10).start(count=4)


@pytest.fixture
def session() -> Session:
    """A page whose watershed has a tree of four structures."""
    made, tree = Session(), _columns()
    made.keep(stack_of())
    take(made, "watershed", tree.label_map, 0.1, tree)
    return made


def _edited(session: Session, **asked: Any) -> tuple[dict[str, Any], int]:
    message, got = unframe(edit(session, {"method": "watershed", **asked}))
    return message, int(got["labels"].max())


def test_a_cut_is_undone_and_done_again(session: Session) -> None:
    message, structures = _edited(session, action="cut", count=8)
    assert structures == 8
    assert message["tree"] == {"structures": 8, "leaves": 8, "undo": True, "redo": False}
    message, structures = _edited(session, action="undo")
    assert structures == 4
    assert message["tree"]["redo"] is True
    assert _edited(session, action="redo")[1] == 8
    assert _edited(session, action="cut", count=10**9)[1] == 8


def test_what_a_tree_refuses_is_said(session: Session) -> None:
    with pytest.raises(PageError, match="nothing to undo"):
        _edited(session, action="undo")


def test_what_stays_keeps_its_hue_and_says_its_new_number(session: Session) -> None:
    before = session.finished["watershed"]
    assert before.hues is not None
    message, _ = _edited(session, action="cut", count=4)
    assert message["moved"] == {"1": 1, "2": 2, "3": 3, "4": 4}
    assert message["hues"]["watershed"] == before.hues.tolist()


def test_the_table_says_how_sure_each_structure_is(session: Session) -> None:
    message, _ = _edited(session, action="merge", labels=[1, 2])
    assert message["table"]["confidence"] == [0.9, 0.7, 0.7]
    message, _ = _edited(session, action="cut", count=8)
    assert message["table"]["confidence"] == [0.1, 0.1, 0.2, 0.2, 0.3, 0.3, 0.4, 0.4]


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"action": "cut"},
        {"action": "merge", "labels": [1]},
        {"action": "split", "labels": "x"},
        {"action": 3},
    ],
)
def test_unknown_edits_are_refused(session: Session, asked: dict[str, Any]) -> None:
    with pytest.raises(PageError, match="not known"):
        _edited(session, **asked)


def test_a_pane_without_a_tree_is_not_edited() -> None:
    with pytest.raises(PageError, match="no merge tree"):
        edit(Session(), {"method": "watershed", "action": "undo"})


def test_the_stage_gets_all_cuts_that_the_server_would_make(session: Session) -> None:
    message, arrays = unframe(cuts(session, {"method": "watershed"}))
    assert message == {"method": "watershed", "plan": ""}
    finest, numbers = arrays["labels"].reshape(24, 32), arrays["numbers"].reshape(8, 8)
    tree = session.finished["watershed"].tree
    assert tree.structure_count == 4  # nothing was cut
    for count, number in enumerate(numbers, start=1):
        assert np.array_equal(np.concatenate([[0], number])[finest], tree.cut(count=count))


def test_hues_that_the_stage_shows_already_stay(session: Session) -> None:
    shown = [0, 5, 9, 5, 9, 5, 9, 5, 9]
    assert _edited(session, action="cut", count=8, hues=shown)[0]["hues"]["watershed"] == shown


@pytest.mark.parametrize("hues", [[0, 1, 1], [0] * 8 + [99], [0] * 8 + [True], [0] * 8 + [1.5], "0" * 9, {}])
def test_hues_that_do_not_fit_are_passed_over(session: Session, hues: Any) -> None:
    plain = [*_edited(session, action="cut", count=8)[0]["hues"]["watershed"]]
    _edited(session, action="undo")
    assert _edited(session, action="cut", count=8, hues=hues)[0]["hues"]["watershed"] == plain
