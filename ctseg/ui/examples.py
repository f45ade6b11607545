"""The examples: CT slices of pydicom's wheel, decoded while the app runs."""

import base64
import io
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ctseg.slices import CTSlice, SliceError, Stack, read_stack
from ctseg.slices.windowing import SOFT_TISSUE, to_uint8

THUMBNAIL_PX = 96
_thumbnails_lock = threading.Lock()


@dataclass(frozen=True)
class Example:
    """A CT slice of pydicom's wheel, with a name for its button."""

    name: str
    file: str


EXAMPLES = (
    Example("Chest", "CT_small.dcm"),
    Example("Head 1", "693_J2KI.dcm"),
    Example("Head 2", "J2K_pixelrep_mismatch.dcm"),
)


def open_example(index: int) -> Stack:
    """Read one of `EXAMPLES`.

    Raises
    ------
    SliceError
        If there is no such example, or pydicom was installed without its files.
    """
    from pydicom.data import get_testdata_file

    if not 0 <= index < len(EXAMPLES):
        raise SliceError("There is no such example; pick one of those shown.")
    path = get_testdata_file(EXAMPLES[index].file, download=False)
    if path is None:
        raise SliceError("This example is not installed; upload a file of your own.")
    return read_stack(Path(str(path)))


_pictures: dict[int, str] = {}


def shelf() -> list[dict[str, str]]:
    """Return every example's name, and its picture (a data URL) once `draw_thumbnails` has made it."""
    return [
        {"name": example.name, "picture": _pictures.get(index, "")} for index, example in enumerate(EXAMPLES)
    ]


def draw_thumbnails() -> list[dict[str, str]]:
    """Decode what has no picture yet and return the shelf; an example that cannot be read keeps its name."""
    with _thumbnails_lock:
        for index in range(len(EXAMPLES)):
            if index not in _pictures:
                with suppress(SliceError):
                    stack = open_example(index)
                    _pictures[index] = _thumbnail(stack[stack.middle])
                    stack.free()
    return shelf()


def _thumbnail(ct_slice: CTSlice) -> str:
    from PIL import Image

    picture = Image.fromarray(to_uint8(ct_slice, ct_slice.window or SOFT_TISSUE))
    picture.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
    data = io.BytesIO()
    picture.save(data, "PNG")
    return f"data:image/png;base64,{base64.b64encode(data.getvalue()).decode()}"
