"""Nothing that version 0.1 read right is read differently: values, order, spacing, window and place."""

import csv
from pathlib import Path

import pytest
from golden import TABLE, digest, sources

from ctseg.slices.decode import decode

with TABLE.open(encoding="utf-8", newline="") as table:
    GOLDEN = {row["source"]: row["digest"] for row in csv.DictReader(table)}
# What version 0.1 read wrong: head first, two phases as one stack, copies as slices.
READ_WRONG = {"series seen from above", "series two phases", "series copies"}


def test_the_table_names_every_source() -> None:
    assert set(GOLDEN) == set(sources()) - READ_WRONG


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("source", GOLDEN)
def test_read_as_before(source: str, tmp_path: Path) -> None:
    assert digest(decode(sources()[source](tmp_path))) == GOLDEN[source]
