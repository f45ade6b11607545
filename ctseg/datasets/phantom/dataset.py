"""The split ``phantom-val``: 60 slices that anyone can make anew, and their committed fingerprints."""

import hashlib
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ctseg.datasets.phantom.cache import load_or_make
from ctseg.datasets.phantom.scene import PhantomSlice, Region, phantom_slice
from ctseg.datasets.split import DatasetError, Split
from ctseg.slices.ct_slice import CTSlice
from ctseg.slices.windowing import to_uint8

VAL_SLICES = 60
VAL_FIRST_SEED = 1_000_000
"""Seeds from here on belong to validation; training must take smaller ones."""

REGIONS: tuple[Region, ...] = ("abdomen", "thorax", "abdomen", "thorax", "abdomen")

LABELS_FINGERPRINT = "28e0d4aa5a94a71f8404a780895e228a99a66d41fb591b04c3174343ba63d9dc"
"""What ``PhantomVal().fingerprint()`` returns everywhere."""

IMAGES_FINGERPRINT = "9864103f74b2539e0232882edaa5ac254723565efcd34d4e2604245bacf33c1f"
"""What ``images_fingerprint`` returns for its slices everywhere."""

CACHE_NAME = f"phantom-val-{IMAGES_FINGERPRINT[:16]}"


def val_slice(index: int) -> PhantomSlice:
    """Make slice ``index`` of the validation split; three of five are abdominal."""
    return phantom_slice(VAL_FIRST_SEED + index, REGIONS[index % len(REGIONS)])


class PhantomVal(Split):
    """The validation split of the phantom; every slice is a patient of its own.

    The slices are made (about 15 s) or read from the cache when the first of them is asked for.

    Parameters
    ----------
    slices : slices that were made already, or None
    """

    name = "phantom-val"

    def __init__(self, slices: Sequence[PhantomSlice] | None = None) -> None:
        self._made = slices
        self.images = tuple(f"{index}.png" for index in range(VAL_SLICES))
        self.patients = tuple(f"phantom {index}" for index in range(VAL_SLICES))

    @cached_property
    def _slices(self) -> Sequence[PhantomSlice]:
        if self._made is not None:
            return self._made
        return load_or_make(CACHE_NAME, IMAGES_FINGERPRINT, _make, images_fingerprint)

    def phantom(self, index: int) -> PhantomSlice:
        """Return slice ``index`` with its label map and the names of its structures."""
        return self._slices[index]

    def slice(self, index: int) -> CTSlice:
        """Return slice ``index`` in its own window: uint8, as the images of the challenge are."""
        phantom = self.phantom(index)
        pixels = to_uint8(self.hu_slice(index), phantom.window)
        return CTSlice(pixels, "8-bit", phantom.spacing_mm, "phantom")

    def hu_slice(self, index: int) -> CTSlice:
        """Return slice ``index`` in HU, float32."""
        return ct_slice(self.phantom(index))

    def label_map(self, index: int) -> NDArray[np.integer]:
        """Return the true label map of slice ``index``, uint8, shape (512, 512)."""
        return self.phantom(index).label_map


def phantom_val() -> PhantomVal:
    """Return the split ``phantom-val``."""
    return PhantomVal()


def ct_slice(phantom: PhantomSlice) -> CTSlice:
    """Return a phantom slice as a slice in HU with its window, as if read from a file."""
    pixels = phantom.hounsfield.astype(np.float32)
    return CTSlice(pixels, "HU", phantom.spacing_mm, "phantom", phantom.window)


def images_fingerprint(slices: Sequence[PhantomSlice]) -> str:
    """Return the sha256 over HU, 8-bit pixels, label maps and names of slices in order, in hexadecimal."""
    digest = hashlib.sha256()
    for phantom in slices:
        digest.update(phantom.hounsfield.astype("<i2").tobytes())
        digest.update(to_uint8(ct_slice(phantom), phantom.window).tobytes())
        digest.update(phantom.label_map.tobytes())
        facts = (
            sorted(phantom.names.items()),
            phantom.spacing_mm,
            phantom.window.width,
            phantom.window.level,
        )
        digest.update(repr(facts).encode())
    return digest.hexdigest()


def _make() -> list[PhantomSlice]:
    slices = [val_slice(index) for index in range(VAL_SLICES)]
    if images_fingerprint(slices) != IMAGES_FINGERPRINT:
        raise DatasetError(
            "The phantom came out differently from the published one on this machine; "
            "please report its processor and the versions of Python and numpy."
        )
    return slices
