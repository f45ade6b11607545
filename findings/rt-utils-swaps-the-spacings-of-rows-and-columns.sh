#!/usr/bin/env bash
# rt-utils 1.2.7 takes the first value of PixelSpacing, which is the distance between rows (PS3.3, 10.7.1.3), for the step
# along a row, and the second for that along a column. On pixels that are not square it writes contours in other places,
# and it reads contours of others there too; what it wrote itself it reads back right, so a round trip shows nothing.
# Seen: rows 0.8 mm apart, columns 0.6 mm: the block of rows 20 to 39, columns 60 to 99 is written from 48.0 to 79.2 mm
# across and 12.0 to 23.4 mm down, where it lies from 36.0 to 59.4 and from 16.0 to 31.2 mm.
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
for k in range(2):
    ct = pydicom.dcmread(get_testdata_file("CT_small.dcm", download=False))
    ct.SeriesInstanceUID, ct.SOPInstanceUID, ct.InstanceNumber = series, pydicom.uid.generate_uid(), k + 1
    ct.file_meta.MediaStorageSOPInstanceUID, ct.PixelSpacing = ct.SOPInstanceUID, [0.8, 0.6]
    ct.ImageOrientationPatient, ct.ImagePositionPatient, ct.SliceLocation = [1, 0, 0, 0, 1, 0], [0, 0, 3 * k], 3 * k
    ct.save_as(f"series/{k}.dcm", enforce_file_format=True)
mask = np.zeros((128, 128, 2), bool)
mask[20:40, 60:100, 1] = True
made = RTStructBuilder.create_new(dicom_series_path="series")
made.add_roi(mask=mask, name="block")
made.save("structures.dcm")
[contour] = pydicom.dcmread("structures.dcm").ROIContourSequence[0].ContourSequence
x, y, _ = np.array(contour.ContourData, float).reshape(-1, 3).T
written = [float(round(value, 4)) for value in (x.min(), x.max(), y.min(), y.max())]
true = [float(round(value, 4)) for value in (60 * 0.6, 99 * 0.6, 20 * 0.8, 39 * 0.8)]
again = RTStructBuilder.create_from(dicom_series_path="series", rt_struct_path="structures.dcm")
print("written, mm:", written, "true:", true)
assert written == [48.0, 79.2, 12.0, 23.4]
assert true == [36.0, 59.4, 16.0, 31.2]
assert np.array_equal(again.get_roi_mask_by_name("block"), mask)
PYTHON
