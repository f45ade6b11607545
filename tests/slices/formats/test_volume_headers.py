"""Headers of MetaImage, NRRD and NumPy files as their definitions and their own programs mean them."""

import bz2
import gzip
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813  its own habit

from ctseg.slices import SliceError, Stack
from ctseg.slices.decode import decode, decode_one

VOXELS = (np.arange(5 * 9 * 7).reshape(5, 9, 7) * 11 - 1000).astype("<i2")
"""Slices, rows and columns: the first axis of the files is the last of these."""
RAW = VOXELS.tobytes()
PLACED = {"TransformMatrix": "0 1 0 -1 0 0 0 0 1", "Offset": "-10 -20 30", "ElementSpacing": "0.7 0.8 2.5"}
BASE = {"type": "short", "dimension": "3", "sizes": "7 9 5", "endian": "little", "encoding": "raw"}
SPACE = {
    "space": "left-posterior-superior",
    "space directions": "(.7,0,0) (0,.8,0) (0,0,2.5)",
    "space origin": "(-10,-20,30)",
}


def metaimage(path: Path, fields: dict[str, str], data: bytes = RAW, between: str = " = ") -> Path:
    told = {"ObjectType": "Image", "NDims": "3", "DimSize": "7 9 5", "ElementType": "MET_SHORT"} | fields
    told |= {"ElementDataFile": told.pop("ElementDataFile", "LOCAL")}
    path.write_bytes("".join(f"{name}{between}{value}\n" for name, value in told.items()).encode() + data)
    return path


def nrrd(path: Path, fields: dict[str, str], data: bytes = RAW) -> Path:
    header = "".join(f"{name}: {value}\n" for name, value in (BASE | fields).items())
    path.write_bytes(f"NRRD0004\n{header}\n".encode() + data)
    return path


def agrees_with_simpleitk(path: Path, stack: Stack) -> None:
    image = sitk.ReadImage(str(path))
    for index in range(len(stack)):
        for row, column in ((0, 0), (3, 2), (stack.pixels.shape[1] - 1, stack.pixels.shape[2] - 1)):
            affine = stack[index].affine
            assert affine is not None
            point = (affine @ [row, column, 0, 1])[:3] * [-1, -1, 1]
            there = image.TransformPhysicalPointToIndex(point.tolist())
            assert image.GetPixel(there) == stack.pixels[index, row, column]
            assert np.allclose(image.TransformIndexToPhysicalPoint(there), point, atol=1e-6)


@pytest.mark.parametrize(
    ("fields", "data"),
    [
        ({}, RAW),
        ({"ElementSpacing": "-0.7 0.8 2.5"}, RAW),
        ({"ElementSpacing": "0.7 0.8 -2.5"}, RAW),
        ({"HeaderSize": "-1"}, b"12345" + RAW),
        *(
            ({"BinaryData": yes, "BinaryDataByteOrderMSB": yes}, VOXELS.astype(">i2").tobytes())
            for yes in ("True", "TRUE", "true", "T", "1")
        ),
        ({"AnatomicalOrientation": "RAI", "CenterOfRotation": "5 6 7"}, RAW),
        ({"ElementType": "MET_LONG"}, VOXELS.astype("<i4").tobytes()),
    ],
)
def test_metaimage_is_what_simpleitk_says(fields: dict[str, str], data: bytes, tmp_path: Path) -> None:
    path = metaimage(tmp_path / "a.mha", PLACED | fields, data)
    stack = decode([path])
    agrees_with_simpleitk(path, stack)
    assert stack.spacing_mm in ((0.7, 0.8), (0.8, 0.7))
    assert stack.notes == ()


def test_metaimage_with_colons_and_with_a_fourth_axis_of_one(tmp_path: Path) -> None:
    plain = decode([metaimage(tmp_path / "a.mha", PLACED)])
    colons = decode([metaimage(tmp_path / "b.mha", PLACED, between=" : ")])
    longer = {
        "NDims": "4",
        "DimSize": "7 9 5 1",
        "ElementSpacing": "0.7 0.8 2.5 1",
        "Offset": "-10 -20 30 0",
        "TransformMatrix": "0 1 0 0 -1 0 0 0 0 0 1 0 0 0 0 1",
    }
    for other in (colons, decode([metaimage(tmp_path / "c.mha", longer)])):
        assert (other.pixels == plain.pixels).all()
        assert np.allclose(other.affines, plain.affines)


def test_metaimage_without_a_distance_tells_it(tmp_path: Path) -> None:
    stack = decode([metaimage(tmp_path / "a.mha", PLACED | {"ElementSpacing": "0 0.8 2.5"})])
    assert (stack.spacing_mm, stack.affines) == (None, None)
    assert "distance" in str(stack.note)


@pytest.mark.parametrize("file", ["LIST", "s%03d.raw 1 5 1"])
def test_metaimage_in_several_files_is_called_that(file: str, tmp_path: Path) -> None:
    with pytest.raises(SliceError, match="lie in several files"):
        decode([metaimage(tmp_path / "a.mhd", PLACED | {"ElementDataFile": file})])


def test_header_and_voxels_chosen_together_are_sent_into_a_zip(tmp_path: Path) -> None:
    header = metaimage(tmp_path / "a.mhd", PLACED | {"ElementDataFile": "a.raw"}, b"")
    (tmp_path / "a.raw").write_bytes(RAW)
    with pytest.raises(SliceError, match=r"\.mhd with its \.raw in one ZIP"):
        decode([header, tmp_path / "a.raw"])
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(header, "a.mhd")
        archive.write(tmp_path / "a.raw", "a.raw")
    assert np.allclose(decode([tmp_path / "a.zip"]).affines, decode([metaimage(header, PLACED)]).affines)


def test_nrrd_packed_in_several_streams(tmp_path: Path) -> None:
    for encoding, pack in (("gzip", gzip.compress), ("bzip2", bz2.compress)):
        data = b"".join(pack(RAW[start : start + 100]) for start in range(0, len(RAW), 100)) + b"tail"
        stack = decode([nrrd(tmp_path / "a.nrrd", SPACE | {"encoding": encoding}, data)])
        assert (stack.pixels == VOXELS).all()


@pytest.mark.parametrize(
    ("unit", "millimetres"), [("um", 1e-3), ("µm", 1e-3), ("mm", 1), ("cm", 10), ("m", 1e3)]
)
def test_units_of_nrrd(unit: str, millimetres: float, tmp_path: Path) -> None:
    units = {"space units": f'"{unit}" "{unit}" "{unit}"'}
    stack = decode([nrrd(tmp_path / "a.nrrd", SPACE | units)])
    assert stack.spacing_mm == pytest.approx((0.8 * millimetres, 0.7 * millimetres))
    affine = stack[0].affine
    assert affine is not None
    assert affine[:3, 3] == pytest.approx(np.array([10, 20, 30]) * millimetres)


def test_unknown_units_of_nrrd_are_told(tmp_path: Path) -> None:
    stack = decode([nrrd(tmp_path / "a.nrrd", SPACE | {"space units": '"inch" "inch" "inch"'})])
    assert (stack.spacing_mm, stack.affines) == (None, None)
    assert "unit" in str(stack.note)


def test_numpy_of_version_3(tmp_path: Path) -> None:
    with (tmp_path / "a.npy").open("wb") as file:
        np.lib.format.write_array(file, VOXELS, version=(3, 0))
    assert (decode([tmp_path / "a.npy"]).pixels == VOXELS).all()


@pytest.mark.parametrize(("unit", "millimetres"), [("mm", 1), ("cm", 10), ("um", 1e-3)])
def test_units_of_plain_spacings_of_nrrd(unit: str, millimetres: float, tmp_path: Path) -> None:
    fields = {"spacings": "0.7 0.8 2", "units": f'"{unit}" "{unit}" "{unit}"'}
    stack = decode([nrrd(tmp_path / "a.nrrd", fields)])
    assert stack.spacing_mm == pytest.approx((0.8 * millimetres, 0.7 * millimetres))


def test_a_function_that_itk_does_not_apply_is_told(tmp_path: Path) -> None:
    usual = {"ElementToIntensityFunctionSlope": "1", "ElementToIntensityFunctionOffset": "0"}
    assert decode([metaimage(tmp_path / "a.mha", PLACED | usual)]).notes == ()
    other = usual | {"ElementToIntensityFunctionOffset": "-1024"}
    stack = decode([metaimage(tmp_path / "a.mha", PLACED | other)])
    assert stack.pixels.min() == VOXELS.min()
    assert "slope and an offset" in str(stack.note)


def test_a_header_of_nrrd_may_end_without_a_blank_line(tmp_path: Path) -> None:
    volume = sitk.GetImageFromArray(np.zeros((2, 3, 4), np.int16))
    sitk.WriteImage(volume, str(tmp_path / "a.nhdr"))
    with pytest.raises(SliceError, match="without its voxels"):
        decode([tmp_path / "a.nhdr"])
    (tmp_path / "b.nrrd").write_text("NRRD0004\ntype: short\ndimension: 2\nsizes: 4 4\nencoding: raw\n")
    with pytest.raises(SliceError, match="damaged"):
        decode([tmp_path / "b.nrrd"])


@pytest.mark.parametrize(
    ("shape", "told"),
    [
        ((20, 20, 6), True),
        ((40, 30, 5), True),
        ((6, 20, 20), False),
        ((40, 20, 30), False),
        ((9, 9, 9), False),
    ],
)
def test_an_array_whose_slices_seem_to_lie_last_is_told(
    shape: tuple[int, ...], told: bool, tmp_path: Path
) -> None:
    np.save(tmp_path / "a.npy", np.zeros(shape, np.int16))
    stack = decode([tmp_path / "a.npy"])
    assert stack.pixels.shape == shape
    assert bool(stack.notes) == told
    assert not told or "numpy.moveaxis" in stack.notes[0]


@pytest.mark.parametrize("yes", ["True", "T", "1"])
def test_metaimage_says_in_several_ways_that_it_is_packed(yes: str, tmp_path: Path) -> None:
    fields = PLACED | {"CompressedData": yes}
    packed = decode([metaimage(tmp_path / "a.mha", fields, zlib.compress(RAW))])
    plain = decode([metaimage(tmp_path / "b.mha", PLACED | {"CompressedData": "F"})])
    assert (packed.pixels == plain.pixels).all()


def test_voxels_beside_a_header_are_not_taken_for_a_dicom_file(tmp_path: Path) -> None:
    voxels = VOXELS.copy()
    voxels.flat[:4] = 2, 0, 1, 0  # as group 0002 of a data set without preamble
    metaimage(tmp_path / "a.mhd", PLACED | {"ElementDataFile": "a.raw"}, b"")
    (tmp_path / "a.raw").write_bytes(voxels.tobytes())
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in ("a.mhd", "a.raw"):
            archive.write(tmp_path / name, name)
    alone = metaimage(tmp_path / "a.mha", PLACED, voxels.tobytes())
    assert (decode([tmp_path / "a.zip"]).pixels == decode([alone]).pixels).all()
    assert (decode_one(tmp_path / "a.zip", 1).pixels == decode_one(alone, 1).pixels).all()
