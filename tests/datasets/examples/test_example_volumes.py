"""The volumes of the package."""

import numpy as np
import pytest

from ctseg.datasets.examples import ABDOMEN, TOTALSEGMENTATOR
from ctseg.slices import Window


def test_the_abdominal_series_lies_in_its_place() -> None:
    stack = ABDOMEN.stack()
    assert stack.pixels.shape == (41, 512, 512)
    assert (stack.pixels.min(), stack.pixels.max()) == (-1024, 1377)
    assert stack.spacing_mm == (0.796875, 0.796875)
    assert stack.window == Window(400, 40)
    assert stack.affines is not None
    assert np.allclose(np.diff(stack.affines[:, 2, 3]), 5.0)
    assert ABDOMEN.structures() is None


def test_totalsegmentators_example_has_61_structures_as_its_slices_lie() -> None:
    structures = TOTALSEGMENTATOR.structures()
    assert structures is not None
    stack = TOTALSEGMENTATOR.stack()
    assert structures.shape == stack.pixels.shape == (112, 101, 122)
    assert np.unique(structures[structures > 0]).size == 61
    # Structures lie in the body and not in the air around it: a flipped axis would show.
    assert np.median(stack.pixels[structures > 0]) > 0
    assert (stack.pixels[structures > 0] < -900).mean() < 0.05


def test_whoever_frees_a_stack_leaves_it_to_the_others() -> None:
    first, second = ABDOMEN.stack(), ABDOMEN.stack()
    first.free()
    assert len(second) == 41
    with pytest.raises(ValueError, match="read-only"):
        second.pixels[0, 0, 0] = 1
