#!/usr/bin/env bash
# pyvista 0.49.1 with VTK 9.7.2: pyvista.read of a NIfTI gives the stored numbers, not those that the file's slope and
# intercept make of them (scl_slope, scl_inter of the NIfTI-1 standard), and lays the volume at 0, 0, 0 with unturned axes
# whatever the sform says. Of a MetaImage of the same volume it keeps origin and direction. Nothing warns, and what it
# returns tells neither slope nor place; a CT saved with an intercept of -1024 is 1024 HU too high.
# Seen: 0 to 119 where nibabel 5.4.2 gives -1024 to -786; origin (0, 0, 0) where SimpleITK 2.5.7 gives (-50, -60, -70).
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.4.6 nibabel==5.4.2 SimpleITK==2.5.7 vtk==9.7.2 pyvista==0.49.1
cd "$place"
"$place/venv/bin/python" - <<'PYTHON'
import struct

import nibabel
import numpy as np
import pyvista
import SimpleITK as sitk

voxels = np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6)
affine = np.array([[2.0, 0, 0, 50], [0, 3, 0, 60], [0, 0, 4, -70], [0, 0, 0, 1]])
data = bytearray(nibabel.Nifti1Image(voxels, affine).to_bytes())
data[112:120] = struct.pack("<ff", 2.0, -1024.0)  # scl_slope, scl_inter
with open("ct.nii", "wb") as file:
    file.write(data)
true = nibabel.load("ct.nii").get_fdata()
image = sitk.ReadImage("ct.nii")
sitk.WriteImage(image, "ct.mha")
nifti, meta = pyvista.read("ct.nii"), pyvista.read("ct.mha")
print("nibabel", true.min(), true.max(), "SimpleITK", sitk.GetArrayFromImage(image).min(), image.GetOrigin())
print("pyvista, NIfTI    ", nifti.active_scalars.min(), nifti.active_scalars.max(), nifti.origin)
print("pyvista, MetaImage", meta.active_scalars.min(), meta.active_scalars.max(), meta.origin)
assert (true.min(), true.max()) == (-1024, -786)
assert sitk.GetArrayFromImage(image).min() == -1024
assert image.GetOrigin() == (-50, -60, -70)
assert (nifti.active_scalars.min(), nifti.active_scalars.max()) == (0, 119)
assert nifti.origin == (0, 0, 0)
assert np.array_equal(nifti.direction_matrix, np.eye(3))
assert meta.active_scalars.min() == -1024
assert meta.origin == (-50, -60, -70)
PYTHON
