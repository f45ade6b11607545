"""Cells of a challenge table as common writers leave them: spaces first, whole floats, blank lines."""

import codecs
import csv
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars

_BLANK_LINES = re.compile(rb"^[ \t,]*\r?(?:\n|\Z)", re.MULTILINE)
_MAY_BE_BLANK = re.compile(rb"(?:^|\n)[ \t,]*\r?(?:\n|\Z)")
_WHOLE = r"^\+?0*(\d+)(?:\.0*)?$"
# Whole numbers as numpy.savetxt writes them by default: 1.200000000000000000e+01; old Windows has e+001.
_SCIENTIFIC = r"^\+?\d\.\d{0,2}0*[eE]\+00?[0-2]$"
# What rounding a small negative number leaves: NumPy and pandas write its sign.
_NEGATIVE_ZERO = r"^-0+(?:\.0*)?(?:[eE]\+0{1,3})?$"
_DOUBLE_ENDS = re.compile(rb"\r+\n")
_IMAGE, _ROW = re.compile(r"\.\w+\s*$"), re.compile(r"\s*Pixel \d+$")
_LAST_COMMAS = re.compile(rb",[ \t]*(\r?)$", re.MULTILINE)
_FIRST_CELLS = (
    *("", "unnamed: 0", "index", "level_0", "__index_level_0__", "pixel", "pixels"),  # pandas, people
    *("x", "x1", "...1", "v1", "rn", "rowname", "rownames", "row.names"),  # R and its packages
    *("row", "var1", "column1", "_c0", "column0"),  # MATLAB, Excel, Julia, Spark, DuckDB
)
"""What stands above the rows' names: nothing, or what programs and people call them."""


def without_blank_lines(block: bytes) -> bytes:
    """Drop lines that hold nothing but spaces and commas, which pandas, R and spreadsheets pass over."""
    return _BLANK_LINES.sub(b"", block) if _MAY_BE_BLANK.search(block) else block


def with_plain_ends(block: bytes) -> bytes:
    """Turn line ends of CR, CR, LF to LF: on Windows, Python's ``csv`` so writes to a file opened as text."""
    return _DOUBLE_ENDS.sub(b"\n", block) if b"\r\r" in block else block


def with_first_cell(header: bytes, row: bytes) -> bytes:
    """Give a header the empty first cell that R's ``write.table`` leaves out, where rows have one more."""
    try:
        names, values = (
            next(csv.reader([line.decode("utf-8-sig", errors="replace")]), []) for line in (header, row)
        )
    except csv.Error:
        return header
    if (
        len(values) != len(names) + 1
        or len(values) < 2
        or not (_IMAGE.search(names[0]) and _ROW.match(values[0]))
    ):
        return header
    return b"," + header.removeprefix(codecs.BOM_UTF8)


def without_last_commas(block: bytes) -> bytes:
    """Drop the comma at each line's end that some programs write behind every value."""
    return _LAST_COMMAS.sub(rb"\1", block)


def image_name(cell: str) -> str:
    """Name of an image in a header's cell: spaces around it and a leading ``./`` do not belong to it."""
    return cell.strip().removeprefix("./")


def is_first_cell(cell: str) -> bool:
    """Whether this may stand above the names of the rows."""
    return cell.strip().lower() in _FIRST_CELLS


def whole_number(cell: str) -> str:
    """A cell as polars would print its number, the cell itself where it is no whole number."""
    found = re.fullmatch(_WHOLE, cell.lstrip())
    if found:
        return str(int(found[1]))
    if re.fullmatch(_NEGATIVE_ZERO, cell.lstrip()):
        return "0"
    number = float(cell) if re.fullmatch(_SCIENTIFIC, cell.lstrip()) else 0.5
    return str(int(number)) if number.is_integer() else cell


def parsed_leniently(block: bytes, names: list[str]) -> "polars.DataFrame":
    """Read lines whose numbers may have spaces before them or be written as whole floats, such as `` 0.0``.

    So are those that NumPy's ``savetxt`` wrote, such as ``1.200000000000000000e+01``.

    Returns
    -------
    DataFrame of a column of row names ``""`` and one of UInt8 for each image, null where a cell is no whole
    number from 0 to 255

    Raises
    ------
    polars.exceptions.PolarsError
        If the lines are no table of so many columns.
    """
    import polars

    table = polars.read_csv(
        block,
        has_header=False,
        schema=dict.fromkeys(["", *names], polars.String()),
        truncate_ragged_lines=False,
    )
    return table.select(
        polars.col("").str.strip_chars_start(),
        *(_whole_numbers(polars.col(name).str.strip_chars_start()) for name in names),
    )


def _whole_numbers(cells: "polars.Expr") -> "polars.Expr":
    import polars

    plain = cells.str.extract(_WHOLE, 1).cast(polars.UInt8, strict=False)
    scientific = polars.when(cells.str.contains(_SCIENTIFIC)).then(cells).cast(polars.Float64, strict=False)
    whole = polars.when(scientific == scientific.floor()).then(scientific)
    zero = polars.when(cells.str.contains(_NEGATIVE_ZERO)).then(polars.lit(0, polars.UInt8))
    return polars.coalesce(plain, whole.cast(polars.UInt8, strict=False), zero)
