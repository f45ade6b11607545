"""What the stage reads: frames of a head and arrays."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from small_slices import slice_of, split

from ctseg.slices.stack import ABOVE, BELOW
from ctseg.ui.compare.frames import (
    aspect,
    frame,
    label_pixels,
    slice_frame,
    slice_head,
    slice_pixels,
    unframe,
)


@settings(deadline=None)
@given(arrays(np.float32, (5, 7), elements=st.floats(-40000, 40000, width=32)))
def test_hounsfield_units_arrive_as_the_nearest_whole_ones(pixels: NDArray[np.float32]) -> None:
    _, got = unframe(slice_frame(slice_of(pixels), 0, 1))
    assert np.array_equal(got["pixels"].reshape(5, 7), np.clip(np.rint(pixels), -32768, 32767))


def test_grey_levels_and_unknown_values_arrive() -> None:
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert np.array_equal(slice_pixels(slice_of(grey)), grey)
    hollow = np.array([[np.nan, 5.4]], np.float32)
    assert slice_pixels(slice_of(hollow)).tolist() == [[-1024, 5]]


@pytest.mark.parametrize("highest", [0, 65535, 65536, 200000])
def test_labels_arrive_as_they_are(highest: int) -> None:
    label_map = np.array([[0, highest], [1, 2]], np.int32)
    message, got = unframe(frame({"method": "a"}, {"labels": label_pixels(label_map)}))
    assert message == {"method": "a"}
    assert got["labels"].tolist() == [0, highest, 1, 2]


def test_frames_that_follow_each_other_come_apart() -> None:
    first, second = frame({"one": 1}, {}), frame({"two": "ä"}, {"x": np.ones(3, np.uint8)})
    assert [unframe(each)[0] for each in split(first + second)] == [{"one": 1}, {"two": "ä"}]


@pytest.mark.parametrize(("side", "step"), [(1, 1), (2048, 1), (2049, 2), (4096, 2)])
def test_large_slices_are_shown_reduced(side: int, step: int) -> None:
    message, got = unframe(slice_frame(slice_of(np.zeros((side, 3), np.uint8)), 0, 1))
    assert message["step"] == step
    assert message["height"] <= 2048
    assert message["height"] * message["width"] == got["pixels"].size
    labels = np.arange(side * 3, dtype=np.int32).reshape(side, 3)
    assert label_pixels(labels).ravel()[-1] == labels[::step, ::step].max()


def test_facts_name_what_is_known() -> None:
    known = slice_head(slice_of(np.zeros((4, 6), np.float32), spacing_mm=(1.0, 0.5)), 1, 3)
    assert known["facts"] == ["HU", "6 × 4 px", "1.00 × 0.50 mm", "test"]
    assert known["aspect"] == (2.0, 1.0)
    assert known["place"] == "2 of 3"
    assert "values above 32,767 HU are shown as that" not in known["facts"]
    beyond = slice_head(slice_of(np.zeros((4, 6), np.float32), notes=(ABOVE, BELOW)), 1, 3)
    assert "values above 32,767 HU are shown as that" in beyond["facts"]
    assert "values below -32,768 HU are shown as that" in beyond["facts"]
    unknown = slice_head(slice_of(np.zeros((5000, 4), np.uint8)), 0, 1)
    assert unknown["facts"] == ["8-bit, window unknown", "4 × 5000 px", "test", "shown at 1/3 of its size"]
    assert unknown["window"] is None


@pytest.mark.parametrize("spacing", [None, (0.0, 1.0), (1.0, 100.0)])
def test_senseless_spacing_gives_square_pixels(spacing: tuple[float, float] | None) -> None:
    assert aspect(spacing) == (1.0, 1.0)
