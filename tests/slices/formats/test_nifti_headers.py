"""Headers as careless writers leave them mean what the standard says, for slices and label maps alike."""

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813  its own habit
from numpy.typing import NDArray

from ctseg.labelmaps import LabelMapError
from ctseg.labelmaps.files import read_label_map, read_placed_label_map
from ctseg.slices import SliceError
from ctseg.slices.decode import decode, decode_one

BODY = (np.arange(4 * 5 * 6).reshape(4, 5, 6) - 1000).astype(np.int16)
QFORM: dict[str, Any] = {"qform_code": 1, "qoffset_x": 10, "qoffset_y": 20, "qoffset_z": 30}


def save(path: Path, voxels: NDArray[Any], **fields: Any) -> Path:
    """Write header fields as they are, without nibabel's mending."""
    header = nibabel.Nifti1Header()
    header.set_data_dtype(voxels.dtype)
    header.set_data_shape(voxels.shape)
    for name, value in {"magic": b"n+1", "vox_offset": 352, **fields}.items():
        header[name] = value
    path.write_bytes(header.binaryblock + bytes(4) + voxels.tobytes(order="F"))
    return path


@pytest.mark.parametrize("qfac", [0, 1, -1])
@pytest.mark.parametrize("quaternion", [(0, 0, 1), (0.6, 0, 0.8003), (0.1, 0.2, 0.3), (0, 0, 0)])
def test_quaternions_are_those_of_simpleitk(
    qfac: int, quaternion: tuple[float, float, float], tmp_path: Path
) -> None:
    fields = dict(zip(("quatern_b", "quatern_c", "quatern_d"), quaternion, strict=True))
    path = save(tmp_path / "a.nii", BODY, pixdim=[qfac, 2, 3, 5, 0, 0, 0, 0], **QFORM, **fields)
    stack = decode([path])
    assert stack.notes == ()
    seen = sitk.ReadImage(str(path))
    for index in (0, len(stack) - 1):
        ct_slice = stack[index]
        assert ct_slice.affine is not None
        assert ct_slice.grid is not None
        for corner in ((0, 0), (ct_slice.shape[0] - 1, ct_slice.shape[1] - 1)):
            voxel = np.rint(ct_slice.grid @ [*corner, 0, 1]).astype(int)[:3]
            assert ct_slice.pixels[corner] == BODY[tuple(voxel)]
            ras = np.array(seen.TransformIndexToPhysicalPoint(voxel.tolist())) * [-1, -1, 1]
            assert np.allclose((ct_slice.affine @ [*corner, 0, 1])[:3], ras, atol=1e-3)


@pytest.mark.parametrize(
    "fields",
    [
        {"quatern_b": 3, "pixdim": [1, 2, 3, 5, 0, 0, 0, 0]},
        {"quatern_d": np.nan, "pixdim": [1, 2, 3, 5, 0, 0, 0, 0]},
        {"qoffset_x": np.inf, "pixdim": [1, 2, 3, 5, 0, 0, 0, 0]},
        {"pixdim": [1, 2, 3, 0, 0, 0, 0, 0]},
    ],
)
def test_a_place_that_cannot_be_used_is_noted(fields: dict[str, Any], tmp_path: Path) -> None:
    stack = decode([save(tmp_path / "a.nii", BODY, **{**QFORM, **fields})])
    assert stack.affines is None
    assert stack.pixels.shape == (6, 5, 4)
    assert stack.spacing_mm == pytest.approx((3, 2))
    assert "cannot be" in str(stack.note)
    labels = save(tmp_path / "l.nii", (BODY[:, :, :1] > -950).astype(np.uint8), **{**QFORM, **fields})
    placed = read_placed_label_map(labels)
    assert np.array_equal(placed.label_map, BODY[:, :, 0].T > -950)


def test_an_unusable_matrix_leaves_the_quaternion(tmp_path: Path) -> None:
    path = save(
        tmp_path / "a.nii", BODY, pixdim=[1, 2, 3, 5, 0, 0, 0, 0], sform_code=1, srow_x=np.nan, **QFORM
    )
    stack = decode([path])
    assert stack.notes == ()
    assert stack.affines is not None
    assert stack.affines[0][2, 3] == 30


@pytest.mark.parametrize(
    ("slope", "intercept", "expected", "note"),
    [
        (0, -1024, 0, None),
        (np.nan, 3, 0, None),
        (np.inf, 3, 0, None),
        (1, np.nan, 0, "intercept"),
        (1, np.inf, 0, "intercept"),
        (1, -24, -24, None),
    ],
)
def test_scaling(slope: float, intercept: float, expected: int, note: str | None, tmp_path: Path) -> None:
    path = save(
        tmp_path / "a.nii", BODY, scl_slope=slope, scl_inter=intercept, pixdim=[1, 1, 1, 1, 0, 0, 0, 0]
    )
    stack = decode([path])
    assert stack.intensity == "HU"
    assert stack.pixels.min() == BODY.min() + expected
    assert (note or "") in str(stack.note)
    assert (stack.note is None) == (note is None)


def test_lengths_left_at_zero_are_one(tmp_path: Path) -> None:
    path = save(
        tmp_path / "a.nii", BODY[:, :, 0], dim=[4, 4, 5, 0, 0, 0, 0, 0], pixdim=[1, 2, 3, 0, 0, 0, 0, 0]
    )
    assert decode([path]).pixels.shape == (1, 5, 4)
    labels = save(tmp_path / "l.nii", np.ones((4, 5), np.uint8), dim=[3, 4, 5, 0, 0, 0, 0, 0])
    assert read_label_map(labels).shape == (5, 4)
    with pytest.raises(SliceError, match="no voxels"):
        decode([save(tmp_path / "b.nii", BODY, dim=[3, 4, -5, 6, 1, 1, 1, 1])])
    with pytest.raises(LabelMapError, match="no voxels"):
        read_label_map(tmp_path / "b.nii")


@pytest.mark.parametrize("dtype", [np.int16, np.uint16, np.uint8])
def test_labels_that_nibabel_stored_with_a_slope_come_back(dtype: Any, tmp_path: Path) -> None:
    labels = np.zeros((20, 12, 1))
    labels[3:9, 2:8], labels[12:15, :], labels[0, 0] = 17, 104, 1
    image = nibabel.Nifti1Image(labels, np.eye(4))
    image.set_data_dtype(dtype)
    nibabel.save(image, tmp_path / "l.nii.gz")
    assert np.array_equal(read_label_map(tmp_path / "l.nii.gz"), labels[:, :, 0].T)


def test_values_between_the_steps_stay_fractions(tmp_path: Path) -> None:
    path = save(tmp_path / "l.nii", np.arange(20, dtype=np.uint8).reshape(4, 5, 1), scl_slope=0.3)
    with pytest.raises(LabelMapError, match="fractions"):
        read_label_map(path)


@pytest.mark.parametrize("dtype", [np.int16, np.float32, np.uint16, np.uint8])
def test_one_slice_alone_has_the_values_it_has_in_the_stack(dtype: Any, tmp_path: Path) -> None:
    voxels = (BODY.astype(np.float64) + (0 if np.dtype(dtype).kind in "if" else 1000)).astype(dtype)
    if np.dtype(dtype).kind == "f":
        voxels[0, 0, 0], voxels[1, 1, 1], voxels[2, 2, 5] = np.nan, np.inf, -np.inf
    nibabel.save(nibabel.Nifti1Image(voxels, np.diag([1.0, 2, 3, 1])), tmp_path / "a.nii.gz")
    stack = decode([tmp_path / "a.nii.gz"])
    for index in range(6):
        alone = decode_one(tmp_path / "a.nii.gz", index)
        assert alone.intensity == stack.intensity
        assert alone.pixels.dtype == stack.pixels.dtype
        assert np.array_equal(alone.pixels[0], stack.pixels[index])
    assert np.array_equal(decode_one(tmp_path / "a.nii.gz", None).pixels[0], stack.pixels[3])
    with pytest.raises(SliceError, match="no slice 6"):
        decode_one(tmp_path / "a.nii.gz", 6)


@pytest.mark.parametrize("lengths", [(4, 1, 3), (4, 5, 1)])
def test_any_length_left_at_zero_is_one(lengths: tuple[int, int, int], tmp_path: Path) -> None:
    voxels = np.arange(np.prod(lengths), dtype=np.int16).reshape(lengths) - 1000
    plain = nibabel.Nifti1Image(voxels, np.diag([1, 2, 3, 1.0]))
    nibabel.save(plain, tmp_path / "a.nii")
    content = bytearray((tmp_path / "a.nii").read_bytes())
    dim = [3, *(length if length > 1 else 0 for length in lengths), 1, 1, 1, 1]
    content[40:56] = np.array(dim, "<i2").tobytes()
    (tmp_path / "b.nii").write_bytes(content)
    first, second = (decode([tmp_path / name]) for name in ("a.nii", "b.nii"))
    assert (first.pixels == second.pixels).all()
    assert np.allclose(first.affines, second.affines)


def test_two_places_are_told_and_the_matrix_counts(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(np.zeros((4, 5, 6), np.int16), np.diag([1, 1, 2, 1]))
    image.set_sform(np.diag([1.0, 1, 2, 1]), 1)
    for shift, said in ((0.5, False), (40, True)):
        moved = np.diag([1.0, 1, 2, 1])
        moved[2, 3] = shift
        image.set_qform(moved, 1)
        nibabel.save(image, tmp_path / "a.nii")
        stack = decode([tmp_path / "a.nii"])
        assert stack.affines is not None
        assert stack.affines[0, 2, 3] == 0
        assert ("different places" in str(stack.note)) == said


def test_labels_a_rounding_beside_whole_numbers(tmp_path: Path) -> None:
    labels = np.array([[0, 1], [2, 300]], np.float32) * np.float32(0.9999999)
    nibabel.save(nibabel.Nifti1Image(labels[..., None], np.eye(4)), tmp_path / "a.nii")
    assert read_label_map(tmp_path / "a.nii").T.tolist() == [[0, 1], [2, 300]]
