"""The challenge's layout: one column per image, one row per pixel, values 0 to 255."""

import csv
import gzip
import io
import os
from collections.abc import Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from ctseg.labelmaps.checks import checked
from ctseg.labelmaps.regions import relabel
from ctseg.slices.ct_slice import SliceError

if TYPE_CHECKING:
    import polars

CHALLENGE_SHAPE = (512, 512)
# The challenge's own training table, 2000 columns of 512x512, has about half of this.
MAX_TEXT_BYTES = 2 * 1024**3
_MOST_LABELS = 255
_LONGEST_HEADER = 1 << 20
_GZIP = b"\x1f\x8b"
_NO_TABLE = "This file is no table; give a CSV in the challenge's layout."
_VALUES = frozenset(str(value) for value in range(256))


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
        {"": _row_names(pixels), **{name: column.ravel() for name, column in columns.items()}}
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
    if int(label_map.max(initial=0)) > _MOST_LABELS:
        label_map = relabel(label_map)
    structures = int(label_map.max(initial=0))
    if structures > _MOST_LABELS:
        raise ValueError(
            f"The label map of {name} has {structures} structures, but the challenge's layout holds "
            f"{_MOST_LABELS}; keep the largest ones."
        )
    return label_map.astype(np.uint8)


def _row_names(pixels: int) -> "polars.Series":
    import polars

    numbers = polars.int_range(pixels, eager=True).cast(polars.String)
    return "Pixel " + numbers


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
    text = _text(Path(path), max_bytes)
    names = _image_names(text)
    table = _parsed(text, names)
    _check_rows(text, table, shape[0] * shape[1], shape)
    return {name: table[name].to_numpy().reshape(shape) for name in names}


def _text(path: Path, max_bytes: int) -> bytes:
    if not path.is_file():
        raise SliceError(f"There is no file {path.name}; check its name.")
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP
        file.seek(0)
        source = cast("BinaryIO", gzip.GzipFile(fileobj=file)) if packed else file
        try:
            text = source.read(max_bytes + 1)
        except (OSError, EOFError) as error:
            raise SliceError("This gzipped table is damaged or incomplete; pack it again.") from error
    if len(text) > max_bytes:
        raise SliceError(
            f"This table has more than {max_bytes // 1024**2} MB of text; it needs one column per image and "
            "one row per pixel."
        )
    return text


def _image_names(text: bytes) -> list[str]:
    line = text[:_LONGEST_HEADER].partition(b"\n")[0].decode("utf-8-sig", errors="replace")
    if not line.strip():
        raise SliceError(
            "This table has no header; its first row must be an empty cell, then 0.png, 1.png, ..."
        )
    try:
        first, *names = next(csv.reader([line.rstrip("\r")]))
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
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise SliceError(f"The image {repeated[:40]} has two columns in this table; keep one of them.")
    return names


def _parsed(text: bytes, names: list[str]) -> "polars.DataFrame":
    import polars

    try:
        return polars.read_csv(
            text,
            has_header=False,
            skip_rows=1,
            schema={"": polars.String(), **dict.fromkeys(names, polars.UInt8())},
        )
    except polars.exceptions.PolarsError as error:
        raise _blame(text, names) from error


def _check_rows(text: bytes, table: "polars.DataFrame", pixels: int, shape: tuple[int, int]) -> None:
    if table.height != pixels:
        raise SliceError(
            f"This table has {table.height} rows of pixels; images of {shape[0]} x {shape[1]} need {pixels}."
        )
    if any(table[name].null_count() for name in table.columns[1:]):
        raise _blame(text, table.columns[1:])
    wrong = (table[""].ne_missing(_row_names(pixels))).arg_true()
    if wrong.len():
        row = int(wrong[0])
        found = (table[""][row] or "")[:40]
        raise SliceError(
            f"Row {row + 1} of the pixels is called {found!r}; it must be 'Pixel {row}', in C order."
        )


def _blame(text: bytes, names: list[str]) -> SliceError:
    """Find the first cell that is not a whole number from 0 to 255."""
    for number, line in enumerate(_lines(text)):
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


def _lines(text: bytes) -> Iterator[str]:
    lines = io.TextIOWrapper(io.BytesIO(text), encoding="utf-8", errors="replace")
    next(lines)
    return (line.rstrip("\r\n") for line in lines)
