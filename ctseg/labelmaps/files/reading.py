"""Any label map file to an array; the format is known by content, and sizes are checked before decoding."""

import gzip
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

from ctseg.labelmaps.files.nifti import decode_nifti
from ctseg.slices.ct_slice import SliceError
from ctseg.slices.formats.tiff_page import page_samples
from ctseg.slices.limits import check_size

_READ_HERE = "give a grey or palette PNG, a TIFF, or a NIfTI file of one slice"
_COLOURED = (
    "This file is a colour picture, in which labels cannot be told; save the label map as grey or palette."
)
_SEVERAL = "This file holds {} pictures; save the one that belongs to the slice."
_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_TIFF_GREY_OR_PALETTE = (0, 1, 3)
_PLACELESS = {"spacing_mm": None, "affine": None}


def read_label_map(path: str | PathLike[str]) -> NDArray[np.integer]:
    """Read a label map file: grey (8, 16 bit) or palette PNG, TIFF, or NIfTI of one slice.

    Returns
    -------
    ndarray of integers, shape (H, W), non-negative, rows from the top as stored; the file's own integer type,
    int32 where the file holds whole numbers as floats. A palette's label is its index, not its colour;
    its grey value where all colours in use are grey, as in grey files that were optimised to a palette.

    Raises
    ------
    SliceError
        If the file is not one of these, is a colour picture, holds several pictures, fractions or negative
        numbers, is larger than 4096x4096, or is damaged.
    """
    return decode_label_map(path)[0]


def decode_label_map(path: str | PathLike[str]) -> tuple[NDArray[np.integer], dict[str, Any]]:
    """Read a label map as `read_label_map` does, with what the file says about it; for bytes of any origin.

    Returns
    -------
    label_map : ndarray of integers, shape (H, W)
    facts : plain values only: ``format`` ("PNG", "TIFF" or "NIfTI"), ``spacing_mm`` ([row, column] in mm, or
        None) and ``affine`` (4 lists of 4 numbers that map (row, column, 0) to RAS+ mm, or None)

    Raises
    ------
    SliceError
        As in `read_label_map`.
    MemoryError
        If memory is limited, as in the process that decodes uploads, and does not suffice; nothing else.
    """
    try:
        with Path(path).open("rb") as file:
            numbers, facts = _decode(file)
            return _as_labels(numbers), facts
    except (SliceError, MemoryError):
        raise
    except FileNotFoundError as error:
        raise SliceError(f"There is no file {Path(path).name}; check its name.") from error
    except Exception as error:  # decoders raise anything on damaged files
        raise SliceError("This label map file is damaged or incomplete; export it again.") from error


def _decode(file: BinaryIO) -> tuple[NDArray[np.generic], dict[str, Any]]:
    start = file.read(352)
    file.seek(0)
    if not start:
        raise SliceError("This file is empty; export it again.")
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        # Pillow refuses huge pictures with a sentence of its own before it tells their size.
        check_size(int.from_bytes(start[20:24], "big"), int.from_bytes(start[16:20], "big"))
        return decode_png(file), {"format": "PNG", **_PLACELESS}
    # Before TIFF: the free bytes at the start of a DICOM file may be a TIFF header.
    if start[128:132] == b"DICM":
        raise SliceError(f"This file is DICOM, which is read as a slice, not as a label map; {_READ_HERE}.")
    if start.startswith(_TIFF_STARTS):
        return _decode_tiff(file), {"format": "TIFF", **_PLACELESS}
    if start.startswith(b"\x1f\x8b"):
        file = cast("BinaryIO", gzip.GzipFile(fileobj=file))
        start = file.read(352)
        file.seek(0)
    if start[344:347] in (b"n+1", b"ni1") or start[4:7] in (b"n+2", b"ni2"):
        numbers, place = decode_nifti(file)
        return numbers, {"format": "NIfTI", **place}
    if start.startswith(b"\xff\xd8\xff"):
        raise SliceError(f"This file is a JPEG, whose compression changes labels; {_READ_HERE}.")
    raise SliceError(f"This file is not a label map that can be read; {_READ_HERE}.")


def decode_png(file: BinaryIO) -> NDArray[np.generic]:
    """Read an open grey or palette PNG, whose size the caller has checked: uint8, uint16 or bool, (H, W).

    Raises
    ------
    SliceError
        If it is a colour picture or holds several pictures; Pillow's errors for damaged files pass.
    """
    with Image.open(file, formats=["PNG"]) as picture:
        if picture.mode not in ("1", "L", "P", "I;16", "I"):
            raise SliceError(_COLOURED)
        pictures = getattr(picture, "n_frames", 1)
        if pictures > 1:
            raise SliceError(_SEVERAL.format(pictures))
        samples = _palette_labels(picture) if picture.mode == "P" else np.asarray(picture)
        # Pillow widens 16-bit grey in some modes; no PNG holds more.
        return samples.astype(np.uint16) if samples.dtype.itemsize > 2 else samples


def _palette_labels(picture: Image.Image) -> NDArray[np.generic]:
    """Labels of a palette picture: its indices, or its grey values where all colours in use are grey.

    Programs that make PNG smaller turn a grey label map of few labels into a palette of greys in any order:
    its background, black, need not be index 0. A palette with a colour in it was made for label maps.
    """
    indices = np.asarray(picture)
    colours = np.array(picture.getpalette("RGB"), np.uint8).reshape(-1, 3)
    used = np.unique(indices)
    shown = colours[used[used < len(colours)]]
    if len(shown) < len(used) or (shown != shown[:, :1]).any():
        return indices
    greys = np.zeros(256, np.uint8)
    greys[: len(colours)] = colours[:, 0]
    return np.asarray(greys[indices])


def _decode_tiff(file: BinaryIO) -> NDArray[np.generic]:
    with tifffile.TiffFile(file) as tiff:
        if len(tiff.pages) != 1:
            raise SliceError(_SEVERAL.format(len(tiff.pages)))
        page = cast("tifffile.TiffPage", tiff.pages[0])
        check_size(page.imagelength, page.imagewidth)
        if page.samplesperpixel != 1 or int(page.photometric) not in _TIFF_GREY_OR_PALETTE:
            raise SliceError(_COLOURED)
        return page_samples(page)


def _as_labels(numbers: NDArray[np.generic]) -> NDArray[np.integer]:
    """Turn what a file holds into labels: bool to uint8, whole floats to int32."""
    if numbers.ndim != 2 or not numbers.size:
        raise SliceError(f"This file is not a label map of one slice; {_READ_HERE}.")
    if numbers.dtype.kind not in "biuf":
        raise SliceError(f"This file holds {numbers.dtype} values; save the label map as integers.")
    if numbers.dtype.kind == "f" and not (
        np.isfinite(numbers).all() and (numbers == np.floor(numbers)).all()
    ):
        raise SliceError("This file holds fractions, so it is no label map; save the labels as integers.")
    if numbers.dtype.kind in "if" and numbers.min() < 0:
        raise SliceError("This label map has negative labels; use 0 for background and numbers above it.")
    if numbers.dtype.kind == "f" and numbers.max() > np.iinfo(np.int32).max:
        raise SliceError("This label map has labels above 2147483647; renumber them.")
    dtype: np.dtype[Any] = numbers.dtype.newbyteorder("=")
    if numbers.dtype.kind in "bf":
        dtype = np.dtype(np.uint8 if numbers.dtype.kind == "b" else np.int32)
    return np.ascontiguousarray(numbers, dtype=dtype)
