#!/usr/bin/env bash
# A DICOM Segmentation of the newer kind LABELMAP, as highdicom 0.28.2 writes it (SOP class 1.2.840.10008.5.1.4.1.1.66.7,
# one frame whose values are segment numbers), is read by highdicom and pydicom, while SimpleITK 2.5.7 finds no reader for
# the file at all. Whoever hands a LABELMAP to users of ITK has to offer another format beside it.
# Seen: pixel values 0, 1, 2 by pydicom; SimpleITK raises "Unable to determine ImageIO reader".
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.4.6 pydicom==3.0.2 highdicom==0.28.2 SimpleITK==2.5.7
cd "$place"
"$place/venv/bin/python" - <<'PYTHON'
import highdicom as hd
import numpy as np
import pydicom
import SimpleITK as sitk
from highdicom.sr.coding import CodedConcept
from pydicom.data import get_testdata_file
from pydicom.sr.codedict import codes

source = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
source.FrameOfReferenceUID = hd.UID()
labels = np.zeros((1, source.Rows, source.Columns), np.uint8)
labels[0, 10:20, 10:20], labels[0, 30:50, 30:60] = 1, 2
segments = [
    hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=f"Structure {number}",
        segmented_property_category=codes.SCT.AnatomicalStructure,
        segmented_property_type=CodedConcept("113343008", "SCT", "Body organ"),
        algorithm_type=hd.seg.SegmentAlgorithmTypeValues.MANUAL,
    )
    for number in (1, 2)
]
made = hd.seg.Segmentation(
    source_images=[source], pixel_array=labels, segmentation_type=hd.seg.SegmentationTypeValues.LABELMAP,
    segment_descriptions=segments, series_instance_uid=hd.UID(), series_number=2, sop_instance_uid=hd.UID(),
    instance_number=1, manufacturer="none", manufacturer_model_name="none", software_versions="1",
    device_serial_number="1",
)
made.save_as("labels.dcm")
read = pydicom.dcmread("labels.dcm")
print(read.SOPClassUID, np.unique(read.pixel_array).tolist())
assert read.SOPClassUID == "1.2.840.10008.5.1.4.1.1.66.7"
assert np.array_equal(read.pixel_array, labels[0])
try:
    sitk.ReadImage("labels.dcm")
except RuntimeError as error:
    print(str(error).strip().splitlines()[-1][:60])
    assert "Unable to determine ImageIO reader" in str(error)
else:
    raise SystemExit("SimpleITK reads it now.")
PYTHON
