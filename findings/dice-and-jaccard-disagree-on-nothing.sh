#!/usr/bin/env bash
# Slices on which a structure neither is nor was found are common in CT. Dice and Jaccard are the same ranking (J = D / (2 -
# D)), and yet two metric packages answer the two of one empty pair differently, each the other way round from the other:
# miseval 1.3.0 has Dice 1 and IoU 0; medpy 0.5.2 has Dice NaN (0.0 / 0.0, with a warning of NumPy) and Jaccard 1. A mean over
# slices changes by the share of empty slices with the score that is chosen.
# Seen: miseval DSC 1.0, IoU 0.0; medpy dc nan, jc 1.0.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.4.6 medpy==0.5.2 miseval==1.3.0
cd "$place"
"$place/venv/bin/python" - <<'PYTHON'
import warnings

import numpy as np
from medpy.metric import binary
from miseval import evaluate

warnings.simplefilter("ignore")
nothing = np.zeros((8, 8), int)
seen = {
    "miseval DSC": evaluate(nothing, nothing, metric="DSC"),
    "miseval IoU": evaluate(nothing, nothing, metric="IoU"),
    "medpy dc": binary.dc(nothing, nothing),
    "medpy jc": binary.jc(nothing, nothing),
}
print({name: float(value) for name, value in seen.items()})
assert seen["miseval DSC"] == 1.0
assert seen["miseval IoU"] == 0.0
assert np.isnan(seen["medpy dc"])
assert seen["medpy jc"] == 1.0
PYTHON
