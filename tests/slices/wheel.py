"""The files in pydicom's wheel, and the table of what is expected of each."""

import csv
from dataclasses import dataclass
from pathlib import Path

import pydicom.data

FOLDER = Path(pydicom.data.__file__).parent
TABLE = Path(__file__).with_name("expectations.csv")


@dataclass(frozen=True)
class Expectation:
    """Either shape and intensity, or the sentence with which the file is refused."""

    file: str
    shape: str
    intensity: str
    sentence: str


def wheel_files() -> list[str]:
    """Every file of the wheel's data folder that is not Python code, as POSIX paths."""
    found = (path for path in FOLDER.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc"))
    return sorted(path.relative_to(FOLDER).as_posix() for path in found)


def expectations() -> list[Expectation]:
    """The table, one row a file."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return [Expectation(**row) for row in csv.DictReader(file)]
