#!/usr/bin/env bash
# OpenCV 5.0.0.93 (PyPI, opencv-python-headless, x86-64): the precise Euclidean distance transform of one mask differs in its
# last bits from call to call, by where in memory the result comes to lie: at a multiple of 32 bytes or not. Squares of
# distances are whole numbers, so structures have several innermost pixels; which of them argmax names, and with it the
# seed that a method asks about or floods from, then changes within one process. Rounding the squares makes it one again.
# Seen: of 400 transforms of one ellipse about half differ from the first, in 338 pixels, by one unit in the last place;
# their rounded squares are all the same.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.4.6 opencv-python-headless==5.0.0.93
"$place/venv/bin/python" - <<'PYTHON'
import cv2
import numpy as np

chance = np.random.default_rng(0)
rows, columns = np.mgrid[:97, :131]
mask = ((rows - 48) ** 2 / 40**2 + (columns - 65) ** 2 / 60**2 < 1).astype(np.uint8)
kept, found = [], []
for _ in range(400):
    kept.append(np.empty(chance.integers(1, 100_000), np.uint8))  # moves what is allocated next
    found.append(cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE))
differ = [int((one != found[0]).sum()) for one in found]
print(sum(count > 0 for count in differ), "of 400 differ from the first, in", max(differ), "pixels")
print("addresses modulo 32 of those that are equal and those that differ:",
      sorted({one.ctypes.data % 32 for one, count in zip(found, differ) if not count}),
      sorted({one.ctypes.data % 32 for one, count in zip(found, differ) if count}))
assert 0 < sum(count > 0 for count in differ) < 400, "the last bits no longer depend on the place in memory"
squares = [np.rint(one.astype(np.float64) ** 2) for one in found]
assert all(np.array_equal(one, squares[0]) for one in squares)
PYTHON
