"""The watershed equals the literal scikit-image calls, on its golden numbers too."""

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image
from pydicom.data import get_testdata_file
from scipy import ndimage
from skimage.filters import rank, sobel
from skimage.morphology import disk
from skimage.segmentation import watershed

from ctseg.methods import Stopped, load
from ctseg.methods.base.interruptible import MAX_IN_PROCESS_PX, RecipeMethod
from ctseg.metrics import score
from ctseg.slices import CTSlice, Window, read_slice
from ctseg.slices.windowing import SOFT_TISSUE, to_uint8


def literal_calls(image: NDArray[np.uint8]) -> NDArray[np.int32]:
    edges = sobel(image)
    flat = rank.gradient(rank.median(image, disk(2)), disk(5)) < 20
    markers = ndimage.label(flat)[0]
    return watershed(edges, markers, compactness=1e-4)


def smooth_image(height: int, width: int) -> NDArray[np.uint8]:
    noise = np.random.default_rng(3).normal(size=(height, width))
    return np.clip(ndimage.gaussian_filter(noise, 6) * 1000 + 128, 0, 255).astype(np.uint8)


def eight_bit(image: NDArray[np.uint8]) -> CTSlice:
    return CTSlice(image, "8-bit", None, "test")


@given(arrays(np.uint8, st.tuples(st.integers(1, 24), st.integers(1, 24)), elements=st.integers(0, 60)))
@settings(max_examples=60, deadline=None)
def test_equals_the_literal_calls(image: NDArray[np.uint8]) -> None:
    label_map = load("watershed").segment(eight_bit(image))
    assert label_map.dtype == np.int32
    np.testing.assert_array_equal(label_map, literal_calls(image))


@pytest.mark.parametrize("shape", [(512, 512), (513, 512), (1, 262_145)])
def test_equals_the_literal_calls_in_and_out_of_process(shape: tuple[int, int]) -> None:
    image = smooth_image(*shape)
    fractions: list[float] = []
    label_map = load("watershed").segment(eight_bit(image), progress=fractions.append)
    np.testing.assert_array_equal(label_map, literal_calls(image))
    assert fractions[0] == 0.0
    assert fractions[-1] == 1.0
    assert fractions == sorted(fractions)


def test_hounsfield_units_pass_through_the_soft_tissue_window() -> None:
    hounsfield = smooth_image(64, 80).astype(np.float32) * 8 - 1000
    ct_slice = CTSlice(hounsfield, "HU", None, "test", Window(1500, -600))
    expected = literal_calls(to_uint8(ct_slice, Window(400, 40)))
    np.testing.assert_array_equal(load("watershed").segment(ct_slice), expected)


def test_one_region_where_all_is_flat_and_none_where_nothing_is() -> None:
    flat = load("watershed").segment(eight_bit(np.full((7, 513), 9, dtype=np.uint8)))
    assert (flat == 1).all()
    board = np.indices((40, 40)).sum(axis=0) // 3 % 2 * np.uint8(255)
    assert not load("watershed").segment(eight_bit(board.astype(np.uint8))).any()


# Number of regions and sha256 of the label map as little-endian int32.
PYDICOM_GOLDEN = {
    "CT_small.dcm": (23, "40c45086eca16f027ecffbfe4aa2c5ae90524d2353aa7c27d3960a13013a0259"),
    "693_J2KI.dcm": (17, "59ce48e76d388d2a0e123250435b402089c2b73392f03d15dfe0c2c2e45c2929"),
    "J2K_pixelrep_mismatch.dcm": (93, "638ee3391d586268d59410f23d1d38f3112c7c46cd8e774d626097ceff01064f"),
}


@pytest.mark.parametrize("name", PYDICOM_GOLDEN)
def test_golden_label_maps_of_pydicoms_slices(name: str) -> None:
    ct_slice = read_slice(get_testdata_file(name, download=False))
    label_map = load("watershed").segment(ct_slice)
    digest = hashlib.sha256(label_map.astype("<i4").tobytes()).hexdigest()
    assert (len(np.unique(label_map)), digest) == PYDICOM_GOLDEN[name]


@pytest.mark.data
@pytest.mark.parametrize(
    ("split", "ari", "fg_ari", "regions"),
    [("val", 0.1345, 0.4033, 227), pytest.param("train", 0.1461, 0.4222, 192, marks=pytest.mark.slow)],
)
def test_golden_scores(ct_fewshot: Path, split: str, ari: float, fg_ari: float, regions: int) -> None:
    method = load("watershed")
    scores, counts = [], []
    for file in sorted((ct_fewshot / split / "images").glob("*.png")):
        label_map = method.segment(eight_bit(np.asarray(Image.open(file))))
        result = score(label_map, np.asarray(Image.open(ct_fewshot / split / "labels" / file.name)))
        scores.append((result.ari, result.fg_ari))
        counts.append(int(label_map.max()))
    assert np.nanmean(scores, axis=0) == pytest.approx([ari, fg_ari], abs=0.0005)
    assert round(float(np.mean(counts))) == regions


def test_a_process_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "burnt_recipe.py").write_text(
        "STEPS = 1\ndef segment_image(image, after_step):\n    raise SystemExit('out of flour')\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    image = np.zeros((1, MAX_IN_PROCESS_PX + 1), dtype=np.uint8)
    with pytest.raises(RuntimeError, match="out of flour"):
        RecipeMethod("burnt_recipe", SOFT_TISSUE).segment(eight_bit(image))


class StopAfter:
    """A stop flag that is set when it is looked at for the n-th time."""

    def __init__(self, looks: int) -> None:
        self._left = looks

    def is_set(self) -> bool:
        self._left -= 1
        return self._left < 0


@pytest.mark.parametrize("looks", range(6))
def test_stops_between_any_two_steps(looks: int) -> None:
    with pytest.raises(Stopped):
        load("watershed").segment(eight_bit(smooth_image(30, 30)), stop=StopAfter(looks))
