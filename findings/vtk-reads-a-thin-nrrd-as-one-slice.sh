#!/usr/bin/env bash
# VTK 9.7.2 (vtkNrrdReader, also behind pyvista 0.49.1): a volume in NRRD whose first axis is short, such as five sagittal
# slices, is read as one image of five numbers a pixel, although the file says "dimension: 3" and "kinds: domain domain
# domain" (NRRD's format definition, section "kinds"). Spacing moves along with it. The same volume in MetaImage is read
# as a volume; with a first axis of 24 the NRRD is too.
# Seen: 5 x 20 x 24 voxels of 2 x 3 x 4 mm, written by SimpleITK 2.5.7, become 20 x 24 x 1 of 3 x 4 x 1 mm.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.4.6 SimpleITK==2.5.7 vtk==9.7.2 pyvista==0.49.1
cd "$place"
"$place/venv/bin/python" - <<'PYTHON'
import numpy as np
import pyvista
import SimpleITK as sitk

for columns in (5, 24):
    voxels = np.arange(columns * 20 * 24, dtype=np.int16).reshape(24, 20, columns)
    image = sitk.GetImageFromArray(voxels)
    image.SetSpacing([2, 3, 4])
    for name in ("volume.nrrd", "volume.mha"):
        sitk.WriteImage(image, name)
        read = pyvista.read(name)
        again = sitk.ReadImage(name)
        print(f"{name} of {image.GetSize()}: {read.dimensions}, {read.spacing} mm, {read.active_scalars.shape}")
        assert again.GetSize() == image.GetSize()
        if name == "volume.nrrd" and columns == 5:
            header = open(name, "rb").read(400)
            assert b"dimension: 3" in header and b"kinds: domain domain domain" in header
            assert read.dimensions == (20, 24, 1)
            assert read.spacing == (3, 4, 1)
            assert read.active_scalars.shape == (480, 5)
        else:
            assert read.dimensions == image.GetSize()
            assert read.spacing == (2, 3, 4)
PYTHON
