#!/usr/bin/env bash
# A cut of a hierarchical watershed into n regions by higra 0.6.13: on edge weights with ties a mirrored image gives
# another partition, not the mirrored one, and a constant image asked for 2 regions gives 1. With distinct edge weights the
# partition of the mirrored image is the mirrored partition. Whoever promises n regions, or the same answer for a
# mirrored slice, has to say what happens where altitudes tie.
# Seen: 24 x 24 with four grey levels: mirrored differs; distinct weights: equal; constant 8 x 8: 1 region.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.4.6 higra==0.6.13
cd "$place"
"$place/venv/bin/python" - <<'PYTHON'
import higra as hg
import numpy as np


def cut(horizontal, vertical, regions):
    height, width = horizontal.shape[0], vertical.shape[1]
    graph = hg.get_4_adjacency_graph((height, width))
    source, target = graph.edge_list()
    across = target - source == 1
    weights = np.where(
        across,
        horizontal[source // width, np.minimum(source % width, width - 2)],
        vertical[np.minimum(source // width, height - 2), source % width],
    )
    tree, altitudes = hg.watershed_hierarchy_by_volume(graph, weights.astype(np.float64))
    return hg.labelisation_horizontal_cut_from_num_regions(tree, altitudes, regions).reshape(height, width)


def same(a, b):
    pairs = set(zip(a.ravel().tolist(), b.ravel().tolist()))
    return len(pairs) == len(np.unique(a)) == len(np.unique(b))


def mirrored_is_same(horizontal, vertical):
    plain = cut(horizontal, vertical, 8)
    return same(plain, cut(horizontal[:, ::-1], vertical[:, ::-1], 8)[:, ::-1])


random = np.random.default_rng(0)
tied = mirrored_is_same(random.integers(0, 4, (24, 23)), random.integers(0, 4, (23, 24)))
distinct = mirrored_is_same(random.random((24, 23)), random.random((23, 24)))
regions = len(np.unique(cut(np.zeros((8, 7)), np.zeros((7, 8)), 2)))
print("mirrored is the same with ties:", tied, "with distinct weights:", distinct, "constant, cut to 2:", regions)
assert not tied
assert distinct
assert regions == 1
PYTHON
