"""Windows: the formula at its edges, and 8-bit slices left alone."""

import numpy as np
import pytest

from ctseg.slices import CTSlice, Window
from ctseg.slices.windowing import SOFT_TISSUE, WINDOWS, to_uint8


def in_hounsfield(*values: float) -> CTSlice:
    return CTSlice(np.array([values], np.float32), "HU", None, "test")


def test_edges_of_the_soft_tissue_window() -> None:
    grey = to_uint8(in_hounsfield(-1000, -160, 40, 240, 3000), SOFT_TISSUE)
    assert grey.tolist() == [[0, 0, 128, 255, 255]]
    assert grey.dtype == np.uint8


@pytest.mark.parametrize("window", WINDOWS.values(), ids=WINDOWS)
def test_grey_rises_with_density(window: Window) -> None:
    grey = to_uint8(in_hounsfield(*np.linspace(-1500, 2500, 4001)), window)[0].astype(int)
    assert (np.diff(grey) >= 0).all()
    assert set(grey) >= {0, 255}


def test_bytes_come_back_as_a_copy() -> None:
    pixels = np.array([[0, 7, 255]], np.uint8)
    grey = to_uint8(CTSlice(pixels, "8-bit", None, "PNG"), SOFT_TISSUE)
    assert grey.tolist() == pixels.tolist()
    grey[0, 0] = 9
    assert pixels[0, 0] == 0
