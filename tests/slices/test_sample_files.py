"""Files as users have them."""

from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

from ctseg.slices import Window, read_slice, read_stack
from ctseg.slices.decode import decode

pytestmark = pytest.mark.data


def test_series_without_extension(samples: Path) -> None:
    files = [samples / "dicom" / f"series_{index}" for index in range(3)]
    stack = read_stack(files)
    # The files are numbered from the head downwards, the stack from the feet upwards.
    for index, path in enumerate(reversed(files)):
        dataset = pydicom.dcmread(path)
        assert (stack.pixels[index] == dataset.pixel_array.astype(int) - 1024).all()
    assert stack.window == Window(300, 40)
    assert stack.spacing_mm == (0.9765625, 0.9765625)
    assert stack.affines is not None
    assert np.diff(stack.affines[:, 2, 3]).tolist() == [2, 2]


@pytest.mark.parametrize("name", ["tcga_0000", "tcga_0020", "tcga_0040", "tcga_0060", "thorax"])
def test_single_slices(name: str, samples: Path) -> None:
    path = samples / "dicom" / f"{name}.dcm"
    dataset = pydicom.dcmread(path)
    stack = decode([path])
    assert stack.pixels.shape == (1, 512, 512)
    assert stack.intensity == "HU"
    stored = dataset.pixel_array.astype(int)
    inside = stored != dataset.get("PixelPaddingValue")
    assert (stack.pixels[0][inside] == stored[inside] + int(dataset.RescaleIntercept)).all()
    assert stack.pixels.min() >= -2048


def test_several_patients_are_several_series(samples: Path) -> None:
    stack = decode([samples / "dicom" / f"tcga_00{number}0.dcm" for number in (0, 2, 4, 6)])
    assert len(stack) == 1
    assert stack.note is not None
    assert "4 series" in stack.note


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("name", "shape", "spacing"),
    [("neck_ct", (30, 155, 159), (1.171875, 1.171875)), ("totalsegmentator_ct", (112, 101, 122), (3.0, 3.0))],
)
def test_volumes(name: str, shape: tuple[int, int, int], spacing: tuple[float, float], samples: Path) -> None:
    path = samples / "nifti" / f"{name}.nii.gz"
    stack = read_stack(path)
    assert stack.pixels.shape == shape
    assert stack.intensity == "HU"
    assert stack.spacing_mm == pytest.approx(spacing)
    # Stored from left to right, back to front.
    voxels = np.asanyarray(nibabel.load(path).dataobj)
    assert np.allclose(stack.pixels[7], voxels[::-1, ::-1, 7].T)
    assert read_slice(path).shape == shape[1:]


def test_label_volume_keeps_its_values(samples: Path) -> None:
    stack = decode([samples / "nifti" / "totalsegmentator_structures.nii.gz"])
    assert stack.intensity == "8-bit"
    assert stack.pixels.max() == 117


def test_challenge_slices(ct_fewshot: Path) -> None:
    path = next((ct_fewshot / "val" / "images").glob("*.png"))
    ct_slice = read_slice(path)
    assert ct_slice.shape == (512, 512)
    assert ct_slice.intensity == "8-bit"
    assert ct_slice.window is None
