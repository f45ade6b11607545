"""The examples of the static page: each slice a file of its own, as the stage reads it."""

from pathlib import Path
from typing import Any

import numpy as np

from ctseg.labelmaps import numbered
from ctseg.slices import CTSlice
from ctseg.slices.orientation import lie_of
from ctseg.ui.compare import examples as shelf
from ctseg.ui.compare.frames import frame, label_pixels, slice_head, slice_pixels


def write_examples(folder: Path) -> list[dict[str, Any]]:
    """Write the slices of all examples below a folder and return what the page must know of each.

    They are those of the app, in its order.
    """
    return [_write(folder, index) for index in range(len(shelf.EXAMPLES))]


def _write(folder: Path, index: int) -> dict[str, Any]:
    opened, example = shelf.open_example(index), shelf.EXAMPLES[index]
    place = folder / str(index)
    place.mkdir(parents=True)
    for at in range(len(opened.stack)):
        truth = None if opened.truths is None else opened.truths[at]
        (place / f"{at}.frame").write_bytes(_packed(opened.stack[at], at, len(opened.stack), truth))
    return {
        "name": example.name,
        "group": example.group,
        "image": shelf.draw_thumbnail(index),
        "folder": str(index),
        "slices": len(opened.stack),
        "start": opened.stack.middle if opened.start is None else opened.start,
        "remark": opened.remark,
        "credit": opened.credit,
        "truth": opened.truths is not None,
    }


def _packed(ct_slice: CTSlice, index: int, slices: int, truth: Any) -> bytes:
    pixels = slice_pixels(ct_slice)
    assert pixels.shape == ct_slice.shape, "the browser needs every pixel of an example"
    assert np.array_equal(pixels, ct_slice.pixels), "the browser needs an example's values as they are"
    head = slice_head(ct_slice, index, slices) | {"source": ct_slice.source, "lie": lie_of(ct_slice.affine)}
    return frame(
        head, {"pixels": pixels} | ({} if truth is None else {"truth": label_pixels(numbered(truth))})
    )
