"""nibabel and SimpleITK say the same of every NIfTI file as ctseg does.

`DIFFERENCES` names each situation in which one of them says something else, and why ctseg does not.
"""

import struct
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from agreement import Volume, agree
from numpy.typing import NDArray

from ctseg.slices.decode import decode

sitk = pytest.importorskip("SimpleITK")

VOXELS = np.arange(7 * 9 * 5).reshape(7, 9, 5) * 7 - 1000
ALONG = np.array([[-0.8, 0, 0, 10], [0, -0.7, 0, 20], [0, 0, 2.5, 30], [0, 0, 0, 1.0]])
TURNED = np.array([[0, 0, 2.5, 10], [-0.8, 0, 0, 20], [0, 0.7, 0, -30], [0, 0, 0, 1.0]])
OBLIQUE = np.eye(4)
OBLIQUE[:3, :3] = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))[0] * [0.8, 0.7, 2.5]
SHEARED = np.array([[0.8, 0, 0, 10], [0, 0.7, 0.5, 20], [0, 0, 2.5, 30], [0, 0, 0, 1.0]])
DTYPES = ("<i2", ">i2", "<i4", ">i4", "<f4", ">f4", "<f8", ">f8", "<i8", ">i8")
# Where the numbers of a header lie (nifti1.h), and how they are packed.
FIELDS = {
    "scl_slope": ("f", 112),
    "scl_inter": ("f", 116),
    "qfac": ("f", 76),
    "vox_offset": ("f", 108),
    "quatern_b": ("f", 256),
    "xyzt_units": ("B", 123),
}
HEADERS: dict[str, dict[str, Any]] = {
    "slope and intercept": {"scl_slope": 0.5, "scl_inter": -900.0},
    "negative slope": {"scl_slope": -1.0, "scl_inter": 10.0},
    "slope 0": {"scl_slope": 0.0, "scl_inter": 7.0},
    "slope not a number": {"scl_slope": float("nan"), "scl_inter": float("nan")},
    "slope infinite": {"scl_slope": float("inf"), "scl_inter": 1.0},
    "intercept not a number": {"scl_slope": 2.0, "scl_inter": float("nan")},
    "offset 0": {"vox_offset": 0.0},
    "metres": {"xyzt_units": 1},
    "microns": {"xyzt_units": 3},
}
DIFFERENCES = {
    ("SimpleITK", "slope 0"): "nifti1.h, scl_slope: 0 means that nothing is scaled; ITK adds the intercept",
    ("SimpleITK", "slope infinite"): "as above: a slope that is no finite number cannot be meant",
    ("SimpleITK", "version 2"): "SimpleITK reads version 1 only",
    ("SimpleITK", "offset 0"): "nifti1.h, vox_offset: at least 352 in one file",
    (
        "nibabel",
        "offset 0",
    ): "nifti1.h, vox_offset: at least 352 in one file; nibabel reads the header as voxels",
    ("SimpleITK", "sheared"): "nifti1.h, method 3: any affine; ITK knows directions at right angles only",
    ("nibabel", "intercept not a number"): "nibabel refuses the header; ctseg reads it as 0, with a note",
    ("nibabel", "metres"): "nifti1.h, xyzt_units: srow is in these units; nibabel leaves them to its user",
    ("nibabel", "microns"): "as above",
}


def save(path: Path, voxels: NDArray[Any], affine: NDArray[np.float64], kind: Any, order: str) -> Path:
    header = kind.header_class(endianness=order)
    header.set_data_dtype(voxels.dtype)
    nibabel.save(kind(voxels, affine, header), path)
    return path


def by_nibabel(path: Path) -> Volume:
    volume = nibabel.load(path)
    return np.asanyarray(volume.dataobj), np.array(volume.affine)


def by_simpleitk(path: Path) -> Volume:
    image = sitk.ReadImage(str(path))
    place = np.eye(4)
    place[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
    place[:3, 3] = image.GetOrigin()
    return sitk.GetArrayFromImage(image).T, np.diag([-1.0, -1.0, 1.0, 1.0]) @ place


TOOLS = {"nibabel": by_nibabel, "SimpleITK": by_simpleitk}


def says_the_same(tool: str, path: Path) -> bool:
    try:
        other = TOOLS[tool](path)
    except (RuntimeError, nibabel.spatialimages.HeaderDataError, ValueError):
        return False
    return agree(decode([path]), other)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
@pytest.mark.parametrize("tool", TOOLS)
def test_every_number_in_either_order(tool: str, kind: Any, dtype: str, tmp_path: Path) -> None:
    for affine in (ALONG, TURNED, OBLIQUE):
        path = save(tmp_path / "a.nii.gz", VOXELS.astype(dtype), affine, kind, dtype[0])
        version = "version 2" if kind is nibabel.Nifti2Image else "version 1"
        assert says_the_same(tool, path) == ((tool, version) not in DIFFERENCES)


@pytest.mark.parametrize("situation", HEADERS)
@pytest.mark.parametrize("tool", TOOLS)
def test_unusual_headers(tool: str, situation: str, tmp_path: Path) -> None:
    path = save(tmp_path / "a.nii", VOXELS.astype("<i2"), ALONG, nibabel.Nifti1Image, "<")
    content = bytearray(path.read_bytes())
    for name, value in HEADERS[situation].items():
        code, place = FIELDS[name]
        struct.pack_into(f"<{code}", content, place, value)
    path.write_bytes(content)
    # A difference that went away must leave the table.
    assert says_the_same(tool, path) == ((tool, situation) not in DIFFERENCES)


@pytest.mark.parametrize("tool", TOOLS)
def test_a_sheared_volume(tool: str, tmp_path: Path) -> None:
    path = save(tmp_path / "a.nii", VOXELS.astype("<i2"), SHEARED, nibabel.Nifti1Image, "<")
    assert says_the_same(tool, path) == ((tool, "sheared") not in DIFFERENCES)


@pytest.mark.parametrize("codes", [(0, 1), (1, 0), (2, 1), (1, 1), (4, 0), (0, 3)])
@pytest.mark.parametrize("tool", TOOLS)
def test_matrix_and_quaternion(tool: str, codes: tuple[int, int], tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(VOXELS.astype("<i2"), None)
    image.header.set_sform(TURNED, codes[0])
    image.header.set_qform(TURNED, codes[1])
    nibabel.save(image, tmp_path / "a.nii")
    assert says_the_same(tool, tmp_path / "a.nii")


WHEEL = Path(nibabel.__file__).parent / "tests" / "data"


@pytest.mark.parametrize("name", ["anatomical.nii", "standard.nii.gz"])
def test_files_of_nibabel_itself(name: str) -> None:
    if not (WHEEL / name).exists():
        pytest.skip("nibabel came without its test files")
    volume = nibabel.load(WHEEL / name)
    stack = decode([WHEEL / name])
    assert stack.affines is not None
    values = np.asanyarray(volume.dataobj)
    assert stack.pixels.size == values.size
    low, high = float(values.min()), float(values.max())
    grid = stack.grid
    assert grid is not None
    for index in (0, len(stack) // 2, len(stack) - 1):
        for row, column in ((0, 0), (1, 2), (stack.pixels.shape[1] - 1, stack.pixels.shape[2] - 1)):
            voxel = np.rint((grid @ [row, column, index, 1])[:3]).astype(int)
            millimetres = volume.affine @ [*voxel, 1]
            assert np.allclose(stack.affines[index] @ [row, column, 0, 1], millimetres, atol=1e-4)
            expected = float(values[tuple(voxel)])
            if stack.intensity == "8-bit" and values.dtype != np.uint8:
                expected = np.floor((expected - low) / (high - low) * 255 + 0.5)
            assert stack.pixels[index, row, column] == pytest.approx(expected)
