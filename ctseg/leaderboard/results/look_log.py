"""How often the team itself has scored on a board: a line each, never taken back."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path


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
    """Return the number of looks for each board; empty if there is no file."""
    if not path.exists():
        return {}
    counts: dict[str, int] = {}
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            counts[row["board"]] = counts.get(row["board"], 0) + 1
    return counts
