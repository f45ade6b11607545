"""Files made to harm, broken files and files of another kind: one sentence each, within the limits."""

import gzip
import io
import struct
import sys
import zipfile
import zlib
from pathlib import Path

import nibabel
import pytest
from dicom_files import ct_dataset, stored_values, write_ct
from PIL import Image
from pydicom.uid import DeflatedExplicitVRLittleEndian, JPEG2000Lossless

from ctseg.slices import SliceError, read_slice, read_stack
from ctseg.slices import limits as all_limits
from ctseg.slices.decode import decode
from ctseg.slices.limits import MEBIBYTE

pytestmark = pytest.mark.filterwarnings("ignore")


def sentence_of(data: bytes, folder: Path) -> str:
    """The refusal of a file with these bytes, decoded in a process of its own."""
    path = folder / "upload"
    path.write_bytes(data)
    with pytest.raises(SliceError) as refusal:
        read_stack(path, folder)
    assert list(folder.iterdir()) == [path]
    sentence = str(refusal.value)
    assert sentence.endswith(".")
    return sentence


def refusal_in_this_process(data: bytes, folder: Path) -> str:
    path = folder / "upload"
    path.write_bytes(data)
    with pytest.raises(SliceError) as refusal:
        decode([path])
    return str(refusal.value)


def deflated(megabytes: int) -> bytes:
    """Raw deflate stream of zeros; after a full flush the same piece can follow itself."""
    packer = zlib.compressobj(9, wbits=-15)
    piece = packer.compress(bytes(MEBIBYTE)) + packer.flush(zlib.Z_FULL_FLUSH)
    stream = piece * megabytes + b"\x03\0"
    assert len(zlib.decompress(piece * 2 + b"\x03\0", -15)) == 2 * MEBIBYTE
    return stream


def gzipped(megabytes: int) -> bytes:
    return gzip.compress(b"")[:10] + deflated(megabytes) + bytes(8)


def png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(bytes((1 + (width + 7) // 8) * height), 9)
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def nifti_header(shape: tuple[int, ...], dtype: str = "i2") -> bytes:
    header = nibabel.Nifti1Header()
    header.set_data_shape(shape)
    header.set_data_dtype(dtype)
    header["magic"], header["vox_offset"] = b"n+1", 352
    return header.binaryblock + bytes(4)


def test_deflated_dicom_bomb(tmp_path: Path) -> None:
    dataset = ct_dataset()
    del dataset.PixelData
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    data = buffer.getvalue()
    bomb = data[: 132 + 12 + int.from_bytes(data[140:144], "little")] + deflated(1500)
    assert len(bomb) < 4 * MEBIBYTE
    assert "deflated as a whole" in sentence_of(bomb, tmp_path)


def test_png_of_14000_by_14000(tmp_path: Path) -> None:
    assert "4096 x 4096 pixels" in sentence_of(png(14000, 14000), tmp_path)
    assert "4096 x 4096 pixels" in refusal_in_this_process(png(14000, 14000), tmp_path)
    assert "9000 x 9000 pixels" in refusal_in_this_process(png(9000, 9000), tmp_path)


def test_small_png_written_the_same_way_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(png(9, 5))
    assert decode([tmp_path / "a"]).pixels.shape == (1, 5, 9)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_nifti_that_declares_two_gigabytes(pack: type[bytes], tmp_path: Path) -> None:
    data = pack(nifti_header((1024, 1024, 1024)))
    assert "2048 MB" in sentence_of(data, tmp_path)
    assert "2048 MB" in refusal_in_this_process(data, tmp_path)


@pytest.mark.parametrize(
    ("shape", "words"),
    [((32767, 4, 4), "32767 x 4 "), ((4, 4, 3000), "3000 slices"), ((8000, 9000, 9), "8000 x 9000 ")],
)
def test_nifti_of_enormous_sides(shape: tuple[int, ...], words: str, tmp_path: Path) -> None:
    assert words in refusal_in_this_process(nifti_header(shape), tmp_path)


def test_gzip_bomb_behind_a_small_volume_is_not_inflated(tmp_path: Path) -> None:
    small = gzip.compress(nifti_header((4, 4, 4)) + bytes(128))
    (tmp_path / "a").write_bytes(small + gzipped(1500))
    assert read_stack(tmp_path / "a").pixels.shape == (4, 4, 4)


def test_gzip_bomb_of_nothing(tmp_path: Path) -> None:
    assert "holds no NIfTI" in sentence_of(gzipped(1500), tmp_path)


def test_gzip_of_other_things(tmp_path: Path) -> None:
    assert "packed with gzip" in refusal_in_this_process(gzip.compress(bytes(128) + b"DICM"), tmp_path)
    assert "tar archive" in refusal_in_this_process(gzip.compress(bytes(257) + b"ustar"), tmp_path)
    assert "damaged" in refusal_in_this_process(b"\x1f\x8b" + b"no deflate at all", tmp_path)


@pytest.mark.parametrize(
    ("start", "noun"),
    [
        (struct.pack(">7i", 1, 256, 256, 256, 1, 0, 0), "FreeSurfer volume (MGH)"),
        (b"MATLAB 5.0 MAT-file, Platform: PCWIN64", "MATLAB file"),
        (b"CDF\x01", "NetCDF or MINC file"),
        (b"# vtk DataFile Version 3.0\n", "VTK file"),
        (b"P5\n29 37\n255\n", "PGM image"),
    ],
)
def test_formats_of_other_programs_are_called_by_their_name(start: bytes, noun: str, tmp_path: Path) -> None:
    data = start + bytes(range(256)) * 4
    sentence = refusal_in_this_process(data, tmp_path)
    assert noun in sentence
    assert "damaged" not in sentence
    if "MGH" in noun:
        assert "mri_convert" in sentence
        assert refusal_in_this_process(gzip.compress(data), tmp_path) == sentence


def zip_with(entries: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def a_slice(folder: Path) -> bytes:
    return write_ct(folder / "slice").read_bytes()


def test_zip_bombs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dicom = a_slice(tmp_path)
    (tmp_path / "slice").unlink()
    one_large = zip_with({"a": dicom, "b": dicom + bytes(40 * MEBIBYTE)})
    assert "blows up" in sentence_of(one_large, tmp_path)
    assert "blows up" in refusal_in_this_process(one_large, tmp_path)
    monkeypatch.setattr("ctseg.slices.formats.zip.MAX_ZIP_BYTES", 30 * MEBIBYTE)
    many = zip_with({str(index): dicom + bytes(3 * MEBIBYTE) for index in range(10)})
    assert "would take more than" in refusal_in_this_process(many, tmp_path)


def test_zip_with_too_many_entries(tmp_path: Path) -> None:
    data = zip_with({str(index): b"" for index in range(4097)})
    assert "4097 files" in refusal_in_this_process(data, tmp_path)


def test_zip_with_a_password(tmp_path: Path) -> None:
    data = bytearray(zip_with({"a": a_slice(tmp_path)}))
    directory = data.index(b"PK\x01\x02")
    data[6] |= 1
    data[directory + 8] |= 1
    assert "password" in refusal_in_this_process(bytes(data), tmp_path)


def test_zip_within_a_zip_is_not_opened(tmp_path: Path) -> None:
    inner = zip_with({"a": a_slice(tmp_path)})
    assert "holds no DICOM" in refusal_in_this_process(zip_with({"a.zip": inner}), tmp_path)


def test_paths_in_a_zip_lead_nowhere(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    data = zip_with({"../../evil": a_slice(folder), "/tmp/ctseg-evil": a_slice(folder)})
    (folder / "slice").unlink()
    (folder / "upload").write_bytes(data)
    assert len(read_stack(folder / "upload", folder)) == 2
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "b", "upload"]
    assert not Path("/tmp/ctseg-evil").exists()


def test_zip_whose_table_lies_about_size(tmp_path: Path) -> None:
    data = bytearray(zip_with({"a": a_slice(tmp_path) + bytes(2 * MEBIBYTE)}))
    directory = data.index(b"PK\x01\x02")
    data[directory + 24 : directory + 28] = struct.pack("<I", 2000)
    assert "damaged" in refusal_in_this_process(bytes(data), tmp_path)


def test_truncated_files(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.fromarray(stored_values().astype("u1")).save(buffer, "PNG")
    for data in (buffer.getvalue()[:120], a_slice(tmp_path)[:-50], zip_with({"a": a_slice(tmp_path)})[:-30]):
        assert "damaged" in refusal_in_this_process(data, tmp_path)
    (tmp_path / "slice").unlink()
    assert "damaged" in sentence_of(buffer.getvalue()[:120], tmp_path)


def test_damaged_16_bit_colours(tmp_path: Path) -> None:
    data = bytearray(png(3, 3))
    data[24], data[25] = 16, 2
    data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
    assert "PNG file is damaged" in refusal_in_this_process(bytes(data), tmp_path)


def test_codestream_larger_than_its_header_says(tmp_path: Path) -> None:
    dataset = ct_dataset(stored_values(256, 256))
    dataset.compress(JPEG2000Lossless)
    dataset.Rows = dataset.Columns = 64
    dataset.save_as(tmp_path / "a", enforce_file_format=True)
    with pytest.raises(SliceError, match="damaged"):
        decode([tmp_path / "a"])


def test_codestream_smaller_than_its_header_says(tmp_path: Path) -> None:
    dataset = ct_dataset(stored_values(64, 64))
    dataset.compress(JPEG2000Lossless)
    dataset.Rows = dataset.Columns = 300
    dataset.save_as(tmp_path / "a", enforce_file_format=True)
    # GDCM 3.2 aborts the whole process on such files.
    with pytest.raises(SliceError, match=r"made its decoder crash|damaged"):
        read_stack(tmp_path / "a")


def test_empty_and_missing_files(tmp_path: Path) -> None:
    assert "empty" in sentence_of(b"", tmp_path)
    with pytest.raises(SliceError, match="cannot be opened"):
        read_stack(tmp_path / "gone")
    with pytest.raises(SliceError, match="No file"):
        read_stack([])
    (tmp_path / "slice").write_bytes(a_slice(tmp_path))
    with pytest.raises(SliceError, match="empty"):
        decode([tmp_path / "upload", tmp_path / "slice"])


def test_too_many_bytes(tmp_path: Path) -> None:
    with (tmp_path / "a").open("wb") as file:
        file.truncate(all_limits.MAX_UPLOAD_BYTES)
    with pytest.raises(SliceError, match="nothing but zeros"):
        read_stack(tmp_path / "a")
    (tmp_path / "b").write_bytes(b"1")
    with pytest.raises(SliceError, match="65 MB, more than the 64 MB"):
        read_stack([tmp_path / "a", tmp_path / "b"])


def test_renamed_program(tmp_path: Path) -> None:
    with Path(sys.executable).resolve().open("rb") as program:
        assert "a program, not a CT slice" in sentence_of(program.read(100_000), tmp_path)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"%PDF-1.7\n", "a PDF document"),
        (b"MZ\x90\0", "a program"),
        (b"#!/bin/sh\n", "a program"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"\n <HTML>", "a web page"),
        (b"<?xml version='1.0'?><svg/>", "an XML or SVG text"),
        (b"patient,age\n1,2\n", "a text"),
        (b"RIFF\0\0\0\0AVI LIST", "a video"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "a WebP image"),
        (b"RIFF\0\0\0\0????", "a sound or video"),
        (b"\0\0\0\x18ftypmp42", "a video"),
        (b"\0\0\0\x18ftypheic", "a HEIC or AVIF image"),
        (b"GIF89a", "a GIF image"),
        (b"BM\0\0", "a BMP image"),
        (bytes(257) + b"ustar\0", "a tar archive"),
        (bytes(2000), "nothing but zeros"),
        (b"\x01\x02\x03\x04\xff\xfe", "of an unknown format"),
        (b"\x80\x04\x95", "a Python pickle"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "a bare JPEG 2000 image"),
    ],
)
def test_files_of_another_kind_are_named(data: bytes, name: str, tmp_path: Path) -> None:
    assert refusal_in_this_process(data, tmp_path).startswith(f"This file is {name}")


def test_there_is_no_such_slice(tmp_path: Path) -> None:
    path = write_ct(tmp_path / "a")
    assert read_slice(str(path), 0).shape == (40, 36)
    with pytest.raises(SliceError, match="no slice"):
        read_slice(path, -1)


def test_memory_that_runs_out_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("ctseg.slices.formats.png_jpeg.read_image", exhausted)
    (tmp_path / "a").write_bytes(png(3, 3))
    with pytest.raises(SliceError, match="memory"):
        decode([tmp_path / "a"])
