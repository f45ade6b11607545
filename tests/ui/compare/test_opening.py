"""What the page opens on is what the methods of this version say."""

from typing import Any

import numpy as np
import pytest
from small_slices import heads, split

from ctseg.ui.compare import opening
from ctseg.ui.compare.frames import unframed
from ctseg.ui.components.defaults import FIRST
from ctseg.ui.server.sessions import Session


def test_the_stored_label_maps_follow_from_these_weights_this_slice_and_these_parameters() -> None:
    maps, facts = opening.stored()
    assert set(maps) == set(opening.default_methods())
    assert facts == {name: opening.provenance(name) for name in maps}


@pytest.mark.thorough
@pytest.mark.parametrize("method", opening.default_methods())
def test_the_stored_label_map_is_what_the_method_finds(method: str) -> None:
    stored = opening.stored()[0][method]
    found = opening.compute([method])[method]
    # Another processor may round a probability at the threshold to the other side.
    assert np.mean(found == stored) > 0.999


def test_the_stored_frames_are_what_the_stored_label_maps_show() -> None:
    maps, _ = opening.stored()
    stored, made = (unframed(each) for each in (opening.stored_frames(), opening.computed_frames(maps)))
    assert [_found(message) for message, _ in stored] == [_found(message) for message, _ in made]
    for (_, then), (_, now) in zip(stored, made, strict=True):
        assert then.keys() == now.keys()
        assert all(np.array_equal(then[name], now[name]) for name in then)
    method = opening.default_methods()[0]
    emptied = unframed(opening.computed_frames(maps | {method: np.zeros_like(maps[method])}))
    assert [_found(message) for message, _ in stored] != [_found(message) for message, _ in emptied]


def _found(message: dict[str, Any]) -> dict[str, Any]:
    """What is stored; words of the card are put in when it is shown."""
    return {name: value for name, value in message.items() if name not in ("title", "time")}


def test_the_frames_hold_the_slice_and_every_method_and_say_so() -> None:
    header, shown, *results = heads(split(opening.opening_frames()))
    assert header["beforehand"] == "Computed beforehand, press Compare to run."
    assert "Images (no labels) of this series were seen in pre-training." in header["remark"]
    assert "CC BY 4.0" in header["credit"]
    assert shown["place"] == "19 of 41"
    assert [each["method"] for each in results] == [each["name"] for each in header["methods"]]
    assert results[0]["method"] == FIRST == "partition"


def test_a_page_makes_it_its_own() -> None:
    session = Session()
    opening.fill(session)
    assert set(session.finished) == set(opening.stored()[0])
    assert session.index == 18
    again = Session()
    opening.fill(again)
    session.forget()
    assert again.finished
