"""TIFF whose tags are written badly: read as libtiff reads them where only that can be meant."""

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ctseg.labelmaps.files import read_label_map
from ctseg.slices import SliceError
from ctseg.slices.decode import decode

PIXELS = np.arange(48, dtype=np.uint8).reshape(6, 8) * 5
STRIPS = [PIXELS[:4].tobytes(), PIXELS[4:].tobytes()]
PALETTE, TRANSPARENCY, DEFLATE = 3, 4, 8
SUBFILE, COMPRESSION, PHOTOMETRIC, PLACES = 254, 259, 262, 273
LENGTHS, PREDICTOR, COLOURS = 279, 317, 320
Tags = dict[int, list[int] | None]


def page(strips: list[bytes], start: int, tags: Tags, last: bool) -> bytes:
    """One page of a little-endian TIFF, its strips behind its tags; None leaves a tag out.

    Places of strips count from that of the first one, -1 is the place 0.
    """
    rows = -(-6 // len(strips)) + len(strips) - 1
    places = [sum(map(len, strips[:k])) for k in range(len(strips))]
    values: Tags = {
        256: [8], 257: [6], 258: [8], COMPRESSION: [1], PHOTOMETRIC: [1], PLACES: places, 277: [1],
        278: [rows], LENGTHS: [len(each) for each in strips], **tags,
    }  # fmt: skip
    told = {tag: each for tag, each in sorted(values.items()) if each is not None}
    behind = start + 2 + 12 * len(told) + 4
    first = behind + sum(4 * len(each) for each in told.values() if len(each) > 1)
    told[PLACES] = [0 if place < 0 else first + place for place in told[PLACES]]
    entries, more = b"", b""
    for tag, each in told.items():
        packed = struct.pack(f"<{len(each)}L", *each)
        if len(each) > 1:
            packed, more = struct.pack("<L", behind + len(more)), more + packed
        entries += struct.pack("<HHL", tag, 4, len(each)) + packed
    data = b"".join(strips)
    following = struct.pack("<L", 0 if last else first + len(data))
    return struct.pack("<H", len(told)) + entries + following + more + data


def write(path: Path, *pages: tuple[list[bytes], Tags]) -> Path:
    content = b"II*\0" + struct.pack("<L", 8)
    for number, (strips, tags) in enumerate(pages, start=1):
        content += page(strips, len(content), tags, last=number == len(pages))
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("strips", "tags"),
    [
        (STRIPS, {}),
        (STRIPS, {LENGTHS: [0, 0]}),
        (STRIPS, {LENGTHS: [32, 5000]}),
        ([PIXELS.tobytes()], {LENGTHS: [0]}),
        ([PIXELS.tobytes()], {LENGTHS: [5000]}),
        ([PIXELS.tobytes()], {LENGTHS: [7]}),
        (list(map(zlib.compress, STRIPS)), {COMPRESSION: [DEFLATE], LENGTHS: [0, 0]}),
        (STRIPS, {PREDICTOR: [2]}),
        (STRIPS, {PHOTOMETRIC: None}),
    ],
    ids=[
        "none",
        "lengths of 0",
        "a length beyond the end",
        "one length of 0",
        "one beyond the end",
        "one too short",
        "packed, lengths of 0",
        "a predictor left over",
        "black or white not told",
    ],
)
def test_mistakes_change_nothing(strips: list[bytes], tags: Tags, tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", (strips, tags))
    assert np.array_equal(decode([path]).pixels, PIXELS[np.newaxis])
    assert np.array_equal(read_label_map(path), PIXELS)


def test_what_was_never_written_is_zero(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", (STRIPS, {PLACES: [0, -1], LENGTHS: [32, 0]}))
    assert np.array_equal(read_label_map(path), np.vstack([PIXELS[:4], np.zeros_like(PIXELS[4:])]))


def test_a_file_that_ends_early_is_still_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", (STRIPS, {PLACES: [0, 4000], LENGTHS: [32, 0]}))
    with pytest.raises(SliceError, match="ends before its last pixel"):
        decode([path])


@pytest.mark.parametrize("scale", [1, 257])
def test_a_palette_of_8_or_16_bits(scale: int, tmp_path: Path) -> None:
    greys = [value * scale for value in range(256)]
    path = write(tmp_path / "a.tif", (STRIPS, {PHOTOMETRIC: [PALETTE], COLOURS: greys * 3}))
    assert np.array_equal(decode([path]).pixels, PIXELS[np.newaxis])


def opaque() -> NDArray[Any]:
    return np.full_like(PIXELS, 255)


@pytest.mark.parametrize("photometric", [1, TRANSPARENCY])
def test_a_mask_of_transparency_is_no_image(photometric: int, tmp_path: Path) -> None:
    mask: Tags = {SUBFILE: [4], PHOTOMETRIC: [photometric]}
    path = write(tmp_path / "a.tif", (STRIPS, {}), ([opaque().tobytes()], mask))
    stack = decode([path])
    assert np.array_equal(stack.pixels, PIXELS[np.newaxis])
    assert stack.notes == ("This TIFF's mask of transparent pixels was not applied.",)
    assert np.array_equal(read_label_map(path), PIXELS)


def test_pages_of_one_size_and_another_kind_are_told(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", (STRIPS, {}), (STRIPS, {PHOTOMETRIC: [0]}))
    assert decode([path]).notes == ("Pages of another kind were left out.",)


def test_whole_pixels_of_a_rare_kind_are_not_called_damaged(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", (STRIPS, {PHOTOMETRIC: [32803]}))
    with pytest.raises(SliceError, match=r"of a kind not read here .*32803"):
        decode([path])
