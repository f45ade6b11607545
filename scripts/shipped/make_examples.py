"""Write the example volumes of the package from the files that their sources publish.

Usage: python scripts/shipped/make_examples.py SERIES_FOLDER CT.nii.gz STRUCTURES.nii.gz

SERIES_FOLDER holds the DICOM files of case CRLM-CT-1004 of Colorectal-Liver-Metastases (TCIA, CC BY 4.0);
the two others are TotalSegmentator's example and the structures that TotalSegmentator found in it
(Apache-2.0).
"""

import sys
from pathlib import Path

import numpy as np

from ctseg.datasets.examples import ABDOMEN, TOTALSEGMENTATOR, write_volume
from ctseg.slices import read_stack

FOLDER = Path(__file__).parents[2] / "ctseg" / "datasets" / "examples"


def main(series: str, ct: str, structures: str) -> None:
    """Write both files."""
    write_volume(FOLDER / f"{ABDOMEN.name}.npz", read_stack(sorted(Path(series).glob("*.dcm"))))
    # Read by the same reader, label maps lie as the slices do.
    known = np.asarray(read_stack(structures).pixels, np.uint8)
    write_volume(FOLDER / f"{TOTALSEGMENTATOR.name}.npz", read_stack(ct), known)


if __name__ == "__main__":
    main(*sys.argv[1:4])
