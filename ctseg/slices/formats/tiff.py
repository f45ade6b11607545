"""TIFF files of one or more pages: grey levels of unknown window."""

from typing import Any, BinaryIO

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from ctseg.slices.ct_slice import SliceError
from ctseg.slices.formats.png_jpeg import samples_of
from ctseg.slices.formats.tiff_page import FAX, compression_name, page_samples
from ctseg.slices.formats.tiff_pages import are_planes, images_of, is_mask, without_copies
from ctseg.slices.geometry import upright
from ctseg.slices.grey import to_8_bit, to_grey
from ctseg.slices.limits import check_stack
from ctseg.slices.stack import Stack

_ORIENTATION_TAG, _PHOTOMETRIC_TAG = 274, 262
_LEFT_OUT = "Pages of another {} were left out."
_MASKED = "This TIFF's mask of transparent pixels was not applied."
_PLANES = "This TIFF calls itself coloured; its planes are read as slices, as tifffile saves so few of them."
_WHITE_IS_ZERO, _RGB, _PALETTE = 0, 2, 3
_GREY = (0, 1)
# Codecs of pixels, not of bytes: Pillow decodes them, of 8 bits a sample only.
_JPEG = (6, 7)
_PILLOW_READS = (1, 2, 3, 4, 5, *_JPEG, 8, 32946, 32773)


def read_tiff(file: BinaryIO) -> Stack:
    """Read a TIFF; all pages of the first page's size become one stack.

    8 bits stay as they are; anything else is mapped to 8 bits by minimum and maximum over all pages, so that
    the slices of a volume stay comparable.

    Raises
    ------
    SliceError
        If the image is too large, of complex numbers, or compressed in a way not read here.
    """
    with tifffile.TiffFile(file) as tiff:
        pages, notes = _same_pages(tiff)
        first = pages[0]
        height, width = int(first.imagelength), int(first.imagewidth)
        check_stack(
            len(pages), height, width, max(1, int(first.bitspersample) // 8) * int(first.samplesperpixel)
        )
        if first.dtype is None or first.dtype.kind not in "buif":
            raise SliceError("This TIFF holds numbers of an unusual kind; save it as 8-bit or 16-bit grey.")
        if first.imagedepth != 1:
            raise SliceError(
                "This TIFF holds a tiled volume; save its slices as pages of 8-bit or 16-bit grey."
            )
        pages = without_copies(pages)
        if len(pages) > 1 and are_planes(pages):
            notes = (*notes, _PLANES)
        slices = [_read_page(page, file) for page in pages]
    return Stack(to_8_bit(np.stack(slices)), "8-bit", None, "TIFF", notes=notes)


def _same_pages(tiff: tifffile.TiffFile) -> tuple[list[Any], tuple[str, ...]]:
    """Images of the first one's size and kind, and notes where there is something else."""
    if len(tiff.pages) == 0:
        raise SliceError("This TIFF holds no image; export it again.")
    check_stack(len(tiff.pages), 1, 1, 1)
    images = images_of(tiff)
    check_stack(len(images), 1, 1, 1)
    facts = ("imagelength", "imagewidth", "dtype", "samplesperpixel", "photometric")
    wanted = [getattr(images[0], fact) for fact in facts]
    same = [image for image in images if [getattr(image, fact) for fact in facts] == wanted]
    pages: list[Any] = [page.aspage() for page in tiff.pages]
    masks = sum(map(is_mask, pages))
    notes = [_MASKED] if masks else []
    if len(same) < max(len(pages) - masks, len(images)):
        sizes = {(page.imagelength, page.imagewidth) for page in pages if not is_mask(page)}
        notes.append(_LEFT_OUT.format("size" if len(sizes) > 1 else "kind"))
    return same, tuple(notes)


def _read_page(page: Any, file: BinaryIO) -> NDArray[np.generic]:
    grey = to_grey(_page_samples(page, file))
    orientation = page.tags.get(_ORIENTATION_TAG)
    return upright(grey, int(orientation.value) if orientation else 1)


def _page_samples(page: Any, file: BinaryIO) -> NDArray[np.generic]:
    """Samples of one page, shape (H, W) or (H, W, C), black where the smallest value is."""
    if int(page.photometric) not in (*_GREY, _RGB, _PALETTE) or int(page.compression) in _JPEG:
        return _read_with_libtiff(page, file)
    samples: Any = page_samples(page)
    if page.photometric == _PALETTE:
        samples = to_8_bit_colours(page.colormap)[samples]
    elif _white_is_zero(page) and samples.ndim > 2:  # alpha is alpha in either
        samples = np.dstack([_inverted(samples[..., 0], page), samples[..., 1:]])
    elif _white_is_zero(page):
        samples = _inverted(samples, page)
    elif samples.dtype == np.uint8 and page.bitspersample < 8:
        samples = samples * np.uint8(255 // (2**page.bitspersample - 1))
    return _with_known_channels(samples, page)


def _white_is_zero(page: Any) -> bool:
    """As told; where nothing is told, fax alone is white at zero, as in libtiff."""
    told = _PHOTOMETRIC_TAG in page.tags or int(page.compression) in FAX
    return told and int(page.photometric) == _WHITE_IS_ZERO


def to_8_bit_colours(colormap: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """TIFF colour map, shape (3, 2**bits) of uint16, as (2**bits, 3) of uint8."""
    # Old writers give 8-bit colours where the standard has 16 bits; libtiff looks at the largest, too.
    bits = 8 if colormap.max(initial=0) > 255 else 0
    return np.ascontiguousarray((colormap >> bits).astype(np.uint8).T)


def _inverted(samples: NDArray[np.generic], page: Any) -> NDArray[np.generic]:
    if samples.dtype == np.bool_:
        return np.logical_not(samples)
    if samples.dtype.kind in "ui" and page.bitspersample < 8:
        highest = 2**page.bitspersample - 1
        return ((highest - samples) * np.uint8(255 // highest)).astype(np.uint8)
    if samples.dtype.kind == "u":
        return np.invert(np.asarray(samples, samples.dtype))
    return -samples.astype(np.float64)


def _with_known_channels(samples: NDArray[np.generic], page: Any) -> NDArray[np.generic]:
    """Drop extra channels that are not alpha; squeeze a channel axis of one."""
    if samples.ndim == 2:
        return samples
    colours = 1 if int(page.photometric) in _GREY else 3
    alpha = 1 if page.extrasamples and int(page.extrasamples[0]) in (1, 2) else 0
    return samples[..., : min(samples.shape[-1], colours + alpha)]


def _read_with_libtiff(page: Any, file: BinaryIO) -> NDArray[np.generic]:
    if int(page.compression) not in _PILLOW_READS:
        raise SliceError(
            f"This TIFF is compressed as {compression_name(page)}, which is not read here; save it without "
            "compression, or with LZW or deflate."
        )
    if int(page.compression) in _JPEG and page.bitspersample != 8:
        raise SliceError(
            f"This TIFF is compressed as JPEG of {page.bitspersample} bits, of which only 8 are read here; "
            "save it without compression, or with LZW or deflate."
        )
    wide = page.bitspersample > 8 and page.samplesperpixel > 1
    try:
        return _read_with_opencv(page, file) if wide else _read_with_pillow(page, file)
    except UnidentifiedImageError as error:  # the file is whole: tifffile found its way through it
        raise SliceError(
            f"This TIFF's pixels are of a kind not read here (photometric interpretation "
            f"{int(page.photometric)}); save it as 8-bit or 16-bit grey."
        ) from error


def _read_with_pillow(page: Any, file: BinaryIO) -> NDArray[np.generic]:
    file.seek(0)
    with Image.open(file, formats=["TIFF"]) as image:
        image.seek(page.index)
        if image.size != (page.imagewidth, page.imagelength):
            raise SliceError("This TIFF is damaged: its pages contradict each other; export it again.")
        # Pillow would turn the image by its orientation tag while loading; `upright` does it for all.
        image.tag_v2.pop(_ORIENTATION_TAG, None)  # type: ignore[attr-defined]
        return samples_of(image)


def _read_with_opencv(page: Any, file: BinaryIO) -> NDArray[np.generic]:
    """16-bit colour, of which Pillow would keep the upper byte only."""
    import cv2

    file.seek(0)
    read, pages = cv2.imdecodemulti(
        np.frombuffer(file.read(), np.uint8), cv2.IMREAD_UNCHANGED, range=(page.index, page.index + 1)
    )
    if not read or pages[0].shape[:2] != (page.imagelength, page.imagewidth):
        raise SliceError("This TIFF is compressed in a way not read here; save it without compression.")
    samples = pages[0]
    if samples.ndim == 3:
        samples = samples[..., [2, 1, 0, *range(3, samples.shape[2])]]
    return np.asarray(samples)
