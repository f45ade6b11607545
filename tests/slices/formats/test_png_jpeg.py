"""PNG, JPEG and TIFF: what is seen is what comes out, from 1x1 to 4096x4096."""

import warnings
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from ctseg.errors import UserError
from ctseg.labelmaps.errors import LabelMapError
from ctseg.labelmaps.files.reading import read_label_map
from ctseg.slices import SliceError, Stack
from ctseg.slices.decode import decode
from ctseg.slices.grey import to_8_bit

RAMP = np.arange(65536, dtype=np.uint16).reshape(256, 256)
GREY = np.arange(35, dtype=np.uint8).reshape(5, 7) * 7


def read(path: Path) -> NDArray[np.generic]:
    stack = decode([path])
    assert isinstance(stack, Stack)
    assert stack.intensity == "8-bit"
    assert stack.spacing_mm is None
    assert stack.affines is None
    assert stack.pixels.dtype == np.uint8
    assert len(stack) == 1
    return stack.pixels[0]


def test_grey_png_comes_back_unchanged(tmp_path: Path) -> None:
    Image.fromarray(GREY).save(tmp_path / "a.png")
    assert (read(tmp_path / "a.png") == GREY).all()


def test_ramp_of_16_bits_is_not_clipped(tmp_path: Path) -> None:
    Image.fromarray(RAMP).save(tmp_path / "a.png")
    ramp = read(tmp_path / "a.png").ravel()
    assert ramp[0] == 0
    assert ramp[-1] == 255
    assert (np.diff(ramp.astype(int)) >= 0).all()
    assert np.unique(ramp).size == 256


def test_range_of_16_bits_is_the_image_s_own(tmp_path: Path) -> None:
    Image.fromarray(np.array([[1000, 1500, 2000]], np.uint16)).save(tmp_path / "a.png")
    assert read(tmp_path / "a.png").tolist() == [[0, 128, 255]]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_every_mode_of_png(mode: str, tmp_path: Path) -> None:
    grey = np.where(GREY > 100, 255, 0).astype(np.uint8) if mode == "1" else GREY
    image = Image.fromarray(grey)
    if mode == "P":
        # A palette that runs backwards shows whether it is looked up.
        image = Image.fromarray(255 - grey, "P")
        image.putpalette([255 - value for value in range(256) for _ in range(3)])
    else:
        image = image.convert(mode)
    image.save(tmp_path / "a.png")
    assert (read(tmp_path / "a.png") == grey).all()


def test_transparent_is_black(tmp_path: Path) -> None:
    image = np.full((1, 2, 4), 200, np.uint8)
    image[0, :, 3] = [0, 255]
    Image.fromarray(image).save(tmp_path / "a.png")
    assert read(tmp_path / "a.png").tolist() == [[0, 200]]


def test_palette_with_transparency(tmp_path: Path) -> None:
    image = Image.fromarray(np.array([[0, 1]], np.uint8), "P")
    image.putpalette([50, 50, 50, 90, 90, 90])
    image.save(tmp_path / "a.png", transparency=0)
    assert read(tmp_path / "a.png").tolist() == [[0, 90]]


def test_colour_becomes_luma(tmp_path: Path) -> None:
    Image.fromarray(np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8)).save(tmp_path / "a.png")
    assert read(tmp_path / "a.png").tolist() == [[76, 150, 29]]


@pytest.mark.parametrize("extension", ["png", "tif"])
@pytest.mark.parametrize("channels", [3, 4])
def test_colour_of_16_bits_keeps_its_lower_byte(channels: int, extension: str, tmp_path: Path) -> None:
    # All values share their upper byte.
    grey = np.arange(256, dtype=np.uint16).reshape(16, 16) + 512
    image = np.repeat(grey[..., None], channels, axis=2)
    if channels == 4:
        image[..., 3] = 65535
    cv2.imwrite(str(tmp_path / f"a.{extension}"), image)
    assert (read(tmp_path / f"a.{extension}") == np.arange(256).reshape(16, 16)).all()


def test_jpeg_grey_and_colour(tmp_path: Path) -> None:
    smooth = np.tile(np.arange(0, 256, 4, dtype=np.uint8), (64, 1))
    for mode in ("L", "RGB", "CMYK"):
        Image.fromarray(smooth).convert(mode).save(tmp_path / "a.jpg", quality=95)
        assert np.abs(read(tmp_path / "a.jpg").astype(int) - smooth).max() <= 4


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("extension", ["png", "jpg", "tif"])
def test_orientation_tag_is_applied(orientation: int, extension: str, tmp_path: Path) -> None:
    upright = np.zeros((16, 24), np.uint8)
    upright[:8, :8] = 255
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.T,
        6: np.rot90(upright),
        7: upright[::-1, ::-1].T,
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[274] = orientation
    Image.fromarray(np.ascontiguousarray(stored)).save(tmp_path / f"a.{extension}", exif=exif)
    assert ((read(tmp_path / f"a.{extension}") > 128) == (upright > 128)).all()


def test_name_does_not_matter(tmp_path: Path) -> None:
    Image.fromarray(GREY).save(tmp_path / "slice.nii.gz", format="PNG")
    assert (read(tmp_path / "slice.nii.gz") == GREY).all()


@pytest.mark.parametrize(
    "dtype", ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"]
)
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_tiff_of_every_number(dtype: str, compression: str | None, tmp_path: Path) -> None:
    values = np.arange(100, 124).reshape(4, 6).astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", values, compression=compression)
    expected = values if dtype == "u1" else to_8_bit(values)
    assert (read(tmp_path / "a.tif") == expected).all()


@pytest.mark.parametrize(
    "compression", ["tiff_lzw", "tiff_deflate", "tiff_adobe_deflate", "packbits", "jpeg"]
)
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_tiff_compressions(compression: str, mode: str, tmp_path: Path) -> None:
    smooth = np.tile(np.arange(0, 256, 4, dtype=np.uint8), (64, 1))
    Image.fromarray(smooth).convert(mode).save(tmp_path / "a.tif", compression=compression)
    assert np.abs(read(tmp_path / "a.tif").astype(int) - smooth).max() <= (8 if compression == "jpeg" else 0)


def test_tiff_of_fax(tmp_path: Path) -> None:
    bits = GREY > 100
    Image.fromarray(bits).save(tmp_path / "a.tif", compression="group4")
    assert ((read(tmp_path / "a.tif") == 255) == bits).all()


def test_tiff_with_lzw_and_16_bits(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.tif"), RAMP, [cv2.IMWRITE_TIFF_COMPRESSION, 5])
    assert np.unique(read(tmp_path / "a.tif")).size == 256


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_tiff_where_white_is_zero(dtype: str, tmp_path: Path) -> None:
    values = np.array([[0, 50, 100]]).astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="miniswhite")
    expected = [[255, 205, 155]] if dtype == "uint8" else [[255, 128, 0]]
    assert read(tmp_path / "a.tif").tolist() == expected


def test_tiff_of_one_bit_where_white_is_zero(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.array([[True, False] * 8]), photometric="miniswhite")
    assert read(tmp_path / "a.tif").tolist() == [[0, 255] * 8]


def test_tiff_with_palette(tmp_path: Path) -> None:
    palette = np.zeros((3, 256), np.uint16)
    palette[:] = np.arange(255, -1, -1, dtype=np.uint16) * 257
    tifffile.imwrite(tmp_path / "a.tif", GREY, photometric="palette", colormap=palette)
    assert (read(tmp_path / "a.tif") == 255 - GREY).all()


def test_tiff_in_planes(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.stack([GREY] * 3), photometric="rgb", planarconfig="separate")
    assert (read(tmp_path / "a.tif") == GREY).all()


@pytest.mark.parametrize("count", [3, 4, 5])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}, {"tile": (16, 16)}])
def test_a_stack_of_few_slices_is_no_colour(
    tmp_path: Path, count: int, dtype: str, options: dict[str, Any]
) -> None:
    """Which tifffile makes of an array (3, H, W) or (4, H, W) that it is given without a word on it."""
    slices = np.stack([np.roll(GREY, k, axis=1) for k in range(count)]).astype(dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        tifffile.imwrite(tmp_path / "a.tif", slices, **options)
    stack = decode([tmp_path / "a.tif"])
    assert np.array_equal(stack.pixels, to_8_bit(slices))
    assert any("planes are read as slices" in note for note in stack.notes) == (count < 5)
    with pytest.raises(LabelMapError, match=f"{count} images"):
        read_label_map(tmp_path / "a.tif")


def test_a_label_map_in_equal_planes_is_that_label_map(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.stack([GREY] * 3), photometric="rgb", planarconfig="separate")
    assert np.array_equal(read_label_map(tmp_path / "a.tif"), GREY)


@pytest.mark.parametrize("dtype", ["int64", "uint64"])
def test_whole_numbers_packed_as_floats_are(tmp_path: Path, dtype: str) -> None:
    labels = (GREY // 50).astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", labels, compression="zlib", predictor=3)
    assert np.array_equal(read_label_map(tmp_path / "a.tif"), labels)


def test_pixels_that_were_never_written_are_no_background(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", GREY)
    with tifffile.TiffFile(tmp_path / "a.tif", mode="r+b") as tiff:
        for name in ("StripOffsets", "StripByteCounts"):
            tiff.pages.first.tags[name].overwrite(0)
    for reads in (read, read_label_map):
        with pytest.raises(UserError, match="holds no pixels"):
            reads(tmp_path / "a.tif")


def test_tiff_channels_that_are_no_alpha_are_dropped(tmp_path: Path) -> None:
    samples = np.stack([GREY, np.zeros_like(GREY)], axis=-1)
    tifffile.imwrite(
        tmp_path / "a.tif",
        samples,
        photometric="minisblack",
        planarconfig="contig",
        extrasamples=["unspecified"],
    )
    assert (read(tmp_path / "a.tif") == GREY).all()


def test_pages_become_a_stack_with_one_scale(tmp_path: Path) -> None:
    pages = np.arange(3 * 12, dtype=np.uint16).reshape(3, 3, 4) * 100
    tifffile.imwrite(tmp_path / "a.tif", pages, photometric="minisblack")
    stack = decode([tmp_path / "a.tif"])
    assert (stack.pixels == to_8_bit(pages)).all()
    assert stack.middle == 1
    assert stack.source == "TIFF"
    assert stack.note is None


def test_pages_of_another_size_are_left_out(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        tiff.write(GREY)
        tiff.write(GREY[:2, :2])
        tiff.write(GREY)
    stack = decode([tmp_path / "a.tif"])
    assert len(stack) == 2
    assert stack.note is not None


def test_tiff_of_complex_numbers_is_refused(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.ones((3, 3), np.complex64))
    with pytest.raises(SliceError, match="unusual kind"):
        decode([tmp_path / "a.tif"])


def test_tiff_of_tiles_in_depth_is_refused(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((16, 16, 16), np.uint8), tile=(16, 16, 16), volumetric=True)
    with pytest.raises(SliceError, match="tiled volume"):
        decode([tmp_path / "a.tif"])


@pytest.mark.parametrize("size", [(1, 1), (7, 513), (4096, 4096)])
@pytest.mark.parametrize("extension", ["png", "tif"])
def test_sizes(size: tuple[int, int], extension: str, tmp_path: Path) -> None:
    image = np.zeros(size, np.uint8)
    image[-1, -1] = 9
    Image.fromarray(image).save(tmp_path / f"a.{extension}", compress_level=1)
    assert (read(tmp_path / f"a.{extension}") == image).all()


@pytest.mark.parametrize("extension", ["png", "tif"])
def test_one_row_too_many(extension: str, tmp_path: Path) -> None:
    Image.new("1", (3, 4097)).save(tmp_path / f"a.{extension}")
    with pytest.raises(SliceError, match="3 x 4097 pixels"):
        decode([tmp_path / f"a.{extension}"])


def test_values_that_are_no_numbers() -> None:
    values = np.array([[np.nan, -np.inf, 0.0, 10.0, np.inf]], np.float32)
    assert to_8_bit(values).tolist() == [[0, 0, 0, 255, 255]]
    assert to_8_bit(np.full((2, 2), np.nan)).tolist() == [[0, 0], [0, 0]]
    assert to_8_bit(np.full((1, 2, 2), 7, np.int16)).tolist() == [[[0, 0], [0, 0]]]


@pytest.mark.parametrize(("marker", "bits"), [(0xC1, 12), (0xC3, 8), (0xC3, 16), (0xC9, 8), (0xF7, 12)])
def test_whole_jpeg_files_of_other_codings_are_called_that(tmp_path: Path, marker: int, bits: int) -> None:
    """The frame's header alone decides, behind a comment and a table."""
    comment, table = b"\xff\xfe\0\x06read", b"\xff\xdb\0\x43\0" + bytes(64)
    frame = bytes([0xFF, marker, 0, 11, bits, 0, 8, 0, 8, 1, 1, 0x11, 0])
    path = tmp_path / "other.jpg"
    path.write_bytes(b"\xff\xd8" + comment + table + frame + b"\xff\xd9")
    with pytest.raises(SliceError, match=r"not read here|only 8-bit JPEG") as refusal:
        decode([path])
    assert "damaged" not in str(refusal.value)
    assert ("arithmetic" in str(refusal.value)) == (marker == 0xC9)
