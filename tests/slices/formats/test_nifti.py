"""NIfTI: the same body in any storage order comes out the same way round."""

import gzip
import itertools
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray

from ctseg.slices import SliceError, Stack
from ctseg.slices.decode import decode
from ctseg.slices.stack import ABOVE, BELOW

# Lengths along right, anterior and superior all differ, and so do the voxel sizes.
BODY = (np.arange(4 * 5 * 6).reshape(4, 5, 6) - 1000).astype(np.int16)
AFFINE = np.array([[2.0, 0, 0, -7], [0, 3, 0, 11], [0, 0, 5, -13], [0, 0, 0, 1]])
# Slice k seen from the feet: rows from anterior to posterior, columns from right to left.
SEEN = np.stack([BODY[::-1, ::-1, k].T for k in range(6)])


def save(
    path: Path, voxels: NDArray[Any], affine: NDArray[Any] = AFFINE, kind: Any = nibabel.Nifti1Image
) -> Path:
    nibabel.save(kind(voxels, affine), path)
    return path


def save_by_hand(path: Path, voxels: NDArray[Any], order: str = "<", **fields: Any) -> Path:
    """Write without nibabel's mending of headers; ``fields`` override those of the header."""
    header = nibabel.Nifti1Header(endianness=order)
    header.set_data_dtype(voxels.dtype)
    header.set_data_shape(voxels.shape)
    header.set_sform(AFFINE, 1)
    for name, value in {"magic": b"n+1", "vox_offset": 352, **fields}.items():
        header[name] = value
    path.write_bytes(header.binaryblock + bytes(4) + voxels.tobytes(order="F"))
    return path


def stored_as(axes: tuple[int, ...], flips: tuple[bool, ...]) -> tuple[NDArray[Any], NDArray[Any]]:
    """The body with its axes reordered and flipped, and the affine that says so."""
    voxels = BODY.transpose(axes)
    to_body = np.zeros((4, 4))
    to_body[3, 3] = 1
    for axis, body_axis in enumerate(axes):
        to_body[body_axis, axis] = -1 if flips[axis] else 1
        if flips[axis]:
            to_body[body_axis, 3] = voxels.shape[axis] - 1
    slices = tuple(slice(None, None, -1) if flip else slice(None) for flip in flips)
    return voxels[slices], AFFINE @ to_body


ORIENTATIONS = [
    (axes, flips)
    for axes in itertools.permutations(range(3))
    for flips in itertools.product([False, True], repeat=3)
]


@pytest.mark.parametrize(("axes", "flips"), ORIENTATIONS)
def test_every_orientation_is_seen_the_same_way(
    axes: tuple[int, ...], flips: tuple[bool, ...], tmp_path: Path
) -> None:
    stack = decode([save(tmp_path / "a.nii", *stored_as(axes, flips))])
    assert (stack.pixels == SEEN).all()
    assert stack.intensity == "HU"
    assert stack.spacing_mm == pytest.approx((3.0, 2.0))
    assert_in_place(stack)


def assert_in_place(stack: Stack) -> None:
    """Every pixel's affine leads to the body's voxel of the same value."""
    for index in range(len(stack)):
        ct_slice = stack[index]
        assert ct_slice.affine is not None
        for row, column in ((0, 0), (4, 3), (2, 1)):
            millimetres = ct_slice.affine @ [row, column, 0, 1]
            voxel = np.rint(np.linalg.inv(AFFINE) @ millimetres).astype(int)[:3]
            assert ct_slice.pixels[row, column] == BODY[tuple(voxel)]


def test_there_are_48_orientations() -> None:
    seen = {stored_as(*orientation)[1].tobytes() for orientation in ORIENTATIONS}
    assert len(seen) == 48


def test_oblique_volume_is_taken_along_the_nearest_axis(tmp_path: Path) -> None:
    angle = np.radians(20)
    turn = np.eye(4)
    turn[1:3, 1:3] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    stack = decode([save(tmp_path / "a.nii", BODY, turn @ AFFINE)])
    assert (stack.pixels == SEEN).all()
    assert stack.spacing_mm == pytest.approx((3.0, 2.0))


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"])
@pytest.mark.parametrize("order", "<>")
def test_every_number(dtype: str, order: str, tmp_path: Path) -> None:
    signed = dtype[0] != "u"
    # From -120 to -1, or from 0 to 119.
    body = (BODY + (880 if signed else 1000)).astype(order + dtype)
    stack = decode([save_by_hand(tmp_path / "a.nii", body, order)])
    assert stack.intensity == ("HU" if signed else "8-bit")
    if signed:
        assert (stack.pixels[:, ::-1, ::-1].transpose(2, 1, 0) == body).all()
        assert stack.pixels.dtype == (np.float32 if dtype[0] == "f" else np.int16)


@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_versions_and_compression(kind: Any, name: str, tmp_path: Path) -> None:
    assert (decode([save(tmp_path / name, BODY, kind=kind)]).pixels == SEEN).all()


def test_scaling_is_applied(tmp_path: Path) -> None:
    voxels = (BODY + 1000).astype(np.uint8)
    stack = decode([save_by_hand(tmp_path / "a.nii", voxels, scl_slope=2, scl_inter=-1024)])
    assert stack.intensity == "HU"
    assert stack.pixels.dtype == np.int16
    assert (stack.pixels == (SEEN.astype(int) + 1000) * 2 - 1024).all()


def test_fractions_stay_fractions(tmp_path: Path) -> None:
    stack = decode([save(tmp_path / "a.nii", BODY.astype(np.float32) + 0.25)])
    assert stack.pixels.dtype == np.float32
    assert (stack.pixels == SEEN + 0.25).all()


def test_values_that_are_no_numbers_become_the_lowest(tmp_path: Path) -> None:
    body = BODY.astype(np.float32)
    body[:3, 0, 0] = np.nan, -np.inf, np.inf
    stack = decode([save(tmp_path / "a.nii", body)])
    assert np.isfinite(stack.pixels).all()
    assert stack.pixels[0, -1, -1] == stack.pixels[0, -1, -2] == BODY[0, 0, 1]
    assert stack.pixels[0, -1, -3] == BODY.max()


def test_grey_levels_are_mapped_by_the_volume_s_range(tmp_path: Path) -> None:
    stack = decode([save(tmp_path / "a.nii", (BODY + 1000).astype(np.uint16))])
    assert stack.intensity == "8-bit"
    assert stack.pixels.min() == 0
    assert stack.pixels.max() == 255


def test_bytes_stay_as_they_are(tmp_path: Path) -> None:
    stack = decode([save(tmp_path / "a.nii", (BODY + 1000).astype(np.uint8))])
    assert (stack.pixels == SEEN + 1000).all()


def test_metres_become_millimetres(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(BODY, np.diag([0.002, 0.003, 0.005, 1]))
    image.header.set_xyzt_units("meter")
    nibabel.save(image, tmp_path / "a.nii")
    assert decode([tmp_path / "a.nii"]).spacing_mm == pytest.approx((3.0, 2.0))


def test_no_orientation_in_the_file(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(BODY, None)
    nibabel.save(image, tmp_path / "a.nii")
    stack = decode([tmp_path / "a.nii"])
    assert stack.pixels.shape == (6, 5, 4)
    assert stack.spacing_mm == (1.0, 1.0)


def test_affine_that_is_nonsense_is_passed_over(tmp_path: Path) -> None:
    fields = {"srow_x": np.nan, "pixdim": [1, 2, 3, 5, 0, 0, 0, 0]}
    stack = decode([save_by_hand(tmp_path / "a.nii", BODY, **fields)])
    assert stack.spacing_mm == pytest.approx((3.0, 2.0))


@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 1), (4, 5, 6, 1)])
def test_one_slice_and_one_time(shape: tuple[int, ...], tmp_path: Path) -> None:
    body = BODY[:, :, : shape[2] if len(shape) > 2 else 1].reshape(shape)
    stack = decode([save(tmp_path / "a.nii", body)])
    assert (stack.pixels == SEEN[: len(stack)]).all()


def test_several_volumes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SliceError, match="3 volumes"):
        decode([save(tmp_path / "a.nii", np.stack([BODY] * 3, axis=-1))])


def test_complex_numbers_and_colours_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SliceError, match="unusual kind"):
        decode([save(tmp_path / "a.nii", BODY.astype(np.complex64))])
    colours = np.zeros((4, 5, 6), np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")]))
    with pytest.raises(SliceError, match="unusual kind"):
        decode([save(tmp_path / "a.nii", colours)])


@pytest.mark.parametrize("name", ["a.hdr", "a.img"])
def test_pairs_are_refused(name: str, tmp_path: Path) -> None:
    for kind in (nibabel.Nifti1Pair, nibabel.AnalyzeImage):
        save(tmp_path / name, BODY, kind=kind)
        with pytest.raises(SliceError, match=r"hdr/\.img pair"):
            decode([tmp_path / "a.hdr"])


@pytest.mark.parametrize("bytes_left", [400, 349, 348, 347])
@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_truncated(bytes_left: int, name: str, tmp_path: Path) -> None:
    data = save(tmp_path / "whole.nii", BODY).read_bytes()[:bytes_left]
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    with pytest.raises(SliceError, match="NIfTI"):
        decode([tmp_path / name])


def test_truncated_gzip(tmp_path: Path) -> None:
    data = save(tmp_path / "a.nii.gz", BODY).read_bytes()
    (tmp_path / "a.nii.gz").write_bytes(data[:-40])
    with pytest.raises(SliceError, match="damaged or incomplete"):
        decode([tmp_path / "a.nii.gz"])


def test_header_that_points_far_away_is_refused(tmp_path: Path) -> None:
    for offset in (1e9, 8.0, np.nan):
        with pytest.raises(SliceError, match="damaged"):
            decode([save_by_hand(tmp_path / "a.nii", BODY, vox_offset=offset)])


def test_offset_left_at_zero(tmp_path: Path) -> None:
    assert (decode([save_by_hand(tmp_path / "a.nii", BODY, vox_offset=0)]).pixels == SEEN).all()


def test_no_voxels(tmp_path: Path) -> None:
    with pytest.raises(SliceError, match="no voxels"):
        decode([save_by_hand(tmp_path / "a.nii", BODY, dim=[3, 4, 0, 6, 1, 1, 1, 1])])


def test_numbers_beyond_what_is_kept_are_said_at_their_slice_alone(tmp_path: Path) -> None:
    voxels = BODY.astype(np.float32)
    voxels[1, 2, 3] = 40000.0
    stack = decode([save(tmp_path / "a.nii", voxels)])
    assert [ABOVE in stack[index].notes for index in range(6)] == [False] * 3 + [True] + [False] * 2
    assert stack[3].pixels.max() == 32767
    voxels[1, 2, 3], voxels[1, 2, 2] = -32767.0, -1e30
    stack = decode([save(tmp_path / "b.nii", voxels)])
    assert [BELOW in stack[index].notes for index in range(6)] == [False] * 2 + [True] + [False] * 3
    assert not any(ABOVE in stack[index].notes for index in range(6))
    assert stack[2].pixels.min() == -32768
    assert stack[3].pixels.min() == -32767
