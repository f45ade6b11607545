#!/usr/bin/env bash
# seg-metrics 1.2.8 (PyPI) compares label maps structure by structure. A structure of the truth that the prediction lacks
# altogether gets Dice 0, as it should, and Hausdorff distance 0, 95th percentile 0 and mean surface distance 0: the best
# values there are. A mean distance over structures gets better with each one that is missed. Its log warns of precision
# and recall, not of distances.
# Seen: label 2, which was not found, has dice 0.0 and hd, hd95, msd 0.0; label 1, drawn too large, has hd 8.0.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.4.6 seg-metrics==1.2.8
cd "$place"
"$place/venv/bin/python" - <<'PYTHON'
import numpy as np
from seg_metrics.seg_metrics import write_metrics

true = np.zeros((1, 20, 20), np.uint8)
true[0, 2:10, 2:10] = 1
true[0, 2:10, 10:18] = 2
predicted = np.where(true > 0, 1, 0).astype(np.uint8)
(found,) = write_metrics(
    labels=[1, 2], gdth_img=true, pred_img=predicted, csv_file=None, metrics=["dice", "hd", "hd95", "msd"]
)
print({name: np.round(np.array(values, float), 3).tolist() for name, values in found.items()})
assert found["hd"][0] == 8.0
assert found["dice"][1] == 0.0
assert found["hd"][1] == found["hd95"][1] == found["msd"][1] == 0.0, "a missed structure is at distance 0"
PYTHON
