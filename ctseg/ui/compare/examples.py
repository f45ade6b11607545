"""The examples: real volumes, phantoms with known structures, and CT slices of pydicom's wheel."""

import base64
import io
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ctseg.datasets import DatasetError, open_split
from ctseg.datasets.examples import ABDOMEN, TOTALSEGMENTATOR, ExampleVolume
from ctseg.leaderboard.boards import BOARDS
from ctseg.slices import SliceError, Stack, read_stack
from ctseg.slices.windowing import SOFT_TISSUE, to_uint8

THUMBNAIL_PX = 128
REAL, PHANTOMS, DIFFICULT = "Real CT", "Phantoms, truth known", "Difficult files"
KNOWN = "The true structures are known here: methods are scored."


@dataclass(frozen=True, eq=False)
class Opened:
    """What an example gives.

    Attributes
    ----------
    stack : its slices; whoever frees it takes a copy first, the pixels are shared by all visitors
    truths : true label maps, shape (N, H, W), where they are known
    start : index of the slice to show first, the middle one if None
    remark : what to know before judging a result on it
    credit : whom its licence asks to name, with the licence
    """

    stack: Stack
    truths: NDArray[np.integer] | None = None
    start: int | None = None
    remark: str = ""
    credit: str = ""


@dataclass(frozen=True)
class Example:
    """A button of the shelf: its name, the group it stands in, and how it is opened."""

    name: str
    group: str
    open: Callable[[], Opened]


def credit(volume: ExampleVolume) -> str:
    """Return whom a volume's licence asks to name, with the licence."""
    return f"{volume.attribution} ({volume.licence})"


def _volume(volume: ExampleVolume) -> Opened:
    return Opened(volume.stack(), volume.structures(), volume.start, volume.remark, credit(volume))


def _phantom_dicom() -> Opened:
    from ctseg.datasets.phantom import phantom_slice, write_dicom

    phantom = phantom_slice(13, "abdomen")
    with tempfile.TemporaryDirectory(prefix="ctseg-example-") as folder:
        path = Path(folder) / "phantom"
        write_dicom(phantom, path)
        return Opened(read_stack(path), phantom.label_map[np.newaxis], remark=KNOWN)


def _phantom_png() -> Opened:
    from ctseg.datasets.phantom import phantom_slice
    from ctseg.datasets.phantom.dataset import ct_slice

    phantom = phantom_slice(12, "thorax")
    stack = _grey_stack(to_uint8(ct_slice(phantom), phantom.window))
    return Opened(stack, phantom.label_map[np.newaxis], remark=KNOWN)


def _grey_stack(grey: NDArray[np.uint8]) -> Stack:
    return Stack(grey[np.newaxis], intensity="8-bit", spacing_mm=None, source="PNG")


def _pydicom_file(name: str) -> Opened:
    from pydicom import data

    path = data.get_testdata_file(name, download=False)
    if path is None:
        raise SliceError("This example is not installed; upload a file of your own.")
    return Opened(read_stack(Path(str(path))))


EXAMPLES = (
    Example("Abdomen, 41 slices", REAL, partial(_volume, ABDOMEN)),
    Example("Trunk, truth by a model", REAL, partial(_volume, TOTALSEGMENTATOR)),
    Example("Abdomen, HU", PHANTOMS, _phantom_dicom),
    Example("Thorax, 8-bit", PHANTOMS, _phantom_png),
    Example("Chest", DIFFICULT, partial(_pydicom_file, "CT_small.dcm")),
    Example("Head 1", DIFFICULT, partial(_pydicom_file, "693_J2KI.dcm")),
    Example("Head 2", DIFFICULT, partial(_pydicom_file, "J2K_pixelrep_mismatch.dcm")),
)
"""In the order of the page; the first is what the page opens on."""

_opened: dict[int, Opened] = {}
_thumbnails: dict[int, str] = {}
# One for each: a click on an example does not wait until all thumbnails are drawn.
_opening = [threading.Lock() for _ in EXAMPLES]


def open_example(index: int) -> Opened:
    """Open one of `EXAMPLES`; all of them together take 30 MB and stay decoded.

    Raises
    ------
    SliceError
        If there is no such example, or pydicom was installed without its files.
    """
    if not 0 <= index < len(EXAMPLES):
        raise SliceError("There is no such example; pick one of those shown.")
    if index not in _opened:
        with _opening[index]:
            if index not in _opened:
                _opened[index] = EXAMPLES[index].open()
    kept = _opened[index]
    # A stack of its own: freeing it leaves the pixels to the others.
    return replace(kept, stack=replace(kept.stack))


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
    stack = _grey_stack(to_uint8(split.slice(index), SOFT_TISSUE))
    if not BOARDS[board].labels_may_be_shown:
        return Opened(stack)
    true = split.label_map(index)
    return Opened(stack) if true is None else Opened(stack, true[np.newaxis], remark=KNOWN)


def shelf() -> list[dict[str, str]]:
    """Return every example's name, group and, once `draw_thumbnails` has made it, image (a data URL)."""
    return [
        {"name": example.name, "group": example.group, "image": _thumbnails.get(index, "")}
        for index, example in enumerate(EXAMPLES)
    ]


def draw_thumbnails() -> list[dict[str, str]]:
    """Open what has no thumbnail yet and return the shelf; an example that cannot be read keeps its name."""
    for index in range(len(EXAMPLES)):
        with suppress(SliceError):
            draw_thumbnail(index)
    return shelf()


def draw_thumbnail(index: int) -> str:
    """Return an example's image (a data URL), drawn once; SliceError where it cannot be read."""
    if index not in _thumbnails:
        opened = open_example(index)
        start = opened.stack.middle if opened.start is None else opened.start
        _thumbnails[index] = _thumbnail(opened.stack, start)
    return _thumbnails[index]


def _thumbnail(stack: Stack, index: int) -> str:
    ct_slice = stack[index]
    image = Image.fromarray(to_uint8(ct_slice, ct_slice.window or SOFT_TISSUE))
    image.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
    data = io.BytesIO()
    image.save(data, "PNG")
    return f"data:image/png;base64,{base64.b64encode(data.getvalue()).decode()}"
