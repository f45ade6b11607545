"""What looks like a mistake in submitted label maps, and what does not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctseg.leaderboard.submissions.hints import submission_hints

SHAPE = (4, 64, 64)


def _labels() -> np.ndarray:
    maps = np.zeros(SHAPE, np.uint8)
    maps[:, 5:20, 5:20], maps[:, 30:50, 10:40] = 1, 2
    return maps


def test_label_maps_get_no_hint() -> None:
    assert submission_hints(_labels()) == ()
    # Many small regions, as of superpixels.
    rows, columns = np.indices(SHAPE[1:]) // 6
    assert submission_hints(np.broadcast_to((11 * rows + columns + 1).astype(np.uint16), SHAPE)) == ()


def test_all_background() -> None:
    assert [hint[:31] for hint in submission_hints(np.zeros(SHAPE, np.uint8))] == [
        "Nothing is marked in any image:"
    ]
    some = _labels()
    some[:3] = 0
    assert submission_hints(some) == ("Nothing is marked in 3 of 4 images: all their pixels are background.",)
    some[0, 0, 0] = some[1, 0, 0] = 1
    assert submission_hints(some) == ()


def test_one_value_everywhere() -> None:
    hints = submission_hints(np.full(SHAPE, 7, np.uint8))
    assert hints == ("In 4 of 4 images all pixels have one value: each is one structure that fills it.",)


def test_a_mask_in_place_of_structures() -> None:
    hints = submission_hints((_labels() > 0).astype(np.uint8) * 255)
    assert ["one structure only" in hint for hint in hints] == [True]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_grey_levels_in_place_of_labels(dtype: type) -> None:
    noisy = np.random.default_rng(0).normal(100, 20, SHAPE).clip(1, 255).astype(dtype)
    assert ["look like grey levels" in hint for hint in submission_hints(noisy)] == [True]


@given(st.integers(1, 3), st.integers(1, 5), st.integers(1, 5), st.integers(0, 300))
def test_any_stack_gets_sentences_and_no_error(count: int, height: int, width: int, value: int) -> None:
    hints = submission_hints(np.full((count, height, width), value, np.uint16))
    assert all(hint.endswith(".") for hint in hints)
    assert len(hints) == 1
