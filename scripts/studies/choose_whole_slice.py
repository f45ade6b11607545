"""Choose how a boundary map divides whole slices, on every third training slice.

    CTSEG_DATA=... python scripts/studies/choose_whole_slice.py WEIGHTS [--table docs/whole_slice_choice.csv]

The slices' patients were seen while the network learnt, so the figures are too good; the ways compare.
"""

import argparse
import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import higra
import numpy as np
from numpy.typing import NDArray

from ctseg.datasets import open_split
from ctseg.datasets.split import Subset
from ctseg.methods.base.body import body_mask
from ctseg.metrics import score
from ctseg.networks.affinities import OFFSETS, predict_affinities
from ctseg.networks.stored import load_network
from ctseg.networks.tensors import torch_logits
from ctseg.partition import boundary_map, edge_strength, placed, volume_tree
from ctseg.training.batches import load_slices

EVERY = 3
COUNTS = (40, 60)
COARSE = (150,)
SCORES = ("fg_ari", "best_iou", "structures_predicted")

Cut = Callable[[int], NDArray[np.integer]]


def average_linkage(leaves: NDArray[np.int32], strength: NDArray[np.floating]) -> Cut:
    """Join regions by the mean strength along their common border; return a cut to a number of regions."""
    graph = higra.get_4_adjacency_graph(leaves.shape)
    weights = higra.weight_graph(graph, strength.astype(np.float64), higra.WeightFunction.max)
    regions = higra.make_region_adjacency_graph_from_labelisation(graph, leaves)
    means = higra.rag_accumulate_on_edges(regions, higra.Accumulators.mean, weights)
    lengths = higra.rag_accumulate_on_edges(regions, higra.Accumulators.sum, np.ones_like(weights))
    tree, altitudes = higra.binary_partition_tree_average_linkage(regions, means, lengths)

    def cut(count: int) -> NDArray[np.integer]:
        return np.asarray(higra.labelisation_horizontal_cut_from_num_regions(tree, altitudes, count)) + 1

    return cut


def ways(grey: NDArray[np.uint8], boundaries: dict[str, NDArray[np.float32]]) -> Iterator[tuple[str, Cut]]:
    """Yield ways to divide a slice by name, each a function from a number of regions to a label map."""
    body = body_mask(grey)

    def inside(label_map: NDArray[np.integer]) -> NDArray[np.integer]:
        return np.where(body, label_map, 0)

    plain = placed(volume_tree(edge_strength(grey)), body)
    yield "sobel volume", lambda count: plain.cut(count=count)
    for look, boundary in boundaries.items():
        strength = edge_strength(grey, boundary)
        tree = placed(volume_tree(strength), body)
        yield f"weighted volume, {look}", lambda count, tree=tree: tree.cut(count=count)
        for coarse in COARSE:
            parts = tree.cut(count=coarse)
            for name, values in (("weighted", strength), ("boundary", boundary)):
                linkage = average_linkage(parts + 1, values)
                yield (
                    f"{name} average linkage of {coarse}, {look}",
                    (lambda count, linkage=linkage: inside(linkage(count + 1))),
                )


def main() -> None:
    """Print the mean scores of every way and write every slice's."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("weights", type=Path, help="safetensors file of a network of affinities")
    parser.add_argument("--table", type=Path, help="CSV file to write")
    options = parser.parse_args()
    stored = load_network(options.weights)
    whole = open_split("ct-fewshot-train")
    split = Subset(whole, range(0, len(whole), EVERY), whole.name)
    slices = load_slices(split)
    logits = torch_logits(stored.network)
    lines: dict[tuple[str, int], list[list[str | float]]] = {}
    for image, patient, grey, true in zip(
        split.images, split.patients, slices.grey, slices.label_maps, strict=True
    ):
        boundaries = {}
        for look, mirror in (("one look", False), ("mirrored too", True)):
            _, affinities = predict_affinities(logits, grey, stored.size, mirror)
            small = boundary_map(affinities, OFFSETS).astype(np.float32)
            boundaries[look] = np.asarray(cv2.resize(small, grey.shape[::-1]), np.float32)
        for way, cut in ways(grey, boundaries):
            for count in COUNTS:
                scores = score(cut(count), true)
                values = [float(getattr(scores, name)) for name in SCORES]
                lines.setdefault((way, count), []).append([patient, image, *values])
    for (way, count), found in lines.items():
        means = np.nanmean(np.array([line[2:] for line in found], float), axis=0)
        print(f"{way}, {count}: {dict(zip(SCORES, means.round(4).tolist(), strict=True))}")
    if options.table:
        with options.table.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["way", "count", "patient", "image", *SCORES])
            for (way, count), found in lines.items():
                writer.writerows([way, count, *line] for line in found)


if __name__ == "__main__":
    main()
