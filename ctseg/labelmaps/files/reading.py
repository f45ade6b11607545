"""Any label map file to an array; the format is known by content, and sizes are checked before decoding."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ctseg.errors import UserError
from ctseg.labelmaps.checks import as_labels
from ctseg.labelmaps.errors import LabelMapError
from ctseg.labelmaps.files.volumes import read_volume
from ctseg.slices.formats.png_jpeg import PNG_CHANNELS, bits_and_colour, orientation_of, png_samples
from ctseg.slices.geometry import Geometry, upright
from ctseg.slices.laying import lay_on
from ctseg.slices.limits import check_size, check_stack
from ctseg.slices.sniff import NAMES, VOXELS, sniff

_READ_HERE = "give a grey or palette PNG, a TIFF, or a NIfTI, MetaImage, NRRD or NumPy file of one slice"
_COLOURED = (
    "This file is a colour image, in which labels cannot be told; save the label map as grey or palette."
)
_SEVERAL = "This file holds {} images; save the one that belongs to the slice."
# By photometric interpretation: grey, colour and palette, with alpha and without.
_TIFF_CHANNELS = {0: (1, 2), 1: (1, 2), 2: (3, 4), 3: (1,)}
_ORIENTATION_TAG = 274

Numbers = NDArray[np.generic]


@dataclass(frozen=True, eq=False)
class PlacedLabelMap:
    """A label map as a file holds it.

    Attributes
    ----------
    label_map : ndarray of integers, shape (H, W), non-negative
    geometry : where its pixels lie
    format : "PNG", "TIFF", "NIfTI", "MetaImage", "NRRD", "NumPy", "ZIP" or "DICOM"
    note : a sentence on what of the file could not be used, or on an unknown place, or None
    """

    label_map: NDArray[np.integer]
    geometry: Geometry
    format: str
    note: str | None = None


def read_label_map(path: str | PathLike[str]) -> NDArray[np.integer]:
    """Read a label map file: grey (8, 16 bit) or palette PNG, TIFF, or voxels of one slice.

    Voxels are those of NIfTI, MetaImage, NRRD and NumPy files, or of a DICOM segmentation of one slice.

    Returns
    -------
    ndarray of integers, shape (H, W), non-negative, rows from the top as stored, turned by an orientation
    tag; the file's own integer type, int32 where the file holds whole numbers as floats. A palette's label is
    its index, not its colour; its grey value where all colours in use are grey, as in grey files that were
    optimised to a palette. So is that of a grey image saved in colour, as programs for pictures do. Voxels
    have their columns along the first axis, their rows along the second, of the two that are not the one of
    length 1.

    Raises
    ------
    LabelMapError
        If the file is not one of these, is a colour image, holds several images, fractions or negative
        numbers, is larger than 4096x4096, or is damaged.
    """
    return read_placed_label_map(path).label_map


def read_placed_label_map(path: str | PathLike[str], on: Geometry | None = None) -> PlacedLabelMap:
    """Read a label map as `read_label_map` does, with its place; for bytes of any origin.

    Parameters
    ----------
    path : the file
    on : where an image lies; the label map is turned to lie on it pixel by pixel, and of a volume, a DICOM
        segmentation or structure set the slice at its place is taken

    Raises
    ------
    LabelMapError
        As in `read_label_map`, or if it does not lie where ``on`` does.
    MemoryError
        If memory is limited, as in the process that decodes uploads, and does not suffice; nothing else.
    """
    try:
        with Path(path).open("rb") as file:
            numbers, geometry, kind, note = _decode(file, on)
        labels = as_labels(numbers)
        if on is not None:
            laid, unknown = lay_on(labels, geometry, on)
            labels, geometry = np.ascontiguousarray(laid), on
            note = " ".join(filter(None, (note, unknown))) or None
    except (LabelMapError, MemoryError):
        raise
    except UserError as error:
        raise LabelMapError(str(error)) from error
    except FileNotFoundError as error:
        raise LabelMapError(f"There is no file {Path(path).name}; check its name.") from error
    except Exception as error:  # decoders raise anything on damaged files
        raise LabelMapError("This label map file is damaged or incomplete; export it again.") from error
    return PlacedLabelMap(labels, geometry, NAMES[kind], note)


def decode_label_map(path: str | PathLike[str], on: str = "") -> tuple[NDArray[np.integer], dict[str, Any]]:
    """Read a label map as `read_placed_label_map` does, as `ctseg.sandbox.runner.run_decoder` wants it.

    Parameters
    ----------
    path : the file
    on : JSON of a geometry's `Geometry.facts` with its ``shape``, or ""

    Returns
    -------
    label_map : ndarray of integers, shape (H, W)
    facts : plain values only: ``format``, ``note`` and those of `Geometry.facts`

    Raises
    ------
    LabelMapError
    """
    wanted = json.loads(on) if on else None
    placed = read_placed_label_map(
        path, None if wanted is None else Geometry.from_facts(tuple(wanted["shape"]), wanted)
    )
    return placed.label_map, {"format": placed.format, "note": placed.note, **placed.geometry.facts()}


def _decode(file: BinaryIO, on: Geometry | None) -> tuple[Numbers, Geometry, str, str | None]:
    sniffed = sniff(file)
    kind = sniffed.kind
    if not file.read(1):
        raise LabelMapError("This file is empty; export it again.")
    file.seek(0)
    if kind in _IMAGES:
        numbers = _IMAGES[kind](file)
        return numbers, Geometry((numbers.shape[0], numbers.shape[1])), kind, None
    if kind in VOXELS or kind == "zip":
        numbers, geometry, notes = read_volume(file, kind, on)
        return numbers, geometry, kind, " ".join(notes) or None
    if kind == "dicom":
        from ctseg.labelmaps.files.dicom_truth import read_truth

        numbers, geometry, notes = read_truth(file, on)
        return numbers, geometry, kind, " ".join(notes) or None
    if kind == "jpeg":
        raise LabelMapError(f"This file is a JPEG, whose compression changes labels; {_READ_HERE}.")
    raise LabelMapError(f"This file is {sniffed.noun}, not a label map that can be read; {_READ_HERE}.")


def _decode_png(file: BinaryIO) -> Numbers:
    start = file.read(24)
    file.seek(0)
    # Pillow refuses huge images with a sentence of its own before it tells their size.
    check_size(int.from_bytes(start[20:24], "big"), int.from_bytes(start[16:20], "big"))
    return decode_png(file)


def decode_png(file: BinaryIO) -> NDArray[np.generic]:
    """Read an open grey or palette PNG, whose size the caller has checked: uint8, uint16 or bool, (H, W).

    Raises
    ------
    LabelMapError
        If it is a colour image or holds several images; Pillow's errors for damaged files pass.
    """
    with Image.open(file, formats=["PNG"]) as image:
        in_channels = bits_and_colour(file)[1] in PNG_CHANNELS
        if image.mode not in ("1", "L", "P", "I;16", "I") and not in_channels:
            raise LabelMapError(_COLOURED)
        images = getattr(image, "n_frames", 1)
        if images > 1:
            raise LabelMapError(_SEVERAL.format(images))
        read = _palette_labels if image.mode == "P" else np.asarray
        samples = _grey_of(png_samples(file, image)) if in_channels else read(image)
        samples = upright(samples, orientation_of(image))
        # Pillow widens 16-bit grey in some modes; no PNG holds more.
        return samples.astype(np.uint16) if samples.dtype.itemsize > 2 else samples


def _grey_of(samples: NDArray[np.generic]) -> NDArray[np.generic]:
    """Labels of a grey image that a program for pictures saved with alpha, or in colour, or both.

    Only where that says nothing: all of it is opaque, its colours are alike, and it is not black alone.
    """
    *colours, last = np.moveaxis(samples, -1, 0)
    if samples.shape[-1] in (2, 4):
        if int(last.min()) < 256**samples.itemsize - 1:
            raise LabelMapError(_COLOURED)
    else:
        colours.append(last)
    if len(colours) > 1 and not (colours[0].any() and all((each == colours[0]).all() for each in colours)):
        raise LabelMapError(_COLOURED)
    return np.asarray(colours[0])


def _palette_labels(image: Image.Image) -> NDArray[np.generic]:
    """Labels of a palette image: its indices, or its grey values where all colours in use are grey.

    Programs that make PNG smaller turn a grey label map of few labels into a palette of greys in any order:
    its background, black, need not be index 0. A palette with a colour in it was made for label maps, and so
    was one that shows two of its indices alike.
    """
    indices = np.asarray(image)
    colours = np.array(image.getpalette("RGB"), np.uint8).reshape(-1, 3)
    used = np.unique(indices)
    shown = colours[used[used < len(colours)]]
    greys = bool((shown == shown[:, :1]).all())
    if len(shown) < len(used) or not greys or len(np.unique(shown[:, 0])) < len(used):
        return indices
    values = np.zeros(256, np.uint8)
    values[: len(colours)] = colours[:, 0]
    return np.asarray(values[indices])


def _decode_tiff(file: BinaryIO) -> NDArray[np.generic]:
    import tifffile

    from ctseg.slices.formats.tiff_page import page_samples
    from ctseg.slices.formats.tiff_pages import images_of, signed_by_imagej, without_copies

    with tifffile.TiffFile(file) as tiff:
        check_stack(len(tiff.pages), 1, 1, 1)
        images = images_of(tiff)
        check_size(images[0].imagelength, images[0].imagewidth)
        images = without_copies(images)
        if len(images) != 1:
            raise LabelMapError(_SEVERAL.format(len(images)))
        page = cast("tifffile.TiffPage", images[0])
        channels = _TIFF_CHANNELS.get(int(page.photometric), ())
        whole = page.dtype is not None and page.dtype.kind == "u"
        if page.samplesperpixel not in channels or (page.samplesperpixel > 1 and not whole):
            raise LabelMapError(_COLOURED)
        samples = page_samples(page) if page.samplesperpixel == 1 else _grey_of(page_samples(page))
        samples = upright(samples, int(page.tags.valueof(_ORIENTATION_TAG, default=1)))
        return samples.astype(np.int32) - 32768 if signed_by_imagej(page) else samples


_IMAGES: dict[str, Callable[[BinaryIO], Numbers]] = {"png": _decode_png, "tiff": _decode_tiff}
