"""Bits outside BitsStored reach no value, after any codec; native pixels are believed, not their header."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dicom_files import ct_dataset, stored_values, write, write_ct
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    JPEG2000Lossless,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from ctseg.slices import SliceError
from ctseg.slices.decode import decode

pytestmark = pytest.mark.filterwarnings("ignore")
imagecodecs = pytest.importorskip("imagecodecs")

HEIGHT, WIDTH = 24, 20
STORED = stored_values(HEIGHT, WIDTH)  # 12 bits


def encoded(cells: Any, syntax: UID, bits: int) -> bytes:
    """One frame of whole cells in a compressed syntax, whose stream says ``bits`` a sample."""
    if syntax == JPEGLSLossless:
        return bytes(imagecodecs.jpegls_encode(cells))
    if syntax in (JPEGLossless, JPEGLosslessSV1):
        return bytes(imagecodecs.ljpeg_encode(cells, bitspersample=bits))
    if syntax == HTJ2KLossless:
        return bytes(imagecodecs.htj2k_encode(cells, reversible=True))
    return bytes(imagecodecs.jpeg2k_encode(cells, codecformat="J2K", reversible=True, bitspersample=bits))


def file_of(path: Path, cells: Any, syntax: UID, bits: int = 16, **elements: Any) -> Path:
    """A file of ``cells`` (uint16), whatever the header says of the bits in them."""
    dataset = ct_dataset(cells, **elements)
    if syntax == RLELossless:
        changed = dataset.BitsStored, dataset.HighBit
        dataset.BitsStored, dataset.HighBit = 16, 15
        dataset.compress(RLELossless)
        dataset.BitsStored, dataset.HighBit = changed
    elif syntax in (ExplicitVRLittleEndian, ExplicitVRBigEndian):
        return write(dataset, path, syntax)
    else:
        dataset.PixelData = encapsulate([encoded(cells, syntax, bits)])
        dataset["PixelData"].VR = "OB"
        dataset.file_meta.TransferSyntaxUID = syntax
    dataset.save_as(path, enforce_file_format=True)
    return path


CODECS = [
    ExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    RLELossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEG2000Lossless,
    HTJ2KLossless,
]


@pytest.mark.parametrize("syntax", CODECS, ids=lambda syntax: syntax.name)
@pytest.mark.parametrize("overlay", [0x0000, 0x1000, 0x8000, 0xF000])
def test_overlay_bits_above_unsigned_values(syntax: UID, overlay: int, tmp_path: Path) -> None:
    cells = STORED.copy()
    cells[::2] |= np.uint16(overlay)
    stack = decode([file_of(tmp_path / "a", cells, syntax)])
    assert (stack.pixels[0] == STORED.astype(int) - 1024).all()


@pytest.mark.parametrize("syntax", CODECS, ids=lambda syntax: syntax.name)
@pytest.mark.parametrize("extended", [True, False])
def test_signed_values_of_12_bits_in_whole_cells(syntax: UID, extended: bool, tmp_path: Path) -> None:
    values = STORED.astype(np.int16) - 2048
    cells = values.view(np.uint16) if extended else values.view(np.uint16) & np.uint16(0xFFF)
    stack = decode([file_of(tmp_path / "a", cells, syntax, PixelRepresentation=1, RescaleIntercept=0)])
    assert (stack.pixels[0] == values).all()


@pytest.mark.parametrize("syntax", CODECS, ids=lambda syntax: syntax.name)
@pytest.mark.parametrize("stored", [13, 16])
def test_signed_values_that_fill_their_cells(syntax: UID, stored: int, tmp_path: Path) -> None:
    values = STORED.astype(np.int16) - 2048
    elements = {"BitsStored": stored, "HighBit": stored - 1, "PixelRepresentation": 1, "RescaleIntercept": 0}
    stack = decode([file_of(tmp_path / "a", values.view(np.uint16), syntax, **elements)])
    assert (stack.pixels[0] == values).all()


@pytest.mark.parametrize("syntax", CODECS, ids=lambda syntax: syntax.name)
@pytest.mark.parametrize("signed", [0, 1])
def test_values_in_the_upper_bits_of_their_cells(syntax: UID, signed: int, tmp_path: Path) -> None:
    values = STORED.astype(np.int32) - 2048 * signed
    cells = ((values << 4) & 0xFFF0).astype(np.uint16) | np.uint16(0b1010)
    elements = {"HighBit": 15, "PixelRepresentation": signed, "RescaleIntercept": 0}
    stack = decode([file_of(tmp_path / "a", cells, syntax, **elements)])
    assert (stack.pixels[0] == values).all()


@pytest.mark.parametrize("syntax", [JPEGLosslessSV1, JPEG2000Lossless], ids=lambda syntax: syntax.name)
@pytest.mark.parametrize("signed", [0, 1])
def test_streams_of_just_the_stored_bits(syntax: UID, signed: int, tmp_path: Path) -> None:
    values = STORED.astype(np.int32) - 2048 * signed
    cells = (values & 0xFFF).astype(np.uint16)
    elements = {"PixelRepresentation": signed, "RescaleIntercept": 0}
    stack = decode([file_of(tmp_path / "a", cells, syntax, bits=12, **elements)])
    assert (stack.pixels[0] == values).all()


def test_signed_stream_of_jpeg_2000(tmp_path: Path) -> None:
    values = STORED.astype(np.int16) - 2048
    dataset = ct_dataset(values, PixelRepresentation=1, RescaleIntercept=0)
    dataset.PixelData = encapsulate(
        [bytes(imagecodecs.jpeg2k_encode(values, codecformat="J2K", reversible=True))]
    )
    dataset["PixelData"].VR = "OB"
    dataset.file_meta.TransferSyntaxUID = JPEG2000Lossless
    dataset.save_as(tmp_path / "a", enforce_file_format=True)
    assert (decode([tmp_path / "a"]).pixels[0] == values).all()


def test_padding_of_the_whole_cell(tmp_path: Path) -> None:
    cells = STORED.copy()
    cells[:3] = np.uint16(65536 - 2000)
    dataset = ct_dataset(cells)
    dataset.add_new("PixelPaddingValue", "US", 65536 - 2000)
    stack = decode([write(dataset, tmp_path / "a")])
    assert (stack.pixels[0, 3:] == STORED[3:].astype(int) - 1024).all()
    assert (stack.pixels[0, :3] == STORED[3:].astype(int).min() - 1024).all()


def test_pixels_that_are_not_compressed_although_the_header_says_so(tmp_path: Path) -> None:
    dataset = ct_dataset(STORED)
    dataset["PixelData"].VR = "OW"
    dataset.save_as(tmp_path / "plain", enforce_file_format=True)
    plain = (tmp_path / "plain").read_bytes()
    changed = plain.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.5\0", 1)
    assert changed != plain
    (tmp_path / "a").write_bytes(changed)
    assert (decode([tmp_path / "a"]).pixels[0] == STORED.astype(int) - 1024).all()


@pytest.mark.parametrize("stored", [8, 12])
def test_cut_pixels_are_not_taken_for_smaller_ones(stored: int, tmp_path: Path) -> None:
    path = write_ct(tmp_path / "a", STORED, BitsStored=stored, HighBit=stored - 1)
    path.write_bytes(path.read_bytes()[: -STORED.nbytes // 2])
    with pytest.raises(SliceError, match="damaged"):
        decode([path])


@pytest.mark.parametrize("syntax", [JPEGLosslessSV1, JPEGLSLossless, JPEG2000Lossless])
def test_pixels_that_are_compressed_although_the_header_says_not(syntax: UID, tmp_path: Path) -> None:
    path = file_of(tmp_path / "a", STORED, syntax)
    uid = str(syntax).encode()
    changed = path.read_bytes().replace(
        uid + b"\0" * (len(uid) % 2), b"1.2.840.10008.1.2.1".ljust(len(uid) + len(uid) % 2, b"\0"), 1
    )
    path.write_bytes(changed)
    assert (decode([path]).pixels[0] == STORED.astype(int) - 1024).all()


@pytest.mark.parametrize(
    "elements",
    [
        {"BitsAllocated": 8},
        {"BitsAllocated": 12},
        {"HighBit": 15, "BitsStored": 16},
        {"HighBit": 7},
        {"HighBit": 40},
        {"BitsStored": None, "HighBit": None},
        {"SamplesPerPixel": None},
        {"PhotometricInterpretation": None},
        {"NumberOfFrames": 0},
    ],
)
def test_a_header_that_contradicts_its_pixels(elements: dict[str, Any], tmp_path: Path) -> None:
    stack = decode([write_ct(tmp_path / "a", STORED, **elements)])
    assert (stack.pixels[0] == STORED.astype(int) - 1024).all()


def test_pixels_of_one_byte_where_the_header_says_two(tmp_path: Path) -> None:
    values = (STORED % 256).astype(np.uint8)
    dataset = ct_dataset(values, BitsAllocated=16, BitsStored=8, HighBit=7)
    assert (decode([write_8_bit(dataset, tmp_path / "a")]).pixels[0] == values.astype(int) - 1024).all()


def write_8_bit(dataset: Dataset, path: Path) -> Path:
    dataset["PixelData"].VR = "OB"
    dataset.save_as(path, enforce_file_format=True)
    return path


def test_more_frames_than_the_header_tells_of(tmp_path: Path) -> None:
    frames = np.stack([STORED, STORED[::-1], STORED // 2])
    stack = decode([write_ct(tmp_path / "a", frames)])
    assert (stack.pixels == frames.astype(int) - 1024).all()
    assert "1 frame but the pixels are 3" in (stack.note or "")


def test_bytes_behind_the_pixels_are_passed_over(tmp_path: Path) -> None:
    dataset = ct_dataset(STORED)
    dataset.PixelData = dataset.PixelData + bytes(512)
    assert (decode([write(dataset, tmp_path / "a")]).pixels[0] == STORED.astype(int) - 1024).all()


def test_bytes_of_8_bit_big_endian_words(tmp_path: Path) -> None:
    values = (STORED % 256).astype(np.uint8)
    dataset = ct_dataset(values, BitsAllocated=8, BitsStored=8, HighBit=7)
    dataset.PixelData = np.frombuffer(dataset.PixelData, "<u2").byteswap().tobytes()
    dataset["PixelData"].VR = "OW"
    dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    dataset.save_as(tmp_path / "a", enforce_file_format=True, implicit_vr=False, little_endian=False)
    assert (decode([tmp_path / "a"]).pixels[0] == values.astype(int) - 1024).all()


# RLE has no marker, so native bytes are not told from it.
_DECLARED = [JPEGLosslessSV1, JPEGLSLossless, JPEG2000Lossless, RLELossless]
_REAL = [JPEGLosslessSV1, JPEGLSLossless, JPEG2000Lossless, None]
_PAIRS = [pair for pair in itertools.product(_DECLARED, _REAL) if pair != (RLELossless, None)]


@pytest.mark.parametrize(("declared", "real"), _PAIRS)
def test_a_stream_is_read_as_what_it_is_whatever_it_is_declared_as(
    declared: UID, real: UID | None, tmp_path: Path
) -> None:
    dataset = ct_dataset(STORED)
    stream = STORED.tobytes() if real is None else encoded(STORED, real, 16)
    dataset.PixelData = encapsulate([stream])
    dataset["PixelData"].VR = "OB"
    dataset.file_meta.TransferSyntaxUID = declared
    dataset.save_as(tmp_path / "a", enforce_file_format=True)
    assert (decode([tmp_path / "a"]).pixels[0] == STORED.astype(int) - 1024).all()


@pytest.mark.parametrize("syntax", [None, JPEG2000Lossless])
def test_fragments_under_a_native_syntax_and_a_told_length(syntax: UID | None, tmp_path: Path) -> None:
    dataset = ct_dataset(STORED)
    stream = STORED.tobytes() if syntax is None else encoded(STORED, syntax, 16) + bytes(2 * STORED.nbytes)
    dataset.PixelData = encapsulate([stream])
    path = write(dataset, tmp_path / "a")
    assert (decode([path]).pixels[0] == STORED.astype(int) - 1024).all()


@pytest.mark.parametrize("syntax", CODECS, ids=lambda syntax: syntax.name)
@pytest.mark.parametrize("signed", [0, 1])
def test_a_high_bit_that_the_pixels_contradict(syntax: UID, signed: int, tmp_path: Path) -> None:
    values = STORED.astype(np.int16) - 2048 * signed
    elements = {"HighBit": 15, "PixelRepresentation": signed, "RescaleIntercept": 0}
    stack = decode([file_of(tmp_path / "a", values.view(np.uint16), syntax, **elements)])
    assert (stack.pixels[0] == values).all()


@pytest.mark.parametrize("below", [0b0001, 0b1010])
@pytest.mark.parametrize("every", [1, 3])
def test_overlay_bits_below_dark_values(below: int, every: int, tmp_path: Path) -> None:
    values = np.arange(1, 241, dtype=np.uint16).reshape(12, 20)
    overlay = np.where(values % every == 0, np.uint16(below), np.uint16(0))
    path = file_of(
        tmp_path / "dark", values << 4 | overlay, ExplicitVRLittleEndian, BitsStored=12, HighBit=15
    )
    np.testing.assert_array_equal(decode([path]).pixels[0], values - 1024.0)


@pytest.mark.parametrize("frames", [1, 2])
def test_fragments_without_an_end(frames: int, tmp_path: Path) -> None:
    """The delimiter behind the last fragment is missing, all fragments are whole."""
    dataset = ct_dataset(STORED, NumberOfFrames=frames)
    dataset.PixelData = encapsulate([encoded(STORED, JPEG2000Lossless, 12)] * frames)
    dataset["PixelData"].VR = "OB"
    dataset.file_meta.TransferSyntaxUID = JPEG2000Lossless
    dataset.save_as(tmp_path / "a", enforce_file_format=True)
    whole = (tmp_path / "a").read_bytes()
    end = whole.rindex(b"\xfe\xff\xdd\xe0")
    (tmp_path / "a").write_bytes(whole[:end])
    assert (decode([tmp_path / "a"]).pixels == STORED.astype(int) - 1024).all()
    for cut in (end - 1, end - 100):
        (tmp_path / "a").write_bytes(whole[:cut])
        with pytest.raises(SliceError, match="ends within its pixels"):
            decode([tmp_path / "a"])
