"""The body without the air around it, whatever lies under it and whatever its wall looks like."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ctseg.datasets.phantom import phantom_slice
from ctseg.methods.base.body import body_mask, body_without_air, outside_air
from ctseg.slices.ct_slice import CTSlice, Window
from ctseg.slices.windowing import SOFT_TISSUE, to_uint8


def on_a_table(height: int = 300, width: int = 400) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """A body with a lung and an open wall, on a table that it touches; where the body is."""
    body = np.zeros((height, width), np.uint8)
    cv2.ellipse(body, (200, 140), (120, 90), 0, 0, 360, 1, -1)
    grey = body * np.uint8(120)
    cv2.ellipse(grey, (150, 140), (50, 55), 0, 0, 360, 0, -1)
    grey[135:145, 70:110] = 0  # a gap in the wall, narrower than a twelfth
    cv2.line(grey, (5, 234), (395, 234), 160, 5)
    return grey, body > 0


@pytest.mark.parametrize("turn", range(4))
def test_air_between_body_and_table_is_outside_and_a_lung_inside(turn: int) -> None:
    grey, body = (np.rot90(each, turn) for each in on_a_table())
    grey = np.ascontiguousarray(grey)
    assert (body_mask(grey) & ~body).sum() > 0.3 * body.sum()  # the hull encloses much air
    found = body_without_air(grey)
    assert (body & ~found).sum() < 0.01 * body.sum()
    assert (found & ~body & (grey == 0)).sum() < 0.06 * body.sum()


@pytest.mark.parametrize("size", [(300, 400), (301, 399), (96, 130)])
def test_a_mirrored_slice_has_mirrored_air(size: tuple[int, int]) -> None:
    grey = cv2.resize(on_a_table()[0], size[::-1], interpolation=cv2.INTER_NEAREST)
    air = outside_air(grey)
    assert 0.2 < air.mean() < 0.8
    assert np.array_equal(outside_air(np.ascontiguousarray(grey[:, ::-1]))[:, ::-1], air)


@pytest.mark.parametrize("region", ["thorax", "abdomen"])
@pytest.mark.parametrize("window", [SOFT_TISSUE, Window(300, 100), Window(1500, -600), Window(2000, 400)])
def test_nothing_of_a_phantom_is_lost(region: str, window: Window) -> None:
    for seed in range(4):
        phantom = phantom_slice(seed, region)
        grey = to_uint8(
            CTSlice(phantom.hounsfield.astype(np.float32), "HU", phantom.spacing_mm, "test"), window
        )
        marked = phantom.label_map > 0
        assert (marked & body_mask(grey) & ~body_without_air(grey)).sum() <= 0.01 * marked.sum()


def test_without_a_body_all_counts_and_large_slices_are_alike() -> None:
    assert body_without_air(np.zeros((20, 30), np.uint8)).all()
    grey, _ = on_a_table()
    large = np.kron(grey, np.ones((4, 4), np.uint8))
    small, found = body_without_air(grey), body_without_air(large)
    assert found.shape == large.shape
    assert found.mean() == pytest.approx(small.mean(), abs=0.02)
