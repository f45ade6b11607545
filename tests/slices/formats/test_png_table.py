"""Every kind of PNG is the slice, and the label map, that the standard says it is, or is refused."""

import itertools
import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from png_files import GREY, GREY_ALPHA, PALETTE, RGB, RGB_ALPHA, write_png

from ctseg.labelmaps.errors import LabelMapError
from ctseg.labelmaps.files import read_label_map
from ctseg.slices.decode import decode

SIZE = (13, 11)
CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGB_ALPHA: 4}
BITS = {GREY: (1, 2, 4, 8, 16), RGB: (8, 16), PALETTE: (1, 2, 4, 8), GREY_ALPHA: (8, 16), RGB_ALPHA: (8, 16)}
KINDS = [(colour, bits) for colour in BITS for bits in BITS[colour]]
LUMA = np.array([0.299, 0.587, 0.114])
# What may stand before the pixels and says nothing of their values here: how bright, how precise, on what.
HARMLESS = {
    b"gAMA": struct.pack(">I", 100_000),
    b"cHRM": struct.pack(">8I", *([31_270, 32_900] * 4)),
    b"sRGB": b"\0",
    b"tEXt": b"Comment\0none",
    b"pHYs": struct.pack(">IIB", 2835, 1000, 1),
}


def samples_of(colour: int, bits: int) -> NDArray[np.int64]:
    return np.random.default_rng(bits).integers(0, 2**bits, (*SIZE, CHANNELS[colour]))


def palette_of(bits: int) -> NDArray[np.uint8]:
    return np.random.default_rng(9).integers(0, 256, (2**bits, 3)).astype(np.uint8)


def seen(
    samples: NDArray[np.int64], colour: int, bits: int, alpha: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Grey levels by PNG 13.12: fewer bits than 8 are spread over all of 8, 16 go by their own range."""
    if colour == PALETTE:
        grey = palette_of(bits)[samples[..., 0]] @ LUMA
    elif colour in (RGB, RGB_ALPHA):
        grey = samples[..., :3] @ LUMA
    else:
        grey = samples[..., 0] * (255.0 / (2**bits - 1) if bits < 8 else 1.0)
    grey = np.floor(grey * alpha + 0.5)
    if bits < 16:
        return grey
    return np.floor((grey - grey.min()) / (grey.max() - grey.min()) * 255 + 0.5)


def alpha_of(samples: NDArray[np.int64], colour: int, bits: int) -> NDArray[np.float64]:
    return samples[..., -1] / (2**bits - 1) if colour in (GREY_ALPHA, RGB_ALPHA) else np.ones(SIZE)


@pytest.mark.parametrize(("colour", "bits"), KINDS)
def test_every_kind_is_seen_as_the_standard_says(colour: int, bits: int, tmp_path: Path) -> None:
    samples = samples_of(colour, bits)
    expected = seen(samples, colour, bits, alpha_of(samples, colour, bits))
    needed = {b"PLTE": palette_of(bits).tobytes()} if colour == PALETTE else {}
    significant = {
        b"sBIT": bytes([max(1, min(bits, 8) - 1)] * (3 if colour == PALETTE else CHANNELS[colour]))
    }
    for interlaced, more in itertools.product((False, True), ({}, HARMLESS, significant)):
        path = write_png(tmp_path / "a.png", samples, colour, bits, more | needed, interlaced)
        assert (decode([path]).pixels[0] == expected).all(), (interlaced, list(more))


@pytest.mark.parametrize(("colour", "bits"), [kind for kind in KINDS if kind[0] in (GREY, RGB, PALETTE)])
@pytest.mark.parametrize("interlaced", [False, True])
def test_the_transparent_colour_is_black(colour: int, bits: int, interlaced: bool, tmp_path: Path) -> None:
    samples = samples_of(colour, bits)
    chunks = {b"PLTE": palette_of(bits).tobytes()} if colour == PALETTE else {}
    if colour == PALETTE:
        table = np.random.default_rng(5).integers(0, 256, 2**bits).astype(np.uint8)
        chunks[b"tRNS"] = table.tobytes()
        alpha = table[samples[..., 0]] / 255.0
    else:
        chunks[b"tRNS"] = samples[0, 0].astype(">u2").tobytes()
        alpha = np.where((samples == samples[0, 0]).all(axis=-1), 0.0, 1.0)
    path = write_png(tmp_path / "a.png", samples, colour, bits, chunks, interlaced)
    assert (decode([path]).pixels[0] == seen(samples, colour, bits, alpha)).all()


@pytest.mark.parametrize(("colour", "bits"), KINDS)
@pytest.mark.parametrize("interlaced", [False, True])
def test_labels_are_the_numbers_of_the_file_or_refused(
    colour: int, bits: int, interlaced: bool, tmp_path: Path
) -> None:
    samples = samples_of(colour, bits)
    opaque = samples.copy()
    opaque[..., -1] = 2**bits - 1
    chunks = {b"PLTE": palette_of(bits).tobytes()} if colour == PALETTE else {}
    path = write_png(tmp_path / "a.png", samples, colour, bits, chunks, interlaced)
    if colour in (RGB, RGB_ALPHA):
        with pytest.raises(LabelMapError, match="colour image"):
            read_label_map(path)
        return
    if colour == GREY_ALPHA:
        with pytest.raises(LabelMapError, match="colour image"):
            read_label_map(path)
        path = write_png(path, opaque, colour, bits, chunks, interlaced)
    spread = 255 // (2**bits - 1) if colour == GREY and bits in (2, 4) else 1
    assert (read_label_map(path) == samples[..., 0] * spread).all()
    with_value = chunks | {b"tRNS": b"\0\1" if colour == GREY else b"\0"}
    if colour != GREY_ALPHA:  # a transparent label is a label
        path = write_png(path, samples, colour, bits, with_value, interlaced)
        assert (read_label_map(path) == samples[..., 0] * spread).all()


@pytest.mark.parametrize("greys", [[0, 0, 0, 0], [0, 255, 255, 10], [7, 7, 9, 9]])
def test_a_palette_that_shows_two_labels_alike_means_its_indices(greys: list[int], tmp_path: Path) -> None:
    samples = samples_of(PALETTE, 2)
    palette = np.repeat(np.array(greys, np.uint8), 3).tobytes()
    path = write_png(tmp_path / "a.png", samples, PALETTE, 2, {b"PLTE": palette})
    assert (read_label_map(path) == samples[..., 0]).all()
