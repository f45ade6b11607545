"""The examples: slices of the built-in phantom with known structures, and CT slices of pydicom's wheel."""

import base64
import io
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ctseg.datasets import DatasetError, open_split
from ctseg.leaderboard.boards import BOARDS
from ctseg.slices import CTSlice, SliceError, Stack, read_stack
from ctseg.slices.windowing import SOFT_TISSUE, to_uint8

THUMBNAIL_PX = 96
PHANTOMS = "Phantoms"
DIFFICULT = "Difficult files"
_thumbnails_lock = threading.Lock()


@dataclass(frozen=True, eq=False)
class Opened:
    """What an example gives: its slices, and the true label map (H, W) where it is known."""

    stack: Stack
    truth: NDArray[np.integer] | None = None


@dataclass(frozen=True)
class Example:
    """A button of the shelf: its name, the group it stands in, and how it is opened."""

    name: str
    group: str
    open: Callable[[], Opened]


def _phantom_dicom() -> Opened:
    from ctseg.datasets.phantom import phantom_slice, write_dicom

    phantom = phantom_slice(13, "abdomen")
    with tempfile.TemporaryDirectory(prefix="ctseg-example-") as folder:
        path = Path(folder) / "phantom"
        write_dicom(phantom, path)
        return Opened(read_stack(path), phantom.label_map)


def _phantom_png() -> Opened:
    from ctseg.datasets.phantom import phantom_slice
    from ctseg.datasets.phantom.dataset import ct_slice

    phantom = phantom_slice(12, "thorax")
    return Opened(_grey_stack(to_uint8(ct_slice(phantom), phantom.window)), phantom.label_map)


def _grey_stack(grey: NDArray[np.uint8]) -> Stack:
    return Stack(grey[np.newaxis], intensity="8-bit", spacing_mm=None, source="PNG")


def _pydicom_file(name: str) -> Opened:
    from pydicom.data import get_testdata_file

    path = get_testdata_file(name, download=False)
    if path is None:
        raise SliceError("This example is not installed; upload a file of your own.")
    return Opened(read_stack(Path(str(path))))


EXAMPLES = (
    Example("Abdomen, HU", PHANTOMS, _phantom_dicom),
    Example("Thorax, 8-bit", PHANTOMS, _phantom_png),
    Example("Chest", DIFFICULT, partial(_pydicom_file, "CT_small.dcm")),
    Example("Head 1", DIFFICULT, partial(_pydicom_file, "693_J2KI.dcm")),
    Example("Head 2", DIFFICULT, partial(_pydicom_file, "J2K_pixelrep_mismatch.dcm")),
)


def open_example(index: int) -> Opened:
    """Open one of `EXAMPLES`.

    Raises
    ------
    SliceError
        If there is no such example, or pydicom was installed without its files.
    """
    if not 0 <= index < len(EXAMPLES):
        raise SliceError("There is no such example; pick one of those shown.")
    return EXAMPLES[index].open()


def open_board_image(board: str, image: str) -> Opened:
    """Open an image of a board whose images may be shown, with its true label map where that may be too.

    Raises
    ------
    SliceError
        If there is no such board or image, or its images may not be shown.
    """
    if board not in BOARDS:
        raise SliceError("The link names no board; open an image from the Leaderboard page.")
    if not BOARDS[board].images_may_be_shown:
        raise SliceError("Images of this board may not be shown; upload the slice if you have it.")
    try:
        split = open_split(board)
    except DatasetError as error:
        raise SliceError(str(error)) from error
    if image not in split.images:
        raise SliceError("The link names no image of this board; open one from the Leaderboard page.")
    index = split.images.index(image)
    ct_slice = split.slice(index)
    true = split.label_map(index) if BOARDS[board].labels_may_be_shown else None
    return Opened(_grey_stack(to_uint8(ct_slice, SOFT_TISSUE)), true)


_pictures: dict[int, str] = {}


def shelf() -> list[dict[str, str]]:
    """Return every example's name, group and, once `draw_thumbnails` has made it, picture (a data URL)."""
    return [
        {"name": example.name, "group": example.group, "picture": _pictures.get(index, "")}
        for index, example in enumerate(EXAMPLES)
    ]


def draw_thumbnails() -> list[dict[str, str]]:
    """Decode what has no picture yet and return the shelf; an example that cannot be read keeps its name."""
    with _thumbnails_lock:
        for index in range(len(EXAMPLES)):
            if index not in _pictures:
                with suppress(SliceError):
                    stack = open_example(index).stack
                    _pictures[index] = _thumbnail(stack[stack.middle])
                    stack.free()
    return shelf()


def _thumbnail(ct_slice: CTSlice) -> str:
    picture = Image.fromarray(to_uint8(ct_slice, ct_slice.window or SOFT_TISSUE))
    picture.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
    data = io.BytesIO()
    picture.save(data, "PNG")
    return f"data:image/png;base64,{base64.b64encode(data.getvalue()).decode()}"
