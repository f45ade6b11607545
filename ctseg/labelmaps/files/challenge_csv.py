"""The challenge's layout: one column per image, one row per pixel, values 0 to 255."""

import gzip
import os
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import IO, cast

import numpy as np
from numpy.typing import NDArray

from ctseg.labelmaps.checks import checked
from ctseg.labelmaps.files.challenge_reading import row_names
from ctseg.labelmaps.regions import relabel

_MAX_LABELS = 255


def write_challenge_csv(path: str | PathLike[str], label_maps: Mapping[str, NDArray[np.generic]]) -> None:
    """Write label maps in the challenge's layout, gzipped if the name ends in ``.gz``.

    The first header cell is empty, the others are the images' names in the order of the mapping; the rows are
    ``Pixel 0``, ``Pixel 1`` ... in C order. A label map with labels above 255 is renumbered first, which
    changes no score.

    Parameters
    ----------
    path : where to write; an existing file is replaced
    label_maps : image name such as ``"0.png"`` to ndarray of integers or bool, all of one shape (H, W)

    Raises
    ------
    ValueError
        If there are none, shapes differ, an image has more than 255 structures (``largest_structures`` keeps
        those of most pixels), or a name would break the table.
    """
    import polars

    if not label_maps:
        raise ValueError("There are no label maps to write; give at least one.")
    columns = {name: _bytes(name, label_map) for name, label_map in label_maps.items()}
    shapes = {column.shape for column in columns.values()}
    if len(shapes) > 1:
        raise ValueError("The label maps have different shapes; one table holds images of one size.")
    if any(set(name) & set(',"\r\n') for name in columns):
        raise ValueError("An image name holds a comma, a quote or a line break; rename it.")
    pixels = next(iter(columns.values())).size
    table = polars.DataFrame(
        {"": row_names(0, pixels), **{name: column.ravel() for name, column in columns.items()}}
    )
    with Path(path).open("wb") as file:
        if os.fspath(path).endswith(".gz"):
            # Neither name nor time: the same label maps give the same bytes. Level 6 takes half of 9's time.
            with gzip.GzipFile("", "wb", 6, file, mtime=0) as packed:
                table.write_csv(cast("IO[bytes]", packed), quote_style="never")
        else:
            table.write_csv(file, quote_style="never")


def _bytes(name: str, label_map: NDArray[np.generic]) -> NDArray[np.uint8]:
    label_map = checked(label_map)
    if int(label_map.max(initial=0)) > _MAX_LABELS:
        label_map = relabel(label_map)
    structures = int(label_map.max(initial=0))
    if structures > _MAX_LABELS:
        raise ValueError(
            f"The label map of {name} has {structures} structures, but the challenge's layout holds "
            f"{_MAX_LABELS}; keep the largest ones."
        )
    return label_map.astype(np.uint8)
