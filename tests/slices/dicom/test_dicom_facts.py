"""Badly written facts are repaired where they have one meaning, else dropped with a note, never replaced."""

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dicom_files import ct_dataset, stored_values, write, write_ct
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.filewriter import write_file_meta_info
from pydicom.uid import UID, JPEG2000Lossless

from ctseg.slices import SliceError, Stack
from ctseg.slices.decode import decode
from ctseg.slices.dicom.values import numbers, text, whole
from ctseg.slices.stack import ABOVE

pytestmark = pytest.mark.filterwarnings("ignore")
HOUNSFIELD = stored_values().astype(int) - 1024
_LONG = (b"OB", b"OW", b"UN", b"UT", b"SQ")


def element(keyword: str, vr: bytes, value: bytes) -> bytes:
    """An element in explicit little endian, of any type and value."""
    tag = tag_for_keyword(keyword)
    assert tag is not None
    value += b" " * (len(value) % 2)
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr
    return (
        head
        + (b"\0\0" + struct.pack("<L", len(value)) if vr in _LONG else struct.pack("<H", len(value)))
        + value
    )


def rewritten(path: Path, keyword: str, vr: bytes, value: bytes) -> Path:
    """Replace one element of a file by another type and value, as pydicom would not write it."""
    data = path.read_bytes()
    tag = tag_for_keyword(keyword)
    assert tag is not None
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF) + dictionary_VR(keyword).encode()
    at = data.index(head)
    length = struct.unpack_from("<H", data, at + 6)[0]
    path.write_bytes(data[:at] + element(keyword, vr, value) + data[at + 8 + length :])
    return path


def read(path: Path, **changed: tuple[bytes, bytes]) -> Stack:
    write_ct(path)
    for keyword, (vr, value) in changed.items():
        rewritten(path, keyword, vr, value)
    return decode([path])


@pytest.mark.parametrize(
    ("vr", "value"),
    [
        (b"DS", b"0,5\\0,75"),
        (b"DS", b" 0.50 \\ 7.5e-1 "),
        (b"DS", b"+.5\\,75\0"),
        (b"ST", b"0.5\\0.75"),
        (b"UT", b"0.5\\0.75"),
        (b"LO", b"0.5\\0.75"),
        (b"SH", b"0,5\\0,75"),
        (b"UN", b"0.5\\0.75"),
        (b"OB", b"0.5\\0.75"),
        (b"FD", struct.pack("<2d", 0.5, 0.75)),
        (b"FL", struct.pack("<2f", 0.5, 0.75)),
    ],
)
def test_spacing_of_one_meaning(vr: bytes, value: bytes, tmp_path: Path) -> None:
    stack = read(tmp_path / "a", PixelSpacing=(vr, value))
    assert stack.spacing_mm == (0.5, 0.75)
    assert stack.notes == ()


@pytest.mark.parametrize(
    "value",
    [
        b"0.5",
        b"abc\\0.75",
        b"0.5\\",
        b"0.5mm\\0.75mm",
        b"NaN\\NaN",
        b"inf\\1",
        b"0\\0",
        b"1_0\\1_0",
        b"-1\\1",
    ],
)
def test_spacing_of_no_meaning_is_dropped_with_a_note(value: bytes, tmp_path: Path) -> None:
    stack = read(tmp_path / "a", PixelSpacing=(b"LO", value))
    assert stack.spacing_mm is None
    assert "PixelSpacing" in (stack.note or "")
    assert (stack.pixels[0] == HOUNSFIELD).all()


@pytest.mark.parametrize("other", ["ImagerPixelSpacing", "NominalScannedPixelSpacing"])
def test_no_other_distance_passes_for_the_size_of_a_pixel(other: str, tmp_path: Path) -> None:
    stack = decode([write_ct(tmp_path / "a", PixelSpacing=None, **{other: [0.2, 0.2]})])
    assert stack.spacing_mm is None
    assert other in (stack.note or "")
    assert other in (stack[0].notes[0])


@pytest.mark.parametrize(
    ("vr", "value"),
    [
        (b"DS", b"-1024,0"),
        (b"DS", b"-1024,000"),
        (b"DS", b"-1,024e3"),
        (b"IS", b"-1024"),
        (b"SS", struct.pack("<h", -1024)),
        (b"SL", struct.pack("<l", -1024)),
        (b"LO", b"-1024.0"),
        (b"UN", b"-1024"),
    ],
)
def test_intercept_of_one_meaning(vr: bytes, value: bytes, tmp_path: Path) -> None:
    stack = read(tmp_path / "a", RescaleIntercept=(vr, value))
    assert stack.intensity == "HU"
    assert (stack.pixels[0] == HOUNSFIELD).all()
    assert stack.notes == ()


@pytest.mark.parametrize("value", [b"-1,024", b"minus 1024", b"-1024;0", b"--1024", b"1,0,0"])
def test_intercept_of_two_meanings_makes_no_hounsfield_units(value: bytes, tmp_path: Path) -> None:
    stack = read(tmp_path / "a", RescaleIntercept=(b"LO", value))
    assert stack.intensity == "8-bit"
    assert "RescaleIntercept" in (stack.note or "")


def test_a_comma_before_three_digits_is_decimal_where_others_are(tmp_path: Path) -> None:
    stack = read(
        tmp_path / "a",
        RescaleSlope=(b"DS", b"1,000"),
        RescaleIntercept=(b"DS", b"-1024,000"),
        PixelSpacing=(b"DS", b"0,703\\0,703"),
    )
    assert stack.intensity == "HU"
    assert (stack.pixels[0] == HOUNSFIELD).all()
    assert stack.spacing_mm == (0.703, 0.703)


def test_position_and_direction_with_commas(tmp_path: Path) -> None:
    stack = read(
        tmp_path / "a",
        ImagePositionPatient=(b"DS", b"-10,0\\-20,0\\30,5"),
        ImageOrientationPatient=(b"DS", b"1,0\\0\\0\\0\\1,0\\0"),
    )
    assert stack.affines is not None
    assert stack.affines[0, :3, 3].tolist() == [10, 20, 30.5]


@pytest.mark.parametrize(
    ("keyword", "value"),
    [("ImagePositionPatient", b"1\\2"), ("ImageOrientationPatient", b"1\\0\\0\\1\\0\\0")],
)
def test_a_place_of_no_meaning_is_dropped_with_a_note(keyword: str, value: bytes, tmp_path: Path) -> None:
    stack = read(tmp_path / "a", **{keyword: (b"DS", value)})
    assert stack.affines is None
    assert keyword in (stack.note or "")


@pytest.mark.parametrize(("vr", "value"), [(b"UN", b"\x28\0"), (b"UL", b"\x28\0\0\0"), (b"IS", b"40")])
def test_rows_of_another_type(vr: bytes, value: bytes, tmp_path: Path) -> None:
    assert (read(tmp_path / "a", Rows=(vr, value)).pixels[0] == HOUNSFIELD).all()


def test_values_that_may_be_signed_or_not(tmp_path: Path) -> None:
    with pytest.raises(SliceError, match="PixelRepresentation"):
        decode([write_ct(tmp_path / "a", PixelRepresentation=None)])


def test_what_is_absent_is_none() -> None:
    dataset = Dataset()
    dataset.PixelSpacing = None
    assert numbers(dataset, "PixelSpacing", 2) is None
    assert whole(dataset, "Rows") is None
    assert text(dataset, "StackID") is None
    dataset.RescaleSlope = "1.5"
    assert whole(dataset, "RescaleSlope") is None


@pytest.mark.parametrize("intercept", [None, 0])
def test_numbers_that_are_not_said_to_be_hounsfield_units_are_told(
    intercept: float | None, tmp_path: Path
) -> None:
    grey = decode([write_ct(tmp_path / "a", RescaleSlope=None, RescaleIntercept=intercept)])
    assert grey.intensity == "8-bit"
    assert "Hounsfield" in (grey.note or "")
    elements: dict[str, Any] = {"PixelRepresentation": 1, "BitsStored": 16, "HighBit": 15}
    pixels = HOUNSFIELD.astype(np.int16)
    guessed = decode(
        [write_ct(tmp_path / "b", pixels, RescaleSlope=None, RescaleIntercept=intercept, **elements)]
    )
    assert guessed.intensity == "HU"
    assert "taken for" in (guessed.note or "")


@pytest.mark.parametrize(
    ("syntax", "word"),
    [
        ("1.2.840.113619.5.2", "private encoding of GE"),
        ("1.3.46.670589.33.1.4.1", "private encoding of Philips"),
        ("1.2.840.10008.1.2.8.1", "deflated frames"),
        ("1.2.840.10008.1.2.4.110", "JPEG XL"),
        ("1.2.840.10008.1.2.4.111", "JPEG XL"),
        ("1.2.840.10008.1.2.4.112", "JPEG XL"),
        ("1.2.840.10008.1.2.4.94", "on a server"),
        ("1.2.840.10008.1.2.1.98", "in fragments"),
        ("1.2.840.10008.1.2.4.102", "MPEG-4"),
        ("1.2.840.10008.1.2.1.99", "deflated as a whole"),
    ],
)
def test_whole_files_of_an_encoding_not_read_here_are_called_that(
    syntax: str, word: str, tmp_path: Path
) -> None:
    dataset = ct_dataset()
    dataset.PixelData = encapsulate([b"1234"])
    dataset["PixelData"].VR = "OB"
    dataset.file_meta.TransferSyntaxUID = JPEG2000Lossless
    dataset.save_as(tmp_path / "a", enforce_file_format=True)
    data = (tmp_path / "a").read_bytes()
    body = data[132 + 12 + int.from_bytes(data[140:144], "little") :]
    meta = io.BytesIO()
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    write_file_meta_info(meta, dataset.file_meta, enforce_standard=True)
    (tmp_path / "a").write_bytes(data[:132] + meta.getvalue() + body)
    with pytest.raises(SliceError, match=word) as refusal:
        decode([tmp_path / "a"])
    assert "damaged" not in str(refusal.value)
    assert "export it" in str(refusal.value)


def test_table_of_contents_names_the_files_to_choose(tmp_path: Path) -> None:
    contents = write(ct_dataset(SOPClassUID="1.2.840.10008.1.3.10", Modality=None), tmp_path / "DICOMDIR")
    with pytest.raises(SliceError, match="choose the image files that lie beside it"):
        decode([contents])


@pytest.mark.parametrize("head", [b"\x30\x80", b"\x30\x82\x10\x00"])
def test_an_encrypted_file_is_called_that(head: bytes, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(head + b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03" + bytes(2000))
    with pytest.raises(SliceError, match="encrypted"):
        decode([tmp_path / "a"])


@pytest.mark.parametrize("kind", ["HU", "hu", "Hounsfield", "HOUNSFIELD UNITS", "US"])
def test_hounsfield_units_by_any_name(kind: str, tmp_path: Path) -> None:
    stack = decode([write_ct(tmp_path / "a", RescaleType=kind)])
    assert (stack.intensity, stack.notes) == ("HU", ())


@pytest.mark.parametrize("kind", ["MGML", "Z_EFF", "ED", "PCT"])
def test_another_quantity_of_spectral_ct_is_never_taken_for_hounsfield_units(
    kind: str, tmp_path: Path
) -> None:
    path = write_ct(tmp_path / "a", RescaleType=kind)  # its numbers begin at -1024
    stack = decode([path])
    assert stack.intensity == "8-bit"
    assert "another quantity" in str(stack.note)


@pytest.mark.parametrize("signed", [0, 1])
def test_a_table_of_values_is_told_and_no_hounsfield_units_are_guessed(signed: int, tmp_path: Path) -> None:
    pixels = stored_values().astype(np.int16) - 2048 * signed
    table = Dataset()
    table.LUTDescriptor = [4096, 0, 16]
    table["LUTDescriptor"].VR = "US"
    table.ModalityLUTType = "HU"
    table.LUTData = np.arange(4096, dtype="<u2").tobytes()
    table["LUTData"].VR = "OW"
    elements = {"RescaleSlope": None, "RescaleIntercept": None, "ModalityLUTSequence": [table]}
    stack = decode([write_ct(tmp_path / "a", pixels, PixelRepresentation=signed, **elements)])
    assert stack.intensity == "8-bit"
    assert "ModalityLUTSequence" in str(stack.note)
    assert "does not say" not in str(stack.note)


@pytest.mark.parametrize(("highest", "told"), [(33790, False), (33791, True), (60000, True)])
def test_values_above_what_is_kept_are_said_at_their_slice(tmp_path: Path, highest: int, told: bool) -> None:
    stored = stored_values().astype(np.uint16)
    stored[0, 0] = highest
    dataset = ct_dataset(stored)
    dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 15, 0
    dataset.RescaleIntercept, dataset.RescaleSlope = -1024, 1
    write(dataset, tmp_path / "a")
    ct_slice = decode([tmp_path / "a"])[0]
    assert ct_slice.intensity == "HU"
    assert ct_slice.pixels.max() == min(highest - 1024, 32767)
    assert (ABOVE in ct_slice.notes) == told
