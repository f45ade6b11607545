#!/usr/bin/env bash
# mwatershed 0.5.4 on affinities rounded to steps of 0.05, as networks stored in 8 bits give them: the same affinities with
# the same offsets, handed over in another order, give another partition, for equal weights are taken by channel. On
# affinities without ties the order does not matter. One region carries the label 0, which others read as background.
# Seen: rounded: differs; not rounded: equal; smallest label 0.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.4.6 mwatershed==0.5.4
cd "$place"
"$place/venv/bin/python" - <<'PYTHON'
import mwatershed
import numpy as np

OFFSETS, ORDER = [[0, 1], [1, 0], [0, 3], [3, 0]], [1, 0, 3, 2]


def same(a, b):
    pairs = set(zip(a.ravel().tolist(), b.ravel().tolist()))
    return len(pairs) == len(np.unique(a)) == len(np.unique(b))


def blind_to_order(affinities):
    plain = mwatershed.agglom(affinities, offsets=OFFSETS)
    other = mwatershed.agglom(np.ascontiguousarray(affinities[ORDER]), offsets=[OFFSETS[i] for i in ORDER])
    return same(plain, other), int(plain.min())


affinities = np.random.default_rng(0).random((4, 24, 24))
rounded, _ = blind_to_order(np.round(affinities * 20) / 20 - 0.5)
exact, smallest = blind_to_order(affinities - 0.5)
print("order does not matter: rounded", rounded, "exact", exact, "smallest label", smallest)
assert not rounded
assert exact
assert smallest == 0
PYTHON
