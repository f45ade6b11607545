"""Cells of a challenge table as common writers leave them: spaces first, whole floats, blank lines."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars

_BLANK_LINES = re.compile(rb"^[ \t,]*\r?(?:\n|\Z)", re.MULTILINE)
_MAY_BE_BLANK = re.compile(rb"(?:^|\n)[ \t,]*\r?(?:\n|\Z)")
_WHOLE = r"^\+?0*(\d+)(?:\.0*)?$"
_FIRST_CELLS = ("", "Unnamed: 0")
"""What stands above the rows' names: nothing, or what pandas writes where it read nothing."""


def without_blank_lines(block: bytes) -> bytes:
    """Drop lines that hold nothing but spaces and commas, which pandas, R and spreadsheets pass over."""
    return _BLANK_LINES.sub(b"", block) if _MAY_BE_BLANK.search(block) else block


def image_name(cell: str) -> str:
    """Name of an image in a header's cell: spaces around it and a leading ``./`` do not belong to it."""
    return cell.strip().removeprefix("./")


def is_first_cell(cell: str) -> bool:
    """Whether this may stand above the names of the rows."""
    return cell.strip() in _FIRST_CELLS


def whole_number(cell: str) -> str:
    """A cell as polars would print its number, the cell itself where it is no whole number."""
    found = re.fullmatch(_WHOLE, cell.lstrip())
    return str(int(found[1])) if found else cell


def parsed_leniently(block: bytes, names: list[str]) -> "polars.DataFrame":
    """Read lines whose numbers may have spaces before them or be written as whole floats, such as `` 0.0``.

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
        *(
            polars.col(name).str.strip_chars_start().str.extract(_WHOLE, 1).cast(polars.UInt8, strict=False)
            for name in names
        ),
    )
