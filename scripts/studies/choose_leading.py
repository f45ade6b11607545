"""Choose how structures lead the tree of a whole slice, on patients that the structures' network held out.

    CTSEG_DATA=... python scripts/studies/choose_leading.py RUN WEIGHTS [--table docs/leading_choice.csv]

WEIGHTS are the boundary's, RUN is a run of ``partition-inner``. The boundary's network has seen the patients,
the same for all choices, so the figures are too good without exception; the choices compare.
"""

import argparse
import csv
import itertools
from pathlib import Path

import numpy as np
from choose_partition import held_out

from ctseg.methods.base.affinity_network import resized
from ctseg.methods.base.body import body_mask
from ctseg.methods.own.structures import BASINS_BELOW, JOINED_FROM, MASK_FROM
from ctseg.metrics import score
from ctseg.networks.affinities import OFFSETS, predict_affinities
from ctseg.networks.stored import load_network
from ctseg.networks.tensors import torch_logits
from ctseg.partition import agglomerate, boundary_map, edge_strength, led_by, placed, volume_tree
from ctseg.training.batches import load_slices

COUNT = 60
INSIDE = (1.0, 0.3, 0.1)
BORDER = (0.0, 0.02, 0.05, 0.1)
SCORES = ("fg_ari", "best_iou")


def main() -> None:
    """Print the mean scores of every choice and write every slice's."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="run folder of partition-inner")
    parser.add_argument("boundary", type=Path, help="safetensors file of the network of outlines")
    parser.add_argument("--table", type=Path, help="CSV file to write")
    options = parser.parse_args()
    stored = load_network(options.run / "last.safetensors")
    outlines = load_network(options.boundary)
    split = held_out(options.run)
    slices = load_slices(split)
    inner, outer = torch_logits(stored.network), torch_logits(outlines.network)
    lines: dict[tuple[float, float], list[list[str | float]]] = {}
    for image, patient, grey, true in zip(
        split.images, split.patients, slices.grey, slices.label_maps, strict=True
    ):
        shape = (grey.shape[0], grey.shape[1])
        foreground, affinities = predict_affinities(inner, grey, stored.size, True)
        mask = resized(foreground, shape) >= MASK_FROM
        tree = agglomerate(affinities, foreground >= MASK_FROM, OFFSETS, BASINS_BELOW, mask)
        found = tree.cut(threshold=1 - JOINED_FROM)
        _, edges = predict_affinities(outer, grey, outlines.size, True)
        strength = edge_strength(grey, resized(boundary_map(edges, OFFSETS), shape))
        body = body_mask(grey)
        for inside, border in itertools.product(INSIDE, BORDER):
            led = led_by(strength, found, inside, border)
            scores = score(placed(volume_tree(led), body).cut(count=COUNT), true)
            values = [round(float(getattr(scores, name)), 5) for name in SCORES]
            lines.setdefault((inside, border), []).append([patient, image, *values])
    for (inside, border), of_slices in lines.items():
        means = np.nanmean(np.array([line[2:] for line in of_slices], float), axis=0)
        print(f"inside {inside}, border {border}: {dict(zip(SCORES, means.round(4).tolist(), strict=True))}")
    if options.table:
        with options.table.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["inside", "border", "patient", "image", *SCORES])
            for choice, of_slices in lines.items():
                writer.writerows([*choice, *line] for line in of_slices)


if __name__ == "__main__":
    main()
