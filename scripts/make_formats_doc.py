"""Write docs/formats.md from the limits, the transfer syntaxes and the tests' table of expectations.

Run it from anywhere: ``python scripts/make_formats_doc.py``.
"""

import csv
from pathlib import Path

from ctseg.sandbox.runner import Limits
from ctseg.slices import limits
from ctseg.slices.dicom.syntaxes import TRANSFER_SYNTAXES
from ctseg.slices.grey import HOUNSFIELD_FROM

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "tests" / "slices" / "expectations.csv"
TARGET = ROOT / "docs" / "formats.md"

INTRODUCTION = """\
# Files that are read

<!-- Written by scripts/make_formats_doc.py; change that, or tests/slices/expectations.csv, not this page. -->

The format is told by a file's content, never by its name. A file becomes slices in Hounsfield units (HU), or
grey levels from 0 to 255 of unknown window ("8-bit"), or it is refused with one sentence.

| format | kinds | becomes |
|---|---|---|
| PNG | 1, 2, 4, 8 or 16 bit; grey, RGB, palette, with or without alpha | one slice, 8-bit |
| JPEG | 8 bit; grey or colour | one slice, 8-bit |
| TIFF | 1 to 64 bit integers and floating point; grey, RGB, palette; pages of one size | a stack, 8-bit |
| DICOM | CT: a file, files of a series, or a ZIP of them; single-frame, multi-frame, enhanced | a stack, HU |
| NIfTI | `.nii` and `.nii.gz`, version 1 and 2, one volume | axial slices, HU or 8-bit |

- Colour becomes luma, transparent becomes black. Anything but 8 bits is mapped to 8 bits by its own minimum
  and maximum, for a TIFF over all pages. Orientation tags are applied.
- DICOM: rescaled to HU. MONOCHROME1 says how to display and does not invert HU. Padding gets the lowest value
  outside it. Slices are sorted along their normal, feet first for axial ones. Of several series the largest
  is taken, and a note says so. Where a file does not say how its numbers become HU, the rule of NIfTI holds.
- NIfTI: HU if the smallest value is {hounsfield:.0f} or less, otherwise 8-bit by the volume's own minimum and
  maximum (plain 8-bit values stay as they are). Slices are axial by the affine, an oblique volume along the
  nearest axis; anterior is at the top and the patient's left at the right of the picture.

## Limits

| what | at most |
|---|---|
| upload, all files together | {upload} MB |
| side of a slice | {side} pixels |
| slices | {slices} |
| decoded pixels | {stack} MB |
| time to decode, with the start of the decoder | {wall:g} s |
| memory of the decoder | {memory} MB |
| files in a ZIP, and MB unpacked | {entries}, {unpacked} |

Files are decoded in a process of their own. An upload is deleted as soon as it is decoded, or refused.

## DICOM transfer syntaxes

"""


def main() -> None:
    """Write the page."""
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(page(), encoding="utf-8")


def page() -> str:
    """The whole page as Markdown."""
    introduction = INTRODUCTION.format(
        hounsfield=HOUNSFIELD_FROM,
        upload=limits.MAX_UPLOAD_BYTES // limits.MEBIBYTE,
        side=limits.MAX_SIDE,
        slices=limits.MAX_SLICES,
        stack=limits.MAX_STACK_BYTES // limits.MEBIBYTE,
        wall=Limits().wall_seconds,
        memory=Limits().memory_bytes // limits.MEBIBYTE,
        entries=limits.MAX_ZIP_ENTRIES,
        unpacked=limits.MAX_ZIP_BYTES // limits.MEBIBYTE,
    )
    syntaxes = "".join(f"- {name} (`{uid}`)\n" for uid, name in TRANSFER_SYNTAXES.items())
    return introduction + syntaxes + _expectations()


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
