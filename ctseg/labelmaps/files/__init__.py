"""Label maps from and to files: PNG, TIFF, files of voxels, DICOM and the challenge's CSV."""

from ctseg.labelmaps.files.challenge_csv import write_challenge_csv
from ctseg.labelmaps.files.challenge_reading import read_challenge_csv, read_challenge_stack
from ctseg.labelmaps.files.dicom_seg import write_dicom_seg
from ctseg.labelmaps.files.itk import write_metaimage, write_seg_nrrd
from ctseg.labelmaps.files.nifti import write_nifti, write_nifti_stack
from ctseg.labelmaps.files.png import write_coloured_png, write_layer_png, write_png16
from ctseg.labelmaps.files.reading import (
    PlacedLabelMap,
    decode_label_map,
    decode_png,
    read_label_map,
    read_placed_label_map,
)
from ctseg.labelmaps.files.volumes import SeveralSlicesError

__all__ = [
    "PlacedLabelMap",
    "SeveralSlicesError",
    "decode_label_map",
    "decode_png",
    "read_challenge_csv",
    "read_challenge_stack",
    "read_label_map",
    "read_placed_label_map",
    "write_challenge_csv",
    "write_coloured_png",
    "write_dicom_seg",
    "write_layer_png",
    "write_metaimage",
    "write_nifti",
    "write_nifti_stack",
    "write_png16",
    "write_seg_nrrd",
]
