"""The area table against one mask at a time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctseg.labelmaps import area_table


@settings(deadline=None)
@given(
    st.integers(1, 20),
    st.integers(1, 20),
    st.sampled_from([2, 40_000, 2**40]),
    st.sampled_from(["float32", "uint8"]),
    st.integers(0, 2**32),
)
def test_columns_are_those_of_each_mask(height: int, width: int, largest: int, dtype: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    label_map = np.append(0, rng.integers(1, largest, 3))[rng.integers(0, 4, (height, width))]
    pixels = rng.uniform(0, 255, (height, width)).astype(dtype)
    table = area_table(label_map, pixels, (0.5, 2.0))
    labels = np.unique(label_map[label_map > 0])
    assert table["label"].tolist() == labels.tolist()
    for k, label in enumerate(labels.tolist()):
        mask = label_map == label
        rows, columns = np.nonzero(mask)
        inside = pixels[mask].astype(np.float64)
        expected = [mask.sum(), mask.sum(), inside.mean(), inside.std(), rows.mean(), columns.mean()]
        found = [table[name][k] for name in list(table)[1:]]
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_without_spacing_the_area_in_mm2_is_unknown() -> None:
    label_map = np.array([[1, 1, 3]])
    table = area_table(label_map, np.array([[5.0, 7.0, -1000.0]]), None)
    assert list(table) == ["label", "area_px", "area_mm2", "mean", "sd", "centroid_row", "centroid_column"]
    assert np.isnan(table["area_mm2"]).all()
    assert table["area_px"].tolist() == [2, 1]
    assert table["mean"].tolist() == [6.0, -1000.0]
    assert table["sd"].tolist() == [1.0, 0.0]


def test_flat_structures_far_from_zero_have_no_deviation() -> None:
    label_map = np.kron(np.array([[1, 2]]), np.ones((300, 300), int))
    pixels = np.where(label_map == 1, np.float32(30000.1), np.float32(-0.1))
    assert area_table(label_map, pixels, None)["sd"] == pytest.approx([0, 0], abs=1e-8)


@pytest.mark.parametrize("shape", [(3, 4), (0, 5), (5, 0)])
def test_maps_without_structures_give_an_empty_table(shape: tuple[int, int]) -> None:
    table = area_table(np.zeros(shape, np.uint8), np.zeros(shape, np.uint8), (1.0, 1.0))
    assert {column.size for column in table.values()} == {0}


def test_a_slice_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="must be equal"):
        area_table(np.zeros((2, 3), int), np.zeros((3, 2)), None)
