#!/usr/bin/env bash
# A float array of whole labels saved by nibabel 5.4.2 under a header that says int16 is stored with a slope and an
# intercept that spread the labels over the whole range of int16. Read back, values lie a little beside the labels, so
# that astype(int), which cuts, gets half of them wrong; rounding gets all of them right.
# Seen: 60 labels 0 to 59, slope about 0.0009, intercept about 29.5; 30 wrong after astype(int), none after rint.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.4.6 nibabel==5.4.2
cd "$place"
"$place/venv/bin/python" - <<'PYTHON'
import nibabel
import numpy as np

labels = np.arange(60, dtype=np.float64).reshape(3, 4, 5)
header = nibabel.Nifti1Header()
header.set_data_dtype(np.int16)
nibabel.save(nibabel.Nifti1Image(labels, np.eye(4), header), "labels.nii")
read = nibabel.load("labels.nii")
values = np.asarray(read.dataobj)
cut, rounded = int((values.astype(int) != labels).sum()), int((np.rint(values) != labels).sum())
print("slope", read.dataobj.slope, "intercept", read.dataobj.inter, "wrong when cut", cut, "when rounded", rounded)
assert 0 < read.dataobj.slope < 0.001
assert cut == 30
assert rounded == 0
PYTHON
