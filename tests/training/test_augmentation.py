"""Views of a slice: it and its mask move together."""

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ctseg.training.augmentation import augment
from ctseg.training.recipe import Augmentation

STILL = Augmentation(
    flip=0, rotation=0, scale=1, shift=0, elastic=0, contrast=1, brightness=0, gamma=1, noise=0, blur=0
)


def disc(side: int = 64, row: float = 20, column: float = 40) -> np.ndarray:
    rows, columns = np.mgrid[:side, :side]
    return ((rows - row) ** 2 + (columns - column) ** 2 < 100).astype(np.uint8)


def test_no_change_is_no_change() -> None:
    grey = np.random.default_rng(0).integers(0, 256, (64, 64)).astype(np.uint8)
    same, mask = augment(grey, disc(), 64, STILL, np.random.default_rng(1))
    assert np.array_equal(same, grey)
    assert np.array_equal(mask, disc())
    half, _ = augment(grey, disc(), 32, STILL, np.random.default_rng(1))
    assert np.abs(half.astype(int) - cv2.resize(grey, (32, 32))).max() <= 1


@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_slice_and_mask_move_together(seed: int) -> None:
    moving = Augmentation(flip=0.5, quarter_turns=0.5, contrast=1, brightness=0, gamma=1, noise=0, blur=0)
    grey, mask = augment(disc() * np.uint8(255), disc(), 64, moving, np.random.default_rng(seed))
    assert np.array_equal(grey >= 128, mask == 1)
    assert mask.max() <= 1


def test_mirror_and_quarter_turn() -> None:
    mirrored = Augmentation(**{**vars(STILL), "flip": 1.0})
    _, mask = augment(disc(), disc(), 64, mirrored, np.random.default_rng(0))
    assert np.array_equal(mask, disc()[:, ::-1])
    turned = Augmentation(**{**vars(STILL), "quarter_turns": 1.0})
    found = {
        augment(disc(), disc(), 64, turned, np.random.default_rng(seed))[1].tobytes() for seed in range(20)
    }
    assert found == {np.ascontiguousarray(np.rot90(disc(), turns)).tobytes() for turns in (1, 2, 3)}


def test_grey_levels_change_but_air_stays_black() -> None:
    grey = np.linspace(0, 255, 4096).reshape(64, 64).astype(np.uint8)
    changing = Augmentation(**{**vars(STILL), "contrast": 1.5, "brightness": 0.2, "gamma": 1.5})
    views = [augment(grey, disc(), 64, changing, np.random.default_rng(seed))[0] for seed in range(5)]
    assert all((view[grey == 0] == 0).all() for view in views)
    assert all(np.all(np.diff(view.ravel().astype(int)) >= 0) for view in views)
    assert len({view.tobytes() for view in views}) == 5
