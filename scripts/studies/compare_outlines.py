"""Compare runs of outlines that held out the same patients, at several sizes of their look.

    CTSEG_DATA=... python scripts/studies/compare_outlines.py RUN [RUN ...] [--sides 256 384]
        [--flat 0.3 0.02] [--one-look] [--led-by RUN]

Slices are divided into 60 regions by the way of `partition-all`: not led, and led by the structures of a run
of ``partition`` on the same patients where one is named. A line gives means and each patient's best IoU.
"""

import argparse
from pathlib import Path

import numpy as np
from average_runs import DECODER
from choose_partition import decoded, held_out
from numpy.typing import NDArray

from ctseg.datasets import Split
from ctseg.methods.base.affinity_network import resized
from ctseg.methods.base.body import body_mask
from ctseg.metrics import score
from ctseg.networks.affinities import OFFSETS, predict_affinities
from ctseg.networks.stored import load_network
from ctseg.networks.tensors import torch_logits
from ctseg.partition import boundary_map, edge_strength, led_by, placed, volume_tree
from ctseg.partition.volume import FLAT_WEIGHT
from ctseg.training.batches import SliceSet, load_slices

COUNT = 60
SCORES = ("fg_ari", "best_iou")


def structures(run: Path, slices: SliceSet) -> list[NDArray[np.int32]]:
    """Return what a run of ``partition`` finds on each slice, two looks, shipped decoder."""
    stored = load_network(run / "last.safetensors")
    logits = torch_logits(stored.network)
    found = []
    for grey in slices.grey:
        maps = predict_affinities(logits, grey, stored.size, True)
        [label_map] = decoded(maps, (grey.shape[0], grey.shape[1]), [DECODER])
        found.append(label_map)
    return found


def report(name: str, lines: list[list[float]], split: Split) -> None:
    """Print the means of a way, and best IoU by patient."""
    table = np.array(lines)
    fg_ari, best_iou = np.nanmean(table, axis=0)
    patients = np.array(split.patients)
    by_patient = ", ".join(
        f"{np.nanmean(table[patients == patient, 1]):.3f}" for patient in sorted(set(split.patients))
    )
    print(f"{name}: fg_ari {fg_ari:.3f}, best_iou {best_iou:.3f}, by patient {by_patient}", flush=True)


def main() -> None:
    """Print a line for each run, side and way."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", type=Path, nargs="+", help="run folders of recipes that hold patients out")
    parser.add_argument("--sides", type=int, nargs="+", default=[256], help="px at which networks look")
    parser.add_argument("--flat", type=float, nargs="+", default=[FLAT_WEIGHT], help="weights of plain edges")
    parser.add_argument("--one-look", action="store_true", help="do not average in the mirrored look")
    parser.add_argument("--led-by", type=Path, help="run folder of `partition` with the same patients")
    options = parser.parse_args()
    split = held_out(options.runs[0])
    slices = load_slices(split)
    leads = structures(options.led_by, slices) if options.led_by else None
    bodies = [body_mask(grey) for grey in slices.grey]
    for run in options.runs:
        logits = torch_logits(load_network(run / "last.safetensors").network)
        for side in options.sides:
            boundaries = [
                resized(
                    boundary_map(predict_affinities(logits, grey, side, not options.one_look)[1], OFFSETS),
                    (grey.shape[0], grey.shape[1]),
                )
                for grey in slices.grey
            ]
            for flat in options.flat:
                plain: list[list[float]] = []
                led: list[list[float]] = []
                for index, (grey, true) in enumerate(zip(slices.grey, slices.label_maps, strict=True)):
                    strength = edge_strength(grey, boundaries[index], flat=flat)
                    ways = [(plain, strength)]
                    if leads is not None:
                        ways.append((led, led_by(strength, leads[index])))
                    for lines, edge in ways:
                        scores = score(placed(volume_tree(edge), bodies[index]).cut(count=COUNT), true)
                        lines.append([float(getattr(scores, one)) for one in SCORES])
                report(f"{run.name}, {side} px, plain edges {flat}", plain, split)
                if led:
                    report(f"{run.name}, {side} px, plain edges {flat}, led", led, split)


if __name__ == "__main__":
    main()
