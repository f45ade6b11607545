"""The challenge's table to label maps; the schema of the parser is the validator."""

import csv
from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ctseg.labelmaps.files.challenge_text import table_text
from ctseg.slices.ct_slice import SliceError

if TYPE_CHECKING:
    import polars

CHALLENGE_SHAPE = (512, 512)
# The challenge's own training table, 2000 columns of 512x512, has about half of this.
MAX_TEXT_BYTES = 2 * 1024**3
_MOST_IMAGES = 4096
_LONGEST_ROW_NAME = 64
_LONGEST_CELL = 32
_NO_TABLE = "This file is no table; give a CSV in the challenge's layout."
_VALUES = frozenset(str(value) for value in range(256))


def read_challenge_csv(
    path: str | PathLike[str],
    shape: tuple[int, int] = CHALLENGE_SHAPE,
    max_bytes: int = MAX_TEXT_BYTES,
) -> dict[str, NDArray[np.uint8]]:
    """Read a table in the challenge's layout, plain or gzipped (known by content).

    Parameters
    ----------
    path : the file
    shape : (H, W) of every image in px
    max_bytes : the most text that is taken, unpacked

    Returns
    -------
    dict from image name to ndarray of uint8, shape (H, W), in the order of the columns.

    Raises
    ------
    SliceError
        If the file is not such a table; the sentence names the row and the column where one is to blame.
    """
    names, label_maps = read_challenge_stack(path, shape, _refuse_repeated, max_bytes)
    return dict(zip(names, label_maps, strict=True))


def read_challenge_stack(
    path: str | PathLike[str],
    shape: tuple[int, int],
    check_names: Callable[[Sequence[str]], None],
    max_bytes: int = MAX_TEXT_BYTES,
) -> tuple[list[str], NDArray[np.uint8]]:
    """Read a table as `read_challenge_csv` does, a block of rows at a time.

    Parameters
    ----------
    path, shape, max_bytes : as there
    check_names : called with the names of the columns before any pixel is read; refuses by raising

    Returns
    -------
    names of the images (N,), and their label maps, ndarray of uint8, shape (N, H, W)
    """
    pixels = shape[0] * shape[1]
    with table_text(Path(path), max_bytes) as text:
        names = _image_names(text.header())
        check_names(names)
        stack = np.zeros((len(names), pixels), np.uint8)
        rows = 0
        for block in text.blocks(_LONGEST_ROW_NAME + _LONGEST_CELL * len(names)):
            table = _parsed(block, names, rows)
            if rows + table.height > pixels:
                raise SliceError(
                    f"This table has more than {pixels} rows of pixels; images of {shape[0]} x "
                    f"{shape[1]} need {pixels}."
                )
            _check_row_names(table, rows)
            for column, name in enumerate(names):
                stack[column, rows : rows + table.height] = table[name].to_numpy()
            rows += table.height
    if rows != pixels:
        raise SliceError(
            f"This table has {rows} rows of pixels; images of {shape[0]} x {shape[1]} need {pixels}."
        )
    return names, stack.reshape(-1, *shape)


def _image_names(header: bytes) -> list[str]:
    line = header.decode("utf-8-sig", errors="replace").rstrip("\r")
    if not line.strip():
        raise SliceError(
            "This table has no header; its first row must be an empty cell, then 0.png, 1.png, ..."
        )
    try:
        first, *names = next(csv.reader([line]))
    except csv.Error as error:
        raise SliceError(_NO_TABLE) from error
    if not first.isprintable():
        raise SliceError(_NO_TABLE)
    if first.strip():
        raise SliceError(
            f"The first cell of this table is {first[:40]!r}; it must be empty, and the images' names follow."
        )
    if not names or not all(names):
        raise SliceError("A column of this table has no image name; name each, such as 0.png.")
    if len(names) > _MOST_IMAGES:
        raise SliceError(f"This table has {len(names)} columns; it may have {_MOST_IMAGES} at most.")
    return names


def _refuse_repeated(names: Sequence[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise SliceError(f"The image {name[:40]} has two columns in this table; keep one of them.")
        seen.add(name)


def _parsed(block: bytes, names: list[str], first_row: int) -> "polars.DataFrame":
    import polars

    try:
        table = polars.read_csv(
            block,
            has_header=False,
            schema={"": polars.String(), **dict.fromkeys(names, polars.UInt8())},
        )
    except polars.exceptions.PolarsError as error:
        raise _blame(block, names, first_row) from error
    if any(table[name].null_count() for name in names):
        raise _blame(block, names, first_row)
    return table


def _check_row_names(table: "polars.DataFrame", first_row: int) -> None:
    wrong = (table[""].ne_missing(row_names(first_row, first_row + table.height))).arg_true()
    if wrong.len():
        row = int(wrong[0])
        found = (table[""][row] or "")[:40]
        raise SliceError(
            f"Row {first_row + row + 1} of the pixels is called {found!r}; it must be "
            f"'Pixel {first_row + row}', in C order."
        )


def row_names(first: int, end: int) -> "polars.Series":
    """Return ``Pixel first`` to ``Pixel end - 1``."""
    import polars

    return "Pixel " + polars.int_range(first, end, eager=True).cast(polars.String)


def _blame(block: bytes, names: list[str], first_row: int) -> SliceError:
    """Find the first cell that is not a whole number from 0 to 255."""
    for number, raw in enumerate(block.split(b"\n"), start=first_row):
        line = raw.decode("utf-8", errors="replace").rstrip("\r")
        row, *cells = line.replace('"', "").split(",")
        if len(cells) != len(names):
            return SliceError(
                f"The row {row[:40]!r} (line {number + 2}) has {len(cells)} values; the header names "
                f"{len(names)} images."
            )
        if _VALUES.issuperset(cells):
            continue
        column = next(k for k, cell in enumerate(cells) if cell not in _VALUES)
        return SliceError(
            f"The value {cells[column][:40]!r} in row {row[:40]!r} (line {number + 2}), column "
            f"{names[column][:40]!r}, is not a whole number from 0 to 255."
        )
    return SliceError("This table cannot be read; write it again in the challenge's layout.")
