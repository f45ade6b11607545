"""Small slices and stacks for the tests of the Compare page."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.data import get_testdata_file

from ctseg.slices import CTSlice, Stack, Window
from ctseg.ui.compare.frames import unframe

HEAD = Path(str(get_testdata_file("CT_small.dcm", download=False)))


def slice_of(pixels: NDArray[Any], **facts: Any) -> CTSlice:
    """A slice of these pixels: 8-bit if they are uint8, else HU."""
    intensity = "8-bit" if pixels.dtype == np.uint8 else "HU"
    given_facts = {"spacing_mm": None, "source": "test"} | facts
    return CTSlice(pixels=pixels, intensity=intensity, **given_facts)


def stack_of(slices: int = 1) -> Stack:
    """Slices with two bright blocks each."""
    pixels = np.zeros((slices, 24, 32), np.int16)
    pixels[:, 4:20, 4:12] = 100
    pixels[:, 4:20, 18:28] = 300
    return Stack(pixels, "HU", (0.5, 0.5), "DICOM", Window(400, 40))


def heads(frames: Iterable[bytes]) -> list[dict[str, Any]]:
    """The messages of frames."""
    return [unframe(packed)[0] for packed in frames]


def split(frames: bytes) -> list[bytes]:
    """Frames that came as one answer, apart."""
    apart = []
    while frames:
        size = 8 + sum(np.frombuffer(frames[:8], "<u4").tolist())
        apart.append(frames[:size])
        frames = frames[size:]
    return apart
