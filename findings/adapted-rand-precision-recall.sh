#!/usr/bin/env bash
# skimage.metrics.adapted_rand_error of scikit-image 0.26.0 returns (error, precision, recall). By its documentation
# precision divides the pairs that are right by those of the test image, recall by those of the true image. One test
# region of 4 px over two true ones of 2 px has 6 pairs, of which 2 are right, and both true pairs are found: precision
# 1/3, recall 1. It returns them the other way round, so a merge looks like a split.
# Seen: precision 1.0 and recall 0.33 for the merge; 0.33 and 1.0 for the split.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.4.6 scikit-image==0.26.0
cd "$place"
"$place/venv/bin/python" - <<'PYTHON'
import numpy as np
from skimage.metrics import adapted_rand_error

true = np.array([[1, 1, 2, 2]])
merged = np.array([[1, 1, 1, 1]])
error, precision, recall = adapted_rand_error(true, merged)
print("merged: error", error, "precision", precision, "recall", recall)
assert precision == 1.0, "pairs of the test image that are right: a third of them"
assert abs(recall - 1 / 3) < 1e-12, "pairs of the true image that are found: all of them"
# The other way round the two change places.
_, precision, recall = adapted_rand_error(merged, true)
assert abs(precision - 1 / 3) < 1e-12
assert recall == 1.0
PYTHON
