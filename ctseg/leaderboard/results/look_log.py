"""How often the team itself has scored on a board: a line each, never taken back."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from ctseg.leaderboard.set_aside import SetAside, UnusableError, read_text, usable


@dataclass(frozen=True)
class Look:
    """One evaluation by the team: when, at which commit, of what, and what it gave."""

    date: str
    commit: str
    board: str
    method: str
    ari: str
    fg_ari: str


def add_look(path: Path, look: Look) -> None:
    """Append one line; the file is created with its header if it is not there."""
    names = [field.name for field in fields(Look)]
    new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(vars(look))


def count_looks(path: Path) -> Mapping[str, int]:
    """Return the number of looks for each board; empty if there is no file, or it cannot be used."""
    counts: dict[str, int] = {}
    for _, found in usable([path], read_looks):
        for board in [] if isinstance(found, SetAside) else found:
            counts[board] = counts.get(board, 0) + 1
    return counts


def read_looks(path: Path) -> list[str]:
    """Return the board of each look.

    Raises
    ------
    FileNotFoundError
        If there is no file.
    UnusableError
        If it is no such file, or a line of it is cut.
    """
    text = read_text(path)
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        boards = [str(row["board"]) for row in reader]
    except (csv.Error, KeyError) as error:
        raise UnusableError("it is no log of evaluations") from error
    if reader.fieldnames != [field.name for field in fields(Look)]:
        raise UnusableError("it is no log of evaluations")
    if not text.endswith("\n"):
        raise UnusableError("its last line is cut")
    return boards
