"""Label maps from and to files: PNG, TIFF, NIfTI and the challenge's CSV."""

from ctseg.labelmaps.files.challenge_csv import write_challenge_csv
from ctseg.labelmaps.files.challenge_reading import read_challenge_csv, read_challenge_stack
from ctseg.labelmaps.files.nifti import write_nifti
from ctseg.labelmaps.files.png import write_coloured_png, write_png16
from ctseg.labelmaps.files.reading import decode_label_map, decode_png, read_label_map

__all__ = [
    "decode_label_map",
    "decode_png",
    "read_challenge_csv",
    "read_challenge_stack",
    "read_label_map",
    "write_challenge_csv",
    "write_coloured_png",
    "write_nifti",
    "write_png16",
]
