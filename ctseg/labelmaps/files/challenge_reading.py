"""The challenge's table to label maps; the schema of the parser is the validator."""

import csv
from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ctseg.labelmaps.errors import LabelMapError
from ctseg.labelmaps.files.challenge_cells import (
    image_name,
    is_first_cell,
    parsed_leniently,
    whole_number,
    with_first_cell,
    with_plain_ends,
    without_blank_lines,
    without_last_commas,
)
from ctseg.labelmaps.files.challenge_text import table_text
from ctseg.slices.limits import MAX_SIDE

if TYPE_CHECKING:
    import polars

CHALLENGE_SHAPE = (512, 512)
# The challenge's own training table, 2000 columns of 512x512, has about half of this.
MAX_TEXT_BYTES = 2 * 1024**3
_MAX_IMAGES = 4096
_MAX_ROW_NAME = 64
_MAX_CELL = 32
_NO_TABLE = "This file is no table; give a CSV in the challenge's layout."
_VALUES = frozenset(str(value) for value in range(256))


def read_challenge_csv(
    path: str | PathLike[str],
    shape: tuple[int, int] | None = CHALLENGE_SHAPE,
    max_bytes: int = MAX_TEXT_BYTES,
) -> dict[str, NDArray[np.uint8]]:
    """Read a table in the challenge's layout, plain or gzipped (known by content).

    Parameters
    ----------
    path : the file
    shape : (H, W) of every image in px; None where only the table knows how many pixels there are, each
        label map then has the shape (pixels, 1)
    max_bytes : the most text that is taken, unpacked

    Returns
    -------
    dict from image name to ndarray of uint8, shape (H, W), in the order of the columns.

    Raises
    ------
    LabelMapError
        If the file is not such a table; the sentence names the row and the column where one is to blame.
    """
    names, label_maps = read_challenge_stack(path, shape, _refuse_repeated, max_bytes)
    return dict(zip(names, label_maps, strict=True))


def read_challenge_stack(
    path: str | PathLike[str],
    shape: tuple[int, int] | None,
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
    most = MAX_SIDE**2 if shape is None else shape[0] * shape[1]
    with table_text(Path(path), max_bytes) as text:
        header = text.header()
        ends_in_commas = all(line.rstrip().endswith(b",") for line in (header, text.first_row))
        names = _image_names(
            without_last_commas(header) if ends_in_commas else with_first_cell(header, text.first_row)
        )
        check_names(names)
        parts: list[NDArray[np.uint8]] = []
        stack = np.zeros((len(names), 0 if shape is None else most), np.uint8)
        rows = 0
        for block in text.blocks(_MAX_ROW_NAME + _MAX_CELL * len(names)):
            plain = with_plain_ends(block)
            lines = without_blank_lines(without_last_commas(plain) if ends_in_commas else plain)
            if not lines:
                continue
            table = _parsed(lines, names, rows)
            if rows + table.height > most:
                raise LabelMapError(f"This table has more than {most} rows of pixels; {_needed(shape)}.")
            _check_row_names(table, rows)
            if shape is None:
                stack = np.empty((len(names), table.height), np.uint8)
                parts.append(stack)
            start = 0 if shape is None else rows
            for column, name in enumerate(names):
                stack[column, start : start + table.height] = table[name].to_numpy()
            rows += table.height
    if rows == 0 or (shape is not None and rows != most):
        raise LabelMapError(f"This table has {rows} rows of pixels; {_needed(shape)}.")
    if shape is None:
        return names, np.concatenate(parts, axis=1)[..., np.newaxis]
    return names, stack.reshape(-1, *shape)


def _needed(shape: tuple[int, int] | None) -> str:
    if shape is None:
        return f"it needs one for each pixel, at most {MAX_SIDE**2}"
    return f"images of {shape[0]} x {shape[1]} need {shape[0] * shape[1]}"


def _image_names(header: bytes) -> list[str]:
    line = header.decode("utf-8-sig", errors="replace").rstrip("\r")
    if not line.strip():
        raise LabelMapError(
            "This table has no header; its first row must be an empty cell, then 0.png, 1.png, ..."
        )
    if "\r" in line and "," in line.partition("\r")[0]:
        raise LabelMapError(
            "The lines of this table end as on old Macs (CR alone); save it as CSV with the usual line ends."
        )
    if "," not in line and any(mark in line for mark in ";\t"):
        raise LabelMapError(
            "The cells of this table are not separated by commas; save it as CSV with commas."
        )
    try:
        first, *cells = next(csv.reader([line], skipinitialspace=True))
    except csv.Error as error:
        raise LabelMapError(_NO_TABLE) from error
    if not first.isprintable():
        raise LabelMapError(_NO_TABLE)
    names = [image_name(cell) for cell in cells]
    if not is_first_cell(first):
        raise LabelMapError(
            f"The first cell of this table is {first[:40]!r}; it must be empty, and the images' names follow."
        )
    if not names or not all(names):
        raise LabelMapError("A column of this table has no image name; name each, such as 0.png.")
    if len(names) > _MAX_IMAGES:
        raise LabelMapError(f"This table has {len(names)} columns; it may have {_MAX_IMAGES} at most.")
    return names


def _refuse_repeated(names: Sequence[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise LabelMapError(f"The image {name[:40]} has two columns in this table; keep one of them.")
        seen.add(name)


def _parsed(block: bytes, names: list[str], first_row: int) -> "polars.DataFrame":
    import polars

    try:
        table = polars.read_csv(
            block,
            has_header=False,
            schema={"": polars.String(), **dict.fromkeys(names, polars.UInt8())},
        )
    except polars.exceptions.PolarsError:
        table = _second_try(block, names, first_row)
    if any(table[name].null_count() for name in names):
        raise _blame(block, names, first_row)
    return table


def _second_try(block: bytes, names: list[str], first_row: int) -> "polars.DataFrame":
    import polars

    try:
        return parsed_leniently(block, names)
    except polars.exceptions.PolarsError as error:
        raise _blame(block, names, first_row) from error


def _check_row_names(table: "polars.DataFrame", first_row: int) -> None:
    wrong = (
        table[""].str.strip_chars_start().ne_missing(row_names(first_row, first_row + table.height))
    ).arg_true()
    if wrong.len():
        row = int(wrong[0])
        found = (table[""][row] or "")[:40]
        raise LabelMapError(
            f"Row {first_row + row + 1} of the pixels is called {found!r}; it must be "
            f"'Pixel {first_row + row}', in C order."
        )


def row_names(first: int, end: int) -> "polars.Series":
    """Return ``Pixel first`` to ``Pixel end - 1``."""
    import polars

    return "Pixel " + polars.int_range(first, end, eager=True).cast(polars.String)


def _blame(block: bytes, names: list[str], first_row: int) -> LabelMapError:
    """Find the first cell that is not a whole number from 0 to 255."""
    for number, raw in enumerate(block.split(b"\n"), start=first_row):
        line = raw.decode("utf-8", errors="replace").rstrip("\r")
        row, *cells = line.replace('"', "").split(",")
        cells = [whole_number(cell) for cell in cells]
        if len(cells) != len(names):
            return LabelMapError(
                f"The row {row[:40]!r} (line {number + 2}) has {len(cells)} values; the header names "
                f"{len(names)} images."
            )
        if _VALUES.issuperset(cells):
            continue
        column = next(k for k, cell in enumerate(cells) if cell not in _VALUES)
        return LabelMapError(
            f"The value {cells[column][:40]!r} in row {row[:40]!r} (line {number + 2}), column "
            f"{names[column][:40]!r}, is not a whole number from 0 to 255."
        )
    return LabelMapError("This table cannot be read; write it again in the challenge's layout.")
