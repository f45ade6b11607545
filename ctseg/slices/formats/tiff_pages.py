"""Which images a TIFF holds: pages, but no small copies nor masks of them, and images that have no page."""

import json
import re
from typing import Any

import numpy as np
import tifffile

from ctseg.slices.formats.tiff_page import page_samples

_NONE = 1
_RGB = 2
_SMALLER, _MASK = 1, 4
_IMAGEJ = re.compile(r"ImageJ=.*?^images=(\d{1,9})$", re.DOTALL | re.MULTILINE)
_IMAGEJ_SIGNED = re.compile(r"ImageJ=.*^c0=-32768(\.0*)?$\s*^c1=1(\.0*)?$", re.DOTALL | re.MULTILINE)
_MAX_DESCRIPTION = 65536


class _Further:
    """An image that follows that of a page without a page of its own."""

    def __init__(self, page: Any, shift: int) -> None:
        self._page = page
        self.dataoffsets = tuple(offset + shift for offset in page.dataoffsets)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._page, name)


class _Plane:
    """One of a page's separate planes as a grey image of its own."""

    samplesperpixel, planarconfig, photometric, extrasamples = 1, 1, 1, ()

    def __init__(self, page: Any, number: int) -> None:
        self._page = page
        segments = len(page.dataoffsets) // int(page.samplesperpixel)
        own = slice(number * segments, (number + 1) * segments)
        self.dataoffsets, self.databytecounts = page.dataoffsets[own], page.databytecounts[own]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._page, name)


def are_planes(images: list[Any]) -> bool:
    """Whether images are the planes of one page, a stack of three or four slices that tifffile saved so."""
    return isinstance(images[0], _Plane)


def without_copies(images: list[Any]) -> list[Any]:
    """Return the first of planes that are all alike, of grey that was saved as colour; else all images."""
    if not are_planes(images):
        return images
    first, *others = map(page_samples, images)
    return images[:1] if all(np.array_equal(first, each) for each in others) else images


def images_of(tiff: tifffile.TiffFile) -> list[Any]:
    """Return all images as pages that `tiff_page.page_samples` reads.

    Pages that are smaller versions of others or say where others are transparent (TIFF 6.0, tag 254, bits 0
    and 2), as GDAL writes them, are left out. ImageJ's files of
    several gigabytes, and tifffile's when told so, describe their first image alone, and its description says
    how many follow; they are believed where the file is long enough.

    Parameters
    ----------
    tiff : open file; how many pages it has was checked by the caller
    """
    pages: list[Any] = [page.aspage() for page in tiff.pages]
    whole = [page for page in pages if not page.subfiletype & _SMALLER and not is_mask(page)] or pages
    if len(pages) != 1:
        return whole
    page = pages[0]
    if _planes_are_slices(page):
        return [_Plane(page, number) for number in range(int(page.samplesperpixel))]
    size = sum(page.databytecounts)
    count = _told(_description(page))
    plain = int(page.compression) == _NONE and not page.is_tiled and size > 0
    if count < 2 or not plain or page.dataoffsets[0] + count * size > tiff.filehandle.size:
        return whole
    return [page, *(_Further(page, number * size) for number in range(1, count))]


def is_mask(page: Any) -> bool:
    """Whether a page says where another is transparent, and is no image."""
    return bool(page.subfiletype & _MASK)


def signed_by_imagej(page: Any) -> bool:
    """Whether ImageJ stored signed numbers 32768 too high, which its description tells."""
    return bool(_IMAGEJ_SIGNED.match(_description(page)))


def _planes_are_slices(page: Any) -> bool:
    """Whether a page in colour is a stack for whose shape tifffile took it for colour.

    Its description gives the shape of the array that was saved: planes come first in it.
    """
    planes = int(page.samplesperpixel)
    shape = [planes, int(page.imagelength), int(page.imagewidth)]
    separate = int(page.planarconfig) == 2 and int(page.photometric) == _RGB and planes in (3, 4)
    return separate and _described(_description(page)).get("shape") == shape


def _description(page: Any) -> str:
    return str(page.description or "")[:_MAX_DESCRIPTION]


def _told(description: str) -> int:
    found = _IMAGEJ.match(description)
    if found:
        return int(found[1])
    told = _described(description)
    try:
        return int(told["shape"][0]) if told.get("truncated") and len(told["shape"]) == 3 else 1
    except (ValueError, KeyError, TypeError, IndexError):
        return 1


def _described(description: str) -> dict[str, Any]:
    """What tifffile says of the array that it saved; nothing where another program wrote the file."""
    if not description.startswith("{"):
        return {}
    try:
        told = json.loads(description)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}
