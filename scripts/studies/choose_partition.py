"""Choose how affinities become structures, on patients that a run held out; needs nothing but the run.

    CTSEG_DATA=... python scripts/studies/choose_partition.py RUN [--table docs/partition_choice.csv]

The mask's threshold is tried first, with a mirrored look averaged in, then the best of them without it, then
where basins begin, with and without; each with several thresholds of merging. The best mean IoU decides, step
by step; the table keeps every slice, so that choices can be compared patient by patient.
"""

import argparse
import csv
import dataclasses
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ctseg.datasets import Split, of_patients, open_split, patient_folds
from ctseg.labelmaps import connected_regions
from ctseg.metrics import score
from ctseg.networks.affinities import OFFSETS, predict_affinities
from ctseg.networks.stored import load_network
from ctseg.networks.tensors import torch_logits
from ctseg.partition import agglomerate
from ctseg.training.batches import SliceSet, load_slices
from ctseg.training.recipe_files import recipe_from_table

MASKS = (0.3, 0.4, 0.5)
BASINS = (0.1, 0.15, 0.2, 0.3)
MERGES = (0.3, 0.4, 0.5, 0.6, 0.7)
FIRST_BASIN = 0.15
SCORES = ("ari", "fg_ari", "best_iou", "foreground_dice", "structures_predicted")

Maps = tuple[NDArray[np.float32], NDArray[np.float32]]


@dataclasses.dataclass(frozen=True)
class Choice:
    """One decoder: probability of foreground from which the mask is taken, boundary below which a basin
    begins, mean affinity from which two parts are one, and whether a mirrored look is averaged in. A basin of
    0 stands for the mask's connected regions."""

    mirror: bool
    mask: float
    basin: float
    merge: float


def held_out(run: Path) -> Split:
    """Return the slices of the patients that the run did not train on."""
    recipe = recipe_from_table(json.loads((run / "recipe.json").read_text(encoding="utf-8")))
    split = open_split(recipe.data.split)
    folds = patient_folds(split.patients, recipe.data.folds, recipe.data.fold_seed)
    return of_patients(split, folds[recipe.data.fold], split.name)


def decoded(maps: Maps, shape: tuple[int, int], choices: Sequence[Choice]) -> Iterable[NDArray[np.int32]]:
    """Yield the label map of each choice; the choices differ in ``merge`` only."""
    foreground, affinities = maps
    first = choices[0]
    mask = cv2.resize(foreground, shape[::-1], interpolation=cv2.INTER_LINEAR) >= first.mask
    if not first.basin:
        yield connected_regions(mask)
        return
    tree = agglomerate(affinities, foreground >= first.mask, OFFSETS, first.basin, mask)
    for choice in choices:
        yield tree.cut(threshold=1 - choice.merge)


def measure(
    predictions: Sequence[Maps], slices: SliceSet, choices: Sequence[Choice]
) -> dict[Choice, list[dict[str, float]]]:
    """Return each choice's scores of every slice; the choices differ in ``merge`` only."""
    table: dict[Choice, list[dict[str, float]]] = {choice: [] for choice in choices}
    for maps, true in zip(predictions, slices.label_maps, strict=True):
        shape = (true.shape[0], true.shape[1])
        for choice, label_map in zip(choices, decoded(maps, shape, choices), strict=True):
            scores = score(label_map, true)
            table[choice].append({name: float(getattr(scores, name)) for name in SCORES})
    return table


def means(lines: Sequence[dict[str, float]]) -> dict[str, float]:
    """Return the mean of each score over the slices that have it."""
    return {name: float(np.nanmean([line[name] for line in lines])) for name in SCORES}


def best(table: dict[Choice, list[dict[str, float]]]) -> Choice:
    """Return the choice of highest mean best IoU."""
    return max(table, key=lambda choice: means(table[choice])["best_iou"])


def main() -> None:
    """Print the table's means and write every slice's scores."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="run folder of a recipe that holds patients out")
    parser.add_argument("--table", type=Path, help="CSV file to write")
    options = parser.parse_args()
    stored = load_network(options.run / "last.safetensors")
    split = held_out(options.run)
    slices = load_slices(split)
    logits = torch_logits(stored.network)
    looks = {
        mirror: [predict_affinities(logits, grey, stored.size, mirror) for grey in slices.grey]
        for mirror in (False, True)
    }
    table: dict[Choice, list[dict[str, float]]] = {}

    def add(mirror: bool, mask: float, basin: float) -> None:
        merges = MERGES if basin else (0.5,)
        new = measure(looks[mirror], slices, [Choice(mirror, mask, basin, merge) for merge in merges])
        table.update(new)
        for choice, lines in new.items():
            found = "  ".join(f"{name} {value:.4f}" for name, value in means(lines).items())
            print(f"{choice}  {found}", flush=True)

    add(True, 0.5, 0)
    for mask in MASKS:
        add(True, mask, FIRST_BASIN)
    add(False, best(table).mask, FIRST_BASIN)
    chosen = best(table)
    for basin in BASINS:
        for mirror in (True, False):
            if basin != FIRST_BASIN:
                add(mirror, chosen.mask, basin)
    print("chosen:", best(table))
    if options.table:
        with options.table.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["mirror", "mask", "basin", "merge", "patient", "image", *SCORES])
            for choice, lines in table.items():
                for patient, image, line in zip(split.patients, split.images, lines, strict=True):
                    values = [f"{line[name]:.5f}" for name in SCORES]
                    writer.writerow([*dataclasses.astuple(choice), patient, image, *values])


if __name__ == "__main__":
    main()
