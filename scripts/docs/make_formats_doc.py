"""Write docs/formats.md from the limits, the transfer syntaxes and the tests' table of expectations.

The words between them are in formats_words.py. Run it from anywhere:
``python scripts/docs/make_formats_doc.py``.
"""

import csv
from pathlib import Path

from formats_words import INTRODUCTION, SITUATIONS

from ctseg.sandbox.runner import Limits
from ctseg.slices import limits
from ctseg.slices.dicom.series import MIN_BY_PARTS
from ctseg.slices.dicom.syntaxes import TRANSFER_SYNTAXES
from ctseg.slices.grey import HOUNSFIELD_FROM

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "tests" / "slices" / "expectations.csv"
FUZZING = ROOT / "tests" / "slices" / "fuzzing.csv"
TARGET = ROOT / "docs" / "formats.md"


def main() -> None:
    """Write the page."""
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(page(), encoding="utf-8")


def page() -> str:
    """The whole page as Markdown."""
    introduction = INTRODUCTION.format(
        situations=_situations(),
        fuzzing=_fuzzing(),
        hounsfield=HOUNSFIELD_FROM,
        upload=limits.MAX_UPLOAD_BYTES // limits.MEBIBYTE,
        largest_upload=limits.MAX_SET_UPLOAD_BYTES // limits.MEBIBYTE,
        side=limits.MAX_SIDE,
        slices=limits.MAX_SLICES,
        stack=limits.MAX_STACK_BYTES // limits.MEBIBYTE,
        wall=Limits().wall_seconds,
        begun=MIN_BY_PARTS,
        memory=Limits().memory_bytes // limits.MEBIBYTE,
        entries=limits.MAX_ZIP_ENTRIES,
        unpacked=limits.MAX_ZIP_BYTES // limits.MEBIBYTE,
    )
    syntaxes = "".join(f"- {name} (`{uid}`)\n" for uid, name in TRANSFER_SYNTAXES.items())
    return introduction + syntaxes + _expectations()


def _situations() -> str:
    rows = "".join(f"| {' | '.join(row)} |\n" for row in SITUATIONS)
    return f"| situation | what ctseg does | by |\n|---|---|---|\n{rows}"


def _fuzzing() -> str:
    with FUZZING.open(encoding="utf-8", newline="") as file:
        rows = "".join(
            f"| {row['format']} | {row['files']} | {row['results']} | {row['seconds']} |\n"
            for row in csv.DictReader(file)
        )
    return f"| valid file | mutations | results | seconds |\n|---|---|---|---|\n{rows}"


def _expectations() -> str:
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    decoded = "".join(
        f"| `{row['file']}` | {row['shape']} | {row['intensity']} |\n" for row in rows if not row["sentence"]
    )
    refused: dict[str, list[str]] = {}
    for row in rows:
        if row["sentence"]:
            refused.setdefault(row["sentence"], []).append(f"`{row['file']}`")
    by_sentence = "".join(f"\n> {sentence}\n\n{', '.join(files)}\n" for sentence, files in refused.items())
    return f"""
## What becomes of each file in pydicom's wheel

The tests hold the reader to this table.

| file | slices, height, width | intensity |
|---|---|---|
{decoded}
Refused:
{by_sentence}"""


if __name__ == "__main__":
    main()
