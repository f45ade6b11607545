"""Numbers that stay with structures from slice to slice."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from ctseg.labelmaps import follow, numbered

_MAPS = arrays(np.int32, (7, 9), elements=st.integers(0, 4)).map(numbered)


@settings(deadline=None)
@given(_MAPS, _MAPS)
def test_it_is_the_same_partition_and_fresh_numbers_are_fresh(
    label_map: NDArray[np.int32], before: NDArray[np.int32]
) -> None:
    followed = follow(label_map, before, 100)
    assert np.array_equal(numbered(followed), label_map)
    assert set(np.unique(followed)) <= set(np.unique(before)) | {0} | set(range(100, 120))


@settings(deadline=None)
@given(_MAPS)
def test_the_same_slice_keeps_all_numbers(label_map: NDArray[np.int32]) -> None:
    named = label_map * 3
    assert np.array_equal(follow(label_map, named, 100), named)
