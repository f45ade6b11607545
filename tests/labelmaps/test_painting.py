"""Colours, overlays, outlines, and the map of merges and splits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from skimage.color import rgb2lab

from ctseg.labelmaps import colours, merge_split_map, overlay_filled, overlay_outlined
from ctseg.labelmaps.overlay import outlines

# Machado, Oliveira and Fernandes 2009, table 1, severity 1.0; applied to linear RGB.
SEEN_WITH = {
    "normal vision": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
}


@pytest.mark.parametrize("vision", SEEN_WITH)
def test_neighbouring_colours_are_far_apart(vision: str) -> None:
    table = colours(200)
    srgb = table / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.transpose(SEEN_WITH[vision]), 0, 1)
    seen = np.where(seen <= 0.0031308, seen * 12.92, 1.055 * seen ** (1 / 2.4) - 0.055)
    lab = rgb2lab(seen[np.newaxis])[0]
    assert np.linalg.norm(np.diff(lab, axis=0), axis=1).min() > 25
    # Within the first round no two are taken for one; a distance of about 2 is just noticeable.
    first = lab[:24]
    apart = np.linalg.norm(first[:, np.newaxis] - first, axis=-1) + 100 * np.eye(24)
    assert apart.min() > 10


def test_there_are_as_many_colours_as_asked_for() -> None:
    assert colours(0).shape == (0, 3)
    assert colours(300).shape == (300, 3)
    assert colours(300).dtype == np.uint8


@settings(deadline=None)
@given(st.integers(0, 2**32), st.floats(0, 1), st.sampled_from([3, 30, 2**40]))
def test_filled_overlays_blend_the_labels_colour(seed: int, opacity: float, largest: int) -> None:
    rng = np.random.default_rng(seed)
    grey = rng.integers(0, 256, (9, 11), dtype=np.uint8)
    label_map = rng.integers(0, largest, (9, 11)) * rng.integers(0, 2, (9, 11))
    image = overlay_filled(grey, label_map, opacity)
    assert image.dtype == np.uint8
    assert image.shape == (9, 11, 3)
    for row, column in np.ndindex(9, 11):
        label, below = int(label_map[row, column]), float(grey[row, column])
        colour = colours(24)[(label - 1) % 24].astype(float) if label else below
        assert image[row, column] == pytest.approx(below + opacity * (colour - below), abs=0.501)


def test_outlines_lie_inside_the_structure() -> None:
    label_map = np.zeros((9, 9), int)
    label_map[2:7, 2:7] = 300
    thin = outlines(label_map)
    assert thin.sum() == 16
    assert not thin[3:6, 3:6].any()
    assert outlines(label_map, 2).sum() == 24
    assert outlines(label_map, 3).sum() == 25
    grey = np.full((9, 9), 100, np.uint8)
    image = overlay_outlined(grey, label_map)
    assert np.array_equal((image != 100).any(axis=2), thin)
    assert np.array_equal(image[2, 2], colours(300)[299])


def test_touching_structures_have_two_lines_and_the_border_of_the_image_none() -> None:
    label_map = np.repeat([[1, 1, 1, 2, 2, 2]], 4, axis=0)
    assert outlines(label_map).tolist() == [[False, False, True, True, False, False]] * 4
    assert outlines(np.zeros((0, 3), int)).shape == (0, 3)


@pytest.mark.parametrize(
    ("grey", "label_map", "opacity", "message"),
    [
        (np.zeros((2, 2)), np.zeros((2, 2), int), 0.5, "display window"),
        (np.zeros((2, 3), np.uint8), np.zeros((2, 2), int), 0.5, "must be equal"),
        (np.zeros((2, 2), np.uint8), np.zeros((2, 2), int), 1.5, "from 0 to 1"),
        (np.zeros((2, 2), np.uint8), np.zeros((2, 2)), 0.5, "integers"),
    ],
)
def test_what_cannot_be_painted_is_refused(
    grey: NDArray[np.generic], label_map: NDArray[np.generic], opacity: float, message: str
) -> None:
    for paint in (overlay_filled, overlay_outlined):
        with pytest.raises(ValueError, match=message):
            paint(grey, label_map, opacity)


def test_lines_need_a_thickness() -> None:
    with pytest.raises(ValueError, match="1 or more"):
        overlay_outlined(np.zeros((2, 2), np.uint8), np.zeros((2, 2), int), thickness=0)


def two_structures() -> NDArray[np.integer]:
    """Two touching squares of 400 px and, apart from them, one of 400 px."""
    true = np.zeros((30, 90), int)
    true[5:25, 5:25], true[5:25, 25:45], true[5:25, 60:80] = 8, 3, 5
    return true


def test_a_perfect_prediction_has_no_errors() -> None:
    assert not merge_split_map(two_structures() * 2, two_structures()).any()


def test_one_region_on_two_structures_merged_them() -> None:
    true = two_structures()
    predicted = np.where(np.isin(true, (8, 3)), 1, np.where(true == 5, 2, 0))
    predicted[:3] = 1
    assert np.array_equal(merge_split_map(predicted, true), np.isin(true, (8, 3)).astype(np.uint8))


def test_two_regions_on_one_structure_split_it() -> None:
    true = two_structures()
    predicted = true.copy()
    predicted[5:15, 60:80] = 9
    assert np.array_equal(merge_split_map(predicted, true), 2 * (true == 5).astype(np.uint8))


def test_fragments_far_smaller_than_the_structure_split_it() -> None:
    true = np.ones((60, 60), int)
    predicted = 1 + np.arange(60)[:, np.newaxis] // 6 * 10 + np.arange(60) // 6
    assert (merge_split_map(predicted, true) == 2).all()


def test_a_border_a_little_off_and_specks_are_no_errors() -> None:
    true = two_structures()
    predicted = true.copy()
    predicted[5:25, 25] = 8
    predicted[10:13, 62:65] = 9
    assert not merge_split_map(predicted, true).any()


def test_where_both_hold_merged_is_shown() -> None:
    true = two_structures()
    predicted = np.where(true == 5, 7, 0)
    predicted[5:25, 5:35], predicted[5:25, 35:45] = 1, 2
    errors = merge_split_map(predicted, true)
    assert (errors[5:25, 5:35] == 1).all()
    assert (errors[5:25, 35:45] == 2).all()
    assert not errors[:, 45:].any()


def test_errors_need_maps_of_one_slice() -> None:
    with pytest.raises(ValueError, match="different shapes"):
        merge_split_map(np.zeros((2, 3), int), np.zeros((3, 2), int))
    assert merge_split_map(np.zeros((2, 3), int), np.ones((2, 3), int)).tolist() == [[0] * 3] * 2
