#!/usr/bin/env bash
# A pixel whose centre lies on a contour, or next to it: the standard (PS3.3 C.8.8.6) does not say whether it belongs to the
# structure, and three programs answer in three ways. Pixels of 1 mm, pydicom 2.4.5:
# rt-utils 1.2.7 draws the contours of a mask through the centres of its outermost pixels, so they enclose less than the
# mask, around a hole more than the hole, and of a single pixel nothing, as a CLOSED_PLANAR contour of one point. It gives
# its own masks back, but a contour between centres, as other programs draw it, becomes a pixel wider and higher.
# dcmrtstruct2nii 5 gives the latter back and loses a ring of the structure around a hole of the former.
# platipy 0.7.2 does neither.
# Seen: a block of 200 pixels is a contour of 171 mm2, and 200 pixels to all three; a frame of 300 pixels is contours of
# 361 and 119 mm2, and 300, 260, 260 pixels; a contour of 10 x 20 mm between centres is 231, 200, 231 pixels.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install --quiet --disable-pip-version-check numpy==1.26.4 pydicom==2.4.5 nibabel==5.4.2 SimpleITK==2.5.7 rt-utils==1.2.7 dcmrtstruct2nii==5 platipy==0.7.2
cd "$place"
mkdir series
"$place/venv/bin/python" - 2>&1 <<'PYTHON' | grep -v -e "Please cite" -e "Thomas Phil" -e "^$" -e "Writing file" -e Warning -e warn
from pathlib import Path

import nibabel
import numpy as np
import pydicom
from dcmrtstruct2nii import dcmrtstruct2nii
from platipy.dicom.io.rtstruct_to_nifti import convert_rtstruct
from pydicom.data import get_testdata_file
from rt_utils import RTStructBuilder

series = pydicom.uid.generate_uid()
for k in range(3):
    ct = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    ct.SeriesInstanceUID, ct.SOPInstanceUID, ct.InstanceNumber = series, pydicom.uid.generate_uid(), k + 1
    ct.file_meta.MediaStorageSOPInstanceUID, ct.PixelSpacing = ct.SOPInstanceUID, [1, 1]
    ct.ImageOrientationPatient, ct.ImagePositionPatient, ct.SliceLocation = [1, 0, 0, 0, 1, 0], [0, 0, 3 * k], 3 * k
    ct.save_as(f"series/{k}.dcm", write_like_original=False)
masks = {name: np.zeros((128, 128, 3), bool) for name in ("block", "frame", "pixel")}
masks["block"][20:30, 40:60, 1] = True
masks["frame"][60:80, 60:80, 1], masks["frame"][65:75, 65:75, 1] = True, False
masks["pixel"][100, 100, 1] = True
made = RTStructBuilder.create_new(dicom_series_path="series")
for name, mask in masks.items():
    made.add_roi(mask=mask, name=name)
made.save("traced.dcm")

areas = {name: [] for name in masks}
file = pydicom.dcmread("traced.dcm")
for name, roi in zip(masks, file.ROIContourSequence):
    for contour in roi.ContourSequence:
        assert contour.ContourGeometricType == "CLOSED_PLANAR"
        x, y, _ = np.array(contour.ContourData, float).reshape(-1, 3).T
        areas[name].append(float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2))
between = file.ROIContourSequence[0].ContourSequence[0]
between.ContourData = [39.5, 19.5, 3, 59.5, 19.5, 3, 59.5, 29.5, 3, 39.5, 29.5, 3]
file.save_as("between.dcm")


def pixels(structures: str, name: str) -> list[int]:
    """What rt-utils, dcmrtstruct2nii and platipy count."""
    own = RTStructBuilder.create_from(dicom_series_path="series", rt_struct_path=structures)
    first, second = Path(f"{structures}-1"), Path(f"{structures}-2")
    if not first.exists():
        first.mkdir(), second.mkdir()
        dcmrtstruct2nii(structures, "series", str(first), gzip=False)
        convert_rtstruct("series", structures, prefix="", output_dir=str(second))
    files = (first / f"mask_{name}.nii", second / f"{name}.nii.gz")
    counts = [int(own.get_roi_mask_by_name(name).sum())]
    return counts + [int((nibabel.load(path).get_fdata() > 0).sum()) for path in files]


found = {name: pixels("traced.dcm", name) for name in ("block", "frame")}
found["between centres"] = pixels("between.dcm", "block")
print("contours, mm2:", areas)
print("pixels by rt-utils, dcmrtstruct2nii, platipy:", found)
assert areas == {"block": [171.0], "frame": [361.0, 119.0], "pixel": [0.0]}
assert found == {"block": [200] * 3, "frame": [300, 260, 260], "between centres": [231, 200, 231]}
PYTHON
