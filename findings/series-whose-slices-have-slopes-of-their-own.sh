#!/usr/bin/env bash
# A series whose slices have a RescaleSlope of their own, one of them whole and the others not (PS3.3 C.11.1 gives them
# to each image), is read by two libraries into one array of one type, without a word:
# SimpleITK 2.5.7 (ImageSeriesReader) takes the type of the first file: after a first slice in whole numbers, 999.5 and
# 499.75 HU of the next two become 999 and 499.
# VTK 9.7.2 (vtkDICOMImageReader, also behind pyvista's reader of DICOM folders) takes the type of one slice and copies
# the others' bytes as they are: two 16-bit integers become one 32-bit number, so the slice in whole numbers holds values
# such as 6.6e-37, nan, and nothing in its other half.
# pydicom with its rescale, a slice at a time, gives all values. Seen: as above.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.4.6 pydicom==3.0.2 SimpleITK==2.5.7 vtk==9.7.2
cd "$place"
mkdir series
"$place/venv/bin/python" - <<'PYTHON'
from pathlib import Path

import numpy as np
import pydicom
import SimpleITK as sitk
import vtk
from pydicom.data import get_testdata_file
from pydicom.pixels import apply_rescale
from vtk.util.numpy_support import vtk_to_numpy

stored = (np.arange(128 * 128) % 2000).astype(np.int16).reshape(128, 128)
series = pydicom.uid.generate_uid()
for k, (slope, intercept) in enumerate([(1, -1024), (0.5, 0), (0.25, 0)]):
    ct = pydicom.dcmread(get_testdata_file("CT_small.dcm", download=False))
    for name in ("SmallestImagePixelValue", "LargestImagePixelValue", "PixelPaddingValue"):
        if name in ct:
            del ct[name]
    ct.PixelData, ct.RescaleSlope, ct.RescaleIntercept = stored.tobytes(), slope, intercept
    ct.SeriesInstanceUID, ct.SOPInstanceUID, ct.InstanceNumber = series, pydicom.uid.generate_uid(), k + 1
    ct.file_meta.MediaStorageSOPInstanceUID = ct.SOPInstanceUID
    ct.ImageOrientationPatient, ct.ImagePositionPatient, ct.SliceLocation = [1, 0, 0, 0, 1, 0], [0, 0, 3 * k], 3 * k
    ct.save_as(f"series/{k}.dcm", enforce_file_format=True)
names = sorted(str(path) for path in Path("series").iterdir())
true = np.stack([apply_rescale(ct.pixel_array, ct) for ct in map(pydicom.dcmread, names)])

reader = sitk.ImageSeriesReader()
reader.SetFileNames(names)
image = reader.Execute()
by_itk = sitk.GetArrayFromImage(image)

of_folder = vtk.vtkDICOMImageReader()
of_folder.SetDirectoryName("series")
of_folder.Update()
by_vtk = vtk_to_numpy(of_folder.GetOutput().GetPointData().GetScalars()).reshape(3, 128, 128)[::-1, ::-1]

print("true     ", true.max(axis=(1, 2)))
print("SimpleITK", by_itk.max(axis=(1, 2)), image.GetPixelIDTypeAsString())
print("VTK      ", by_vtk.max(axis=(1, 2)), by_vtk.dtype, "row 87 of slice 0:", by_vtk[0, 87, :3])
assert true.max(axis=(1, 2)).tolist() == [975, 999.5, 499.75]
assert by_itk.max(axis=(1, 2)).tolist() == [975, 999, 499]
assert np.array_equal(by_itk[0], true[0])
assert by_vtk.dtype == np.float32
assert np.array_equal(by_vtk[1:], true[1:].astype(np.float32))
assert not np.array_equal(by_vtk[0], true[0].astype(np.float32))
assert np.isnan(by_vtk[0]).any() and (np.abs(by_vtk[0, 87, :3]) < 1e-30).all()
PYTHON
