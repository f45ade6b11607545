"""Files made to do harm: each is one sentence, whatever it holds, and nothing of it is run or written."""

import gzip
import io
import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from submission_files import (
    BOARD,
    FORMATS,
    IMAGES,
    SHAPE,
    Maps,
    csv,
    csv_gz,
    label_maps,
    npz,
    png,
    png8_zip,
    write_zip,
)
from test_submission_formats import decode

from ctseg.labelmaps import LabelMapError
from ctseg.leaderboard.submissions import SubmissionError, read
from ctseg.leaderboard.submissions.read import read_submission

BLANK = png(np.zeros(SHAPE, np.uint8))


def refused_in_its_process(path: Path) -> str:
    """Read a file as the app does, in the decoder's process, and return the sentence."""
    with pytest.raises(SubmissionError) as refused:
        read_submission(path, BOARD, path.parent)
    message = str(refused.value)
    assert message.endswith(".")
    assert message.isprintable()
    assert len(message) <= 600
    assert list(path.parent.glob("ctseg-*")) == []
    return message


def refused(path: Path) -> str:
    with pytest.raises((SubmissionError, LabelMapError)) as refusal:
        decode(path)
    assert str(refusal.value).endswith(".")
    return str(refusal.value)


def test_a_zip_bomb_is_not_inflated(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for image in IMAGES:
            with archive.open(image, "w") as file:
                for _ in range(64):
                    file.write(bytes(1 << 20))
    assert (tmp_path / "bomb.zip").stat().st_size < 1 << 20
    assert "Unpacked, 0.png would have 67108864 bytes" in refused_in_its_process(tmp_path / "bomb.zip")


def test_a_zip_that_lies_about_its_sizes_is_not_inflated_beyond_them(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "y.zip", {image: bytes(50 << 20) for image in IMAGES})
    lying = path.read_bytes().replace(struct.pack("<I", 50 << 20), struct.pack("<I", 1000))
    path.write_bytes(lying)
    assert "0.png in this ZIP is" in refused(path)


@pytest.mark.thorough
def test_a_zip_of_countless_entries_is_not_listed(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "y.zip", dict.fromkeys(IMAGES, BLANK))
    content = bytearray(path.read_bytes())
    end = content.rfind(b"PK\x05\x06")
    content[end + 12 : end + 16] = struct.pack("<I", 400 << 20)
    content[end:end] = bytes(9 << 20)
    path.write_bytes(content)
    assert "far more files" in refused(path)
    many = write_zip(tmp_path / "many.zip", {f"{number}.png": b"" for number in range(20_000)})
    assert "19997 are not on the board (3.png, 4.png, 5.png, 6.png, 7.png, …)" in refused(many)


def as_zip64(path: Path, contents: int | None = None) -> Path:
    """Leave the sizes in the end record to a ZIP64 one, as some writers do; ``contents`` lies in it."""
    packed = path.read_bytes()
    at = packed.rfind(b"PK\x05\x06")
    count, size, offset = struct.unpack_from("<H2L", packed, at + 10)
    claimed = size if contents is None else contents
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, claimed, offset)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, at, 1)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    path.write_bytes(packed[:at] + record + locator + end)
    return path


def test_a_zip_of_more_than_8_mb_may_leave_its_sizes_to_zip64(tmp_path: Path) -> None:
    path = tmp_path / "y.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("__MACOSX/padding", bytes(9 << 20))
        for image in IMAGES:
            archive.writestr(image, BLANK)
    assert decode(as_zip64(path)) is not None


def test_countless_entries_behind_a_zip64_record_are_not_listed(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "y.zip", dict.fromkeys(IMAGES, BLANK))
    packed = path.read_bytes()
    end = packed.rfind(b"PK\x05\x06")
    path.write_bytes(packed[:end] + bytes(9 << 20) + packed[end:])
    assert "far more files" in refused(as_zip64(path, contents=400 << 20))


def test_overlapping_entries_are_read_once_each(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "y.zip", dict.fromkeys(IMAGES, BLANK))
    with zipfile.ZipFile(path) as archive:
        second = archive.infolist()[1].header_offset
    content = bytearray(path.read_bytes())
    entry = content.index(b"PK\x01\x02", content.index(b"PK\x01\x02") + 4)
    assert struct.unpack_from("<I", content, entry + 42)[0] == second
    struct.pack_into("<I", content, entry + 42, 0)
    path.write_bytes(content)
    assert "1.png in this ZIP is damaged" in refused(path)


@pytest.mark.parametrize(
    "name",
    [
        "../0.png",
        "/0.png",
        "a/../0.png",
        "..\\0.png",
        "C:0.png",
        ".hidden",
        "a/b/c/0.png",
        "../../../../etc/x",
    ],
)
def test_paths_that_lead_elsewhere_are_refused_and_nothing_is_written(name: str, tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    path = write_zip(tmp_path / "inner" / "y.zip", {name: BLANK, "1.png": BLANK, "2.png": BLANK})
    assert "pack the label maps without folders" in refused(path)
    assert {each.name for each in tmp_path.rglob("*")} == {"inner", "y.zip"}


def test_a_file_without_a_name_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "y.zip", dict.fromkeys(IMAGES, BLANK))
    path.write_bytes(path.read_bytes().replace(b"0.png", b"\0.png"))
    assert "under the path ''" in refused(path)


@pytest.mark.parametrize(
    ("reader", "message"),
    [("crash", "made its reader crash"), ("fail", "damaged"), ("swap", "made its reader crash")],
)
def test_a_reader_that_is_overcome_is_one_sentence(
    reader: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    monkeypatch.setattr(read, "DECODER", f"bad_readers:{reader}")
    assert message in refused_in_its_process(npz(tmp_path, label_maps()))


def test_a_locked_or_oddly_packed_zip_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "y.zip", dict.fromkeys(IMAGES, BLANK))
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    assert "password" in refused(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        for image in IMAGES:
            archive.writestr(image, BLANK)
    assert "rare method" in refused(path)


def test_an_image_may_not_come_twice(tmp_path: Path) -> None:
    twice = [*((image, BLANK) for image in IMAGES), ("1.png", BLANK)]
    with pytest.warns(UserWarning, match="Duplicate"):
        path = write_zip(tmp_path / "y.zip", twice)
    assert "1 is repeated (1.png)" in refused(path)
    content = io.BytesIO()
    np.save(content, np.zeros(SHAPE, np.uint8))
    named = [(f"{name}.npy", content.getvalue()) for name in ("0.png", "1.png", "2.png", "1")]
    assert "1 is repeated (1.png)" in refused(write_zip(tmp_path / "y.npz", named))


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def crafted_png(width: int, height: int, *chunks: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunks) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (crafted_png(30_000, 30_000, chunk(b"IDAT", zlib.compress(b""))), "30000 x 30000 pixels"),
        (crafted_png(32, 24), "damaged"),
        (crafted_png(32, 24, chunk(b"IDAT", b"nonsense")), "damaged"),
        (crafted_png(0, 0, chunk(b"IDAT", zlib.compress(b""))), "0 x 0 pixels"),
        (b"\x89PNG\r\n\x1a\n", "0 x 0 pixels"),
    ],
)
def test_crafted_images_are_refused(content: bytes, message: str, tmp_path: Path) -> None:
    assert message in refused(write_zip(tmp_path / "y.zip", dict.fromkeys(IMAGES, content)))


def test_an_image_that_inflates_beyond_its_size_is_cut_there(tmp_path: Path) -> None:
    endless = chunk(b"IDAT", zlib.compress(bytes(30 << 20)))
    text = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(900_000)))
    files = {
        "0.png": crafted_png(32, 24, endless),
        "1.png": crafted_png(32, 24, endless, text),
        "2.png": BLANK,
    }
    assert not decode(write_zip(tmp_path / "y.zip", files)).any()


class Bomb:
    """What a pickle runs when it is opened."""

    def __init__(self, mark: Path) -> None:
        self._mark = str(mark)

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return os.mkdir, (self._mark,)


def test_pickles_are_never_opened(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    bomb = np.array([[Bomb(mark)]], dtype=object)
    arrays = {"0.png": bomb, "1.png": np.zeros(SHAPE, np.uint8), "2.png": np.zeros(SHAPE, np.uint8)}
    np.savez(tmp_path / "y.npz", **arrays)  # type: ignore[arg-type]
    assert "0.png holds object values" in refused_in_its_process(tmp_path / "y.npz")
    np.savez(tmp_path / "y.npz", label_maps=bomb)
    assert "holds object values" in refused(tmp_path / "y.npz")
    np.savez(tmp_path / "y.npz", label_maps=np.zeros((3, *SHAPE), np.uint8), images=bomb)
    assert "row of names" in refused(tmp_path / "y.npz")
    assert not mark.exists()


def npy(header: str) -> bytes:
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (npy("{'descr': '|u1', 'fortran_order': False, 'shape': (999999, 999999)}"), "999999 x 999999"),
        (npy("{'descr': '|u1', 'fortran_order': False, 'shape': (24, 32)}"), "damaged"),
        (npy("{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (24, 32)}"), "holds void"),
        (npy("{'descr': '<M8[s]', 'fortran_order': False, 'shape': (24, 32)}"), "holds datetime64"),
        (npy("__import__('os').mkdir('mark')"), "damaged"),
        (npy("(" * 5000), "damaged"),
        (b"\x93NUMPY\x02\x00" + struct.pack("<I", 1 << 31), "damaged"),
        (b"\x93NUMPY\x09\x09", "damaged"),
        (b"", "damaged"),
    ],
)
def test_crafted_arrays_are_refused(
    array: bytes, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = write_zip(tmp_path / "y.npz", {f"{image}.npy": array for image in IMAGES})
    assert message in refused(path)
    assert not (tmp_path / "mark").exists()


@pytest.mark.thorough
def test_one_endless_line_is_not_kept(tmp_path: Path) -> None:
    line = b"1" * (1 << 20)
    for start, message in (
        (b"", "first line of this table"),
        (b",0.png,1.png,2.png\nPixel 0,", "'Pixel 0,111"),
    ):
        with gzip.open(tmp_path / "y.csv.gz", "wb", compresslevel=1) as file:
            file.write(start)
            for _ in range(300):
                file.write(line)
        assert message in refused_in_its_process(tmp_path / "y.csv.gz")


@pytest.mark.parametrize(
    ("name", "count", "message"),
    [
        ("0.png", 1_000_000, "1 MB"),
        ("7", 1_000_000, "1 MB"),
        ("7", 9_000, "9000 columns"),
        ("", 1_000_000, "no image"),
    ],
)
def test_a_million_columns_are_refused(name: str, count: int, message: str, tmp_path: Path) -> None:
    (tmp_path / "y.csv").write_text(f",{name}" * count + "\n", encoding="utf-8")
    assert message in refused(tmp_path / "y.csv")


def test_a_gzip_bomb_of_rows_ends_at_the_first_surplus_row(tmp_path: Path) -> None:
    path = csv(tmp_path, label_maps())
    with gzip.open(tmp_path / "y.csv.gz", "wb", compresslevel=1) as file:
        file.write(path.read_bytes())
        for _ in range(40):
            file.write(b"Pixel 768,0,0,0\n" * 65536)
    assert "more than 768 rows" in refused_in_its_process(tmp_path / "y.csv.gz")


@settings(deadline=None, max_examples=150)
@given(st.binary(max_size=400), st.sampled_from([b"", b"PK\x03\x04", b"\x1f\x8b", b",0.png,1.png,2.png\n"]))
def test_any_bytes_are_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, tail: bytes, head: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(head + tail)
    refused(path)


WHOLE: dict[str, bytes] = {}


@pytest.mark.thorough
@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from([write.__name__ for write in FORMATS]),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_mutated_files_are_read_or_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, name: str, changes: list[tuple[float, int]]
) -> None:
    folder = tmp_path_factory.getbasetemp()
    if name not in WHOLE:
        (write,) = (each for each in FORMATS if each.__name__ == name)
        WHOLE[name] = write(folder, label_maps()).read_bytes()
    content = bytearray(WHOLE[name])
    for place, value in changes:
        content[int(place * len(content))] = value
    (folder / "mutated").write_bytes(content)
    with suppress(SubmissionError, LabelMapError):
        assert decode(folder / "mutated").shape == (3, *SHAPE)


@pytest.mark.parametrize("write", [csv_gz, png8_zip, npz])
def test_random_damage_is_one_sentence_from_the_process(
    write: Callable[[Path, Maps], Path], tmp_path: Path
) -> None:
    path = write(tmp_path, label_maps())
    content = bytearray(path.read_bytes())
    content[len(content) // 3 : len(content) // 2] = os.urandom(len(content) // 2 - len(content) // 3)
    path.write_bytes(content)
    refused_in_its_process(path)
