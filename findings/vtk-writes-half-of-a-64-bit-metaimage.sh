#!/usr/bin/env bash
# VTK 9.7.2 (vtkMetaImageWriter, also behind pyvista): an image of 64-bit integers, as numpy makes label maps by default,
# is written with ElementType MET_LONG, which means 4 bytes a voxel (MetaIO's table of types; MET_LONG_LONG has 8), and so
# many bytes of the 8-byte data: the second half of the volume is gone. Nothing warns, and by the header nobody can tell.
# Seen: labels 1 to 24 of 2 x 3 x 4 voxels come back as 1, 0, 2, 0, ... 12, 0 from SimpleITK 2.5.7, and as 1 to 12 and
# twelve zeros from VTK itself. In 32 bits they come back as they were.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.4.6 SimpleITK==2.5.7 vtk==9.7.2
cd "$place"
"$place/venv/bin/python" - <<'PYTHON'
import re

import numpy as np
import SimpleITK as sitk
import vtk
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

for dtype in (np.int64, np.int32):
    labels = np.arange(1, 25, dtype=dtype)
    image = vtk.vtkImageData()
    image.SetDimensions(4, 3, 2)
    image.GetPointData().SetScalars(numpy_to_vtk(labels, deep=True))
    writer = vtk.vtkMetaImageWriter()
    writer.SetFileName("labels.mha")
    writer.SetCompression(False)
    writer.SetInputData(image)
    writer.Write()
    reader = vtk.vtkMetaImageReader()
    reader.SetFileName("labels.mha")
    reader.Update()
    header = open("labels.mha", "rb").read()[:2000].decode("latin-1")
    told = re.search(r"ElementType = (\w+)", header)[1]
    by_itk = sitk.GetArrayFromImage(sitk.ReadImage("labels.mha")).ravel().tolist()
    by_vtk = vtk_to_numpy(reader.GetOutput().GetPointData().GetScalars()).tolist()
    print(dtype.__name__, told, "SimpleITK:", by_itk[:6], "VTK:", by_vtk)
    wrong = [number for label in range(1, 13) for number in (label, 0)]
    half = [*range(1, 13), *[0] * 12]
    whole = labels.tolist()
    expected = ("MET_LONG", wrong, half) if dtype is np.int64 else ("MET_INT", whole, whole)
    assert (told, by_itk, by_vtk) == expected
PYTHON
