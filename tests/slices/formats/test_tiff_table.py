"""Every kind of TIFF holds the same samples as its uncompressed file, for slices and for label maps."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from ctseg.labelmaps.errors import LabelMapError
from ctseg.labelmaps.files import read_label_map
from ctseg.slices import SliceError
from ctseg.slices.decode import decode

pytest.importorskip("imagecodecs", reason="writes the compressed files")

DTYPES = ["uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "float16", "float32", "float64"]
COMPRESSIONS = ["lzw", "deflate", "packbits", "zstd", "lzma"]
PHOTOMETRICS = ["miniswhite", "minisblack"]


def values(dtype: str) -> Any:
    """Numbers over most of a type's range, negative ones where it has them; rows differ."""
    kind = np.dtype(dtype)
    ramp = np.arange(37 * 29).reshape(37, 29) * 7919 % 1009
    if kind.kind == "f":
        return (ramp / 8.0 - 40).astype(kind)
    highest = np.iinfo(kind).max
    scaled = ramp.astype(object) * int(highest) // 1009
    return (scaled - (int(highest) // 3 if kind.kind == "i" else 0)).astype(kind)


def labels(dtype: str) -> Any:
    return (np.arange(37 * 29).reshape(37, 29) // 9 % 100).astype(dtype)


def write(path: Path, samples: Any, **options: Any) -> Path:
    tifffile.imwrite(path, samples, metadata=None, **options)
    return path


@pytest.mark.parametrize(("dtype", "photometric"), itertools.product(DTYPES, PHOTOMETRICS))
def test_compression_changes_nothing(dtype: str, photometric: str, tmp_path: Path) -> None:
    plain_slice = decode([write(tmp_path / "a.tif", values(dtype), photometric=photometric)]).pixels
    assert plain_slice.min() < plain_slice.max()
    for compression, order, tiled in itertools.product(COMPRESSIONS, "<>", (False, True)):
        predictors = [1, 2] if dtype[0] != "f" else [1, 3]
        for predictor in predictors if compression != "packbits" else [1]:
            options: dict[str, Any] = {"compression": compression, "byteorder": order, "predictor": predictor}
            options |= {"tile": (16, 16)} if tiled else {"rowsperstrip": 10}
            path = write(tmp_path / "b.tif", values(dtype), photometric=photometric, **options)
            assert (decode([path]).pixels == plain_slice).all(), options
            path = write(tmp_path / "c.tif", labels(dtype), photometric=photometric, **options)
            assert (read_label_map(path) == labels("int64")).all(), options


@pytest.mark.parametrize(("dtype", "order"), itertools.product(DTYPES, "<>"))
def test_white_is_zero_is_the_negative(dtype: str, order: str, tmp_path: Path) -> None:
    black = decode([write(tmp_path / "a.tif", values(dtype), photometric="minisblack", byteorder=order)])
    white = decode([write(tmp_path / "b.tif", values(dtype), photometric="miniswhite", byteorder=order)])
    difference = np.abs(255 - black.pixels.astype(int) - white.pixels)
    assert difference.max() <= (0 if dtype == "uint8" else 1)  # halves round up on either side


@pytest.mark.parametrize("bits", [2, 4, 10, 12])
@pytest.mark.parametrize("photometric", PHOTOMETRICS)
@pytest.mark.parametrize("compression", [None, "lzw", "deflate", "packbits"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_numbers_of_few_bits(
    bits: int, photometric: str, compression: str | None, order: str, tmp_path: Path
) -> None:
    dtype = np.uint8 if bits < 8 else np.uint16
    samples = (np.arange(37 * 29).reshape(37, 29) % 2**bits).astype(dtype)
    path = packed_tiff(tmp_path / "a.tif", samples, bits, photometric, compression, order)
    assert (read_label_map(path) == samples).all()
    shown = samples if photometric == "minisblack" else (2**bits - 1 - samples)
    # More than 8 bits go by the image's own range, fewer by all that can be.
    lowest, highest = (int(shown.min()), int(shown.max())) if bits > 8 else (0, 2**bits - 1)
    expected = np.floor((shown - lowest) * 255.0 / (highest - lowest) + 0.5)
    assert (decode([path]).pixels[0] == expected).all()


def packed_tiff(
    path: Path, samples: Any, bits: int, photometric: str, compression: str | None, order: str
) -> Path:
    """A TIFF of rows that begin at a byte and hold ``bits`` a sample, written through a file of bytes."""
    height, width = samples.shape
    each = (samples[..., np.newaxis] >> np.arange(bits - 1, -1, -1).astype(samples.dtype)) & 1
    rows = np.packbits(each.reshape(height, width * bits).astype(np.uint8), axis=1)
    tifffile.imwrite(
        path, rows, photometric=photometric, compression=compression, byteorder=order, metadata=None
    )
    with tifffile.TiffFile(path, mode="r+b") as tiff:
        tiff.pages[0].tags["ImageWidth"].overwrite(width)
        tiff.pages[0].tags["BitsPerSample"].overwrite(bits)
    return path


@pytest.mark.parametrize("compression", ["group3", "group4", "tiff_lzw", "packbits", "raw"])
@pytest.mark.parametrize("photometric", [0, 1])
def test_one_bit(compression: str, photometric: int, tmp_path: Path) -> None:
    stored = np.arange(37 * 29).reshape(37, 29) % 5 == 0
    seen = stored if photometric == 1 else ~stored
    image = Image.fromarray(seen)
    image.save(tmp_path / "a.tif", compression=compression, tiffinfo={262: photometric})
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
        photometric_tag = int(tiff.pages[0].photometric)
    assert (decode([tmp_path / "a.tif"]).pixels[0] == seen * 255).all()
    assert (read_label_map(tmp_path / "a.tif") == (seen if photometric_tag == 1 else ~seen)).all()


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_colour_and_alpha(dtype: str, planar: str, tmp_path: Path) -> None:
    grey = values(dtype)
    samples = np.stack([grey, grey[::-1], grey[:, ::-1]], axis=0 if planar == "separate" else -1)
    options: dict[str, Any] = {"photometric": "rgb", "planarconfig": planar}
    plain = decode([write(tmp_path / "a.tif", samples, **options)]).pixels
    for compression, order in itertools.product(COMPRESSIONS, "<>"):
        path = write(tmp_path / "b.tif", samples, compression=compression, byteorder=order, **options)
        assert (decode([path]).pixels == plain).all()


@pytest.mark.parametrize("compression", ["jpeg2000", "webp", "lerc", "jpegxl", "png", "jpegxr"])
def test_whole_files_of_other_compressions_are_called_that(compression: str, tmp_path: Path) -> None:
    samples = np.zeros((64, 64, 3), np.uint8)
    path = write(tmp_path / "a.tif", samples, photometric="rgb", compression=compression)
    for read in (
        lambda: decode([path]),
        lambda: read_label_map(
            write(tmp_path / "b.tif", samples[..., 0], photometric="minisblack", compression="lerc")
        ),
    ):
        with pytest.raises((SliceError, LabelMapError), match="compressed as") as refusal:
            read()
        assert "damaged" not in str(refusal.value)


def test_jpeg_is_read_as_a_slice_and_refused_as_labels(tmp_path: Path) -> None:
    smooth = np.tile(np.arange(0, 256, 4, dtype=np.uint8), (64, 1))
    path = write(tmp_path / "a.tif", smooth, photometric="minisblack", compression="jpeg")
    assert np.abs(decode([path]).pixels[0].astype(int) - smooth).max() <= 4
    with pytest.raises(LabelMapError, match="compressed as JPEG"):
        read_label_map(path)


@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_white_is_zero_does_not_turn_what_is_transparent(planar: str, tmp_path: Path) -> None:
    grey, alpha = values("uint8"), values("uint8")[::-1]
    samples = np.stack([grey, alpha], axis=0 if planar == "separate" else -1)
    options: dict[str, Any] = {"planarconfig": planar, "extrasamples": ["unassalpha"]}
    path = write(tmp_path / "a.tif", samples, photometric="miniswhite", compression="deflate", **options)
    assert (decode([path]).pixels[0] == np.floor((255 - grey) * (alpha / 255.0) + 0.5)).all()
