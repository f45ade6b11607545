#!/usr/bin/env bash
# A NIfTI file whose qform_code and sform_code are both 0 says nothing of its place. nibabel 5.4.2 then gives an affine
# whose axes run to the left, to the front and up, with the origin in the middle of the volume; SimpleITK 2.5.7 gives
# the identity in its own system, where the second axis runs to the back, with the origin at the first voxel. What lies
# in front for one lies behind for the other.
# Beside it: with scl_slope 0, which says that there is no scaling, SimpleITK still adds scl_inter and nibabel does not.
# Seen: nibabel axes L, A, S; SimpleITK (LPS) direction identity, origin 0; slope 0 and intercept 100: 0 and 100.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.4.6 nibabel==5.4.2 SimpleITK==2.5.7
cd "$place"
"$place/venv/bin/python" - <<'PYTHON'
import struct

import nibabel
import numpy as np
import SimpleITK as sitk

image = nibabel.Nifti1Image(np.zeros((4, 5, 6), np.int16), None)
image.header.set_zooms((1.0, 2.0, 3.0))
nibabel.save(image, "nowhere.nii")
read = nibabel.load("nowhere.nii")
assert int(read.header["qform_code"]) == int(read.header["sform_code"]) == 0
itk = sitk.ReadImage("nowhere.nii")
axes = nibabel.aff2axcodes(read.affine)
print("nibabel:", axes, read.affine[:3, 3].tolist(), "SimpleITK:", itk.GetDirection(), itk.GetOrigin())
assert axes == ("L", "A", "S")
assert read.affine[:3, 3].tolist() == [1.5, -4.0, -7.5]
assert itk.GetDirection() == (1, 0, 0, 0, 1, 0, 0, 0, 1)
assert itk.GetOrigin() == (0, 0, 0)

header = bytearray(open("nowhere.nii", "rb").read())
struct.pack_into("<2f", header, 112, 0.0, 100.0)  # scl_slope, scl_inter
open("unscaled.nii", "wb").write(header)
by_nibabel = float(nibabel.load("unscaled.nii").get_fdata().max())
by_itk = float(sitk.GetArrayFromImage(sitk.ReadImage("unscaled.nii")).max())
print("slope 0, intercept 100:", by_nibabel, by_itk)
assert (by_nibabel, by_itk) == (0.0, 100.0)
PYTHON
