"""Numbers, hues and tables of results."""

import json

import numpy as np
import pytest
from small_slices import heads, slice_of, stack_of

from ctseg.ui.compare import results
from ctseg.ui.server.sessions import Finished, Session


def _session(slices: int = 1) -> Session:
    session = Session()
    session.keep(stack_of(slices))
    return session


def test_one_structure_has_one_hue_in_all_panes_and_numbers_begin_at_one() -> None:
    session = _session()
    first, second = np.zeros((24, 32), np.int32), np.zeros((24, 32), np.int32)
    first[2:9, 2:9], first[2:9, 12:19] = 4, 7
    second[12:20, 2:9], second[2:9, 12:19] = 5, 9
    one = results.take(session, "unet-tvmf", first, 0.1, None)
    other = results.take(session, "unet-simclr", second, 0.1, None)
    assert set(np.unique(one.label_map)) == set(np.unique(other.label_map)) == {0, 1, 2}
    assert one.hues is not None
    assert other.hues is not None
    assert one.hues[one.label_map[5, 15]] == other.hues[other.label_map[5, 15]]
    assert other.hues[other.label_map[15, 5]] not in one.hues[1:]


def test_a_structure_keeps_number_and_hue_on_the_next_slice() -> None:
    session = _session(2)
    here = np.zeros((24, 32), np.int32)
    here[2:9, 2:9], here[12:19, 12:19] = 1, 2
    before = results.take(session, "unet-tvmf", here, 0.1, None)
    session.show(0)
    moved = np.zeros((24, 32), np.int32)
    moved[0:1, 20:30], moved[13:20, 12:19] = 1, 2
    after = results.take(session, "unet-tvmf", moved, 0.1, None)
    assert after.label_map[15, 15] == before.label_map[15, 15] == 2
    assert after.label_map[0, 25] == 3
    assert before.hues is not None
    assert after.hues is not None
    assert after.hues[2] == before.hues[2]


def test_empty_label_map_has_an_empty_table() -> None:
    session = _session()
    session.finished["watershed"] = Finished(np.zeros((24, 32), np.int32), 0.1)
    ct_slice = session.ct_slice
    assert ct_slice is not None
    (message,) = heads([results.result_frame(session, "watershed", ct_slice, {})])
    assert message["table"]["label"] == []
    assert message["counted"] == "0 regions, background included"
    assert message["tree"] is None
    json.dumps(message)


@pytest.mark.parametrize("pixels", [np.full((6, 8), -1000, np.float32), np.zeros((6, 8), np.uint8)])
def test_air_at_the_border_is_clear_and_what_is_inside_is_not(pixels: np.ndarray) -> None:
    label_map = np.ones((6, 8), np.int32)
    label_map[2:4, 2:6] = 2
    label_map[:, 7] = 3
    pixels[:, 7] = 60
    assert results.clear_labels(label_map, slice_of(pixels)) == [1]


def test_air_between_body_and_table_is_clear_where_everything_is_divided_and_a_lung_is_not() -> None:
    pixels = np.zeros((20, 20), np.uint8)
    label_map = np.zeros((20, 20), np.int32)
    label_map[3:17, 3:17] = 1
    label_map[6:10, 6:10] = 2  # a lung
    label_map[17, 3:17] = 3  # air below the body, open to three sides
    pixels[label_map == 1] = 90
    ct_slice = slice_of(pixels)
    assert results.clear_labels(label_map, ct_slice, full_tiling=True) == [3]
    # Elsewhere the background is the body, and a lung lies against nothing else.
    assert results.clear_labels(label_map, ct_slice) == []
    label_map[label_map == 0] = 4  # outside divided as well: it reaches the border
    assert results.clear_labels(label_map, ct_slice, full_tiling=True) == [3, 4]


def test_a_lung_that_a_crop_cuts_keeps_its_rest_where_the_border_is_body() -> None:
    pixels = np.full((20, 20), 90, np.uint8)
    label_map = np.ones((20, 20), np.int32)
    label_map[5:12, :4] = 2  # reaches the border as air
    label_map[5:12, 4] = 3
    pixels[label_map > 1] = 0
    assert results.clear_labels(label_map, slice_of(pixels), full_tiling=True) == [2]
