#!/usr/bin/env bash
# rt-utils 1.2.7 draws the contours of a mask through the centres of its outermost pixels, so the area that a contour
# encloses is smaller than the mask by half its perimeter, and that of a hole larger: whoever measures or paints what lies
# inside gets another structure. A mask of one pixel becomes a CLOSED_PLANAR contour of a single point, which encloses
# nothing (PS3.3 C.8.8.6 has POINT for that). Its own reader paints borders too and gives all masks back.
# Seen: 10 x 20 pixels of 1 mm2 become 171 mm2, a frame of 300 mm2 becomes 361 - 119 = 242 mm2, one pixel 0 mm2.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.4.6 pydicom==3.0.2 rt-utils==1.2.7
cd "$place"
mkdir series
"$place/venv/bin/python" - <<'PYTHON'
import numpy as np
import pydicom
from pydicom.data import get_testdata_file
from rt_utils import RTStructBuilder

series = pydicom.uid.generate_uid()
for k in range(3):
    ct = pydicom.dcmread(get_testdata_file("CT_small.dcm", download=False))
    ct.SeriesInstanceUID, ct.SOPInstanceUID, ct.InstanceNumber = series, pydicom.uid.generate_uid(), k + 1
    ct.file_meta.MediaStorageSOPInstanceUID, ct.PixelSpacing = ct.SOPInstanceUID, [1, 1]
    ct.ImageOrientationPatient, ct.ImagePositionPatient, ct.SliceLocation = [1, 0, 0, 0, 1, 0], [0, 0, 3 * k], 3 * k
    ct.save_as(f"series/{k}.dcm", enforce_file_format=True)
masks = {name: np.zeros((128, 128, 3), bool) for name in ("block", "frame", "pixel")}
masks["block"][20:30, 40:60, 1] = True
masks["frame"][60:80, 60:80, 1], masks["frame"][65:75, 65:75, 1] = True, False
masks["pixel"][100, 100, 1] = True
made = RTStructBuilder.create_new(dicom_series_path="series")
for name, mask in masks.items():
    made.add_roi(mask=mask, name=name)
made.save("structures.dcm")

areas: dict[str, list[float]] = {}
for name, roi in zip(masks, pydicom.dcmread("structures.dcm").ROIContourSequence):
    for contour in roi.ContourSequence:
        assert contour.ContourGeometricType == "CLOSED_PLANAR"
        x, y, _ = np.array(contour.ContourData, float).reshape(-1, 3).T
        areas.setdefault(name, []).append(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)
again = RTStructBuilder.create_from(dicom_series_path="series", rt_struct_path="structures.dcm")
for name, mask in masks.items():
    print(f"{name}: {mask.sum()} mm2 in the mask, contours of {areas[name]} mm2")
    assert np.array_equal(again.get_roi_mask_by_name(name), mask)
assert areas == {"block": [171.0], "frame": [361.0, 119.0], "pixel": [0.0]}
PYTHON
