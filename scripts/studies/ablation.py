"""Train the rows of the ablation table one after the other and write their scores to docs/ablation.csv.

    CTSEG_DATA=... python scripts/studies/ablation.py RUNS [ROW ...]

A row is the recipe ``ablation`` with something changed. Each fold of four holds out other patients; a row's
score is that of its last moving average on held-out patients that neither set kappa nor chose anything.
Finished runs are kept, so a stopped call goes on. Only the rows ``val-...``, which may train on all
patients, open validation images: once each, at the end, and the look is counted.
"""

import argparse
import csv
import dataclasses
import datetime
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ctseg.datasets import Split, of_patients, open_split, patient_folds
from ctseg.leaderboard.evaluation.evaluate import code_version
from ctseg.leaderboard.folders import built_in_folder
from ctseg.leaderboard.results.look_log import Look, add_look
from ctseg.networks.stored import load_network
from ctseg.training.batches import load_slices
from ctseg.training.evaluation import slice_scores
from ctseg.training.recipe import Recipe
from ctseg.training.recipe_files import find_recipe, recipe_from_table, recipe_to_table
from ctseg.training.tasks.foreground import train

TABLE = Path(__file__).resolve().parents[2] / "docs" / "ablation.csv"
COLUMNS = ("row", "fold", "seed", "patient", "image", "ari", "fg_ari", "dice")
EVERY_FOLD = (0, 1, 2, 3)
ALL = -1  # in place of a fold: no patient is held out
VALIDATION = "ct-fewshot-val"


@dataclass(frozen=True)
class Row:
    """One row: what it changes, on which folds it runs, and the pre-training whose encoder it starts from."""

    changes: dict[str, Any] = field(default_factory=dict)
    folds: tuple[int, ...] = EVERY_FOLD
    encoder: str = ""


REPORT = {"cross_entropy": 0.0, "optimiser": {"name": "sgd", "learning_rate": 0.01, "weight_decay": 1e-4},
          "augmentation": {"scale": 1.0, "shift": 0.0, "elastic": 0.0, "contrast": 1.0, "brightness": 0.0,
                           "gamma": 1.0, "noise": 0.0, "blur": 0.0}}  # fmt: skip
ROWS = {
    "tvmf": Row(),
    "dice": Row({"loss": "dice"}),
    "scratch": Row({"initial": "random"}),
    "simclr": Row({"initial": "pretrained"}, encoder="simclr"),
    "patients-1": Row({"data": {"train_patients": 1}}, (0,)),
    "patients-4": Row({"data": {"train_patients": 4}}, (0,)),
    "patients-8": Row({"data": {"train_patients": 8}}, (0,)),
    **{f"val-{count}": Row({"data": {"train_patients": count}}, (ALL,)) for count in (1, 4, 8, 16)},
    "report": Row(REPORT, (0,)),
    "vit-scratch": Row({"network": "vit-mae", "initial": "random"}, (0,)),
    "vit-mae": Row({"network": "vit-mae", "initial": "pretrained"}, (0,), "mae"),
    "swin-scratch": Row({"network": "swin-unet", "initial": "random"}, (0,)),
    "swin-mae": Row({"network": "swin-unet", "initial": "pretrained"}, (0,), "swin-mae"),
}


def changed(base: Recipe, changes: dict[str, Any], fold: int, seed: int) -> Recipe:
    """Return the base recipe with a row's changes."""
    table = recipe_to_table(base) | {"seed": seed}
    for key, value in changes.items():
        table[key] = table[key] | value if isinstance(value, dict) else value
    table["data"] = table["data"] | ({"folds": 0} if fold == ALL else {"fold": fold})
    return recipe_from_table(table)


def held_out_scores(recipe: Recipe, run: Path) -> list[dict[str, Any]]:
    """Return the scores of each slice of the held-out patients that did not set kappa, else of validation."""
    if recipe.data.folds:
        split = open_split(recipe.data.split)
        held_out = patient_folds(split.patients, recipe.data.folds, recipe.data.fold_seed)[recipe.data.fold]
        subset: Split = of_patients(split, held_out[: -recipe.data.kappa_patients], split.name)
    else:
        subset = open_split(VALIDATION)
    stored = load_network(run / "last.safetensors")
    scores = slice_scores(stored.network, load_slices(subset), stored.size)
    return [
        {
            "patient": patient,
            "image": image,
            "ari": each.ari,
            "fg_ari": each.fg_ari,
            "dice": each.foreground_dice,
        }
        for patient, image, each in zip(subset.patients, subset.images, scores, strict=True)
    ]


def count_look(row: str, lines: list[dict[str, Any]]) -> None:
    """Count a look at the validation board."""
    ari, fg_ari = (f"{np.nanmean([line[score] for line in lines]):.4f}" for score in ("ari", "fg_ari"))
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    look = Look(today, code_version(), VALIDATION, f"ablation {row}", ari, fg_ari)
    add_look(built_in_folder() / "looks.csv", look)


def finished(table: Path) -> set[tuple[str, str, str]]:
    """Return row, fold and seed of the runs that the table holds already."""
    if not table.is_file():
        return set()
    with table.open(newline="", encoding="utf-8") as file:
        return {(line["row"], line["fold"], line["seed"]) for line in csv.DictReader(file)}


def main() -> None:
    """Run what is not in the table yet."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "runs", type=Path, help="folder of the runs; pre-trained encoders lie there by recipe name"
    )
    parser.add_argument("rows", nargs="*", help=f"among {', '.join(ROWS)}; default: all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--table", type=Path, default=TABLE)
    options = parser.parse_args()
    base = find_recipe("ablation")
    todo = [(name, fold) for name in options.rows or ROWS for fold in ROWS[name].folds]
    for name, fold in todo:
        fold_name = "all" if fold == ALL else str(fold)
        if (name, fold_name, str(options.seed)) in finished(options.table):
            continue
        row = ROWS[name]
        recipe = dataclasses.replace(changed(base, row.changes, fold, options.seed), name=name)
        run = options.runs / f"{name}-fold{fold_name}-seed{options.seed}"
        encoder = options.runs / row.encoder / "encoder.safetensors" if row.encoder else None
        train(recipe, open_split(recipe.data.split), run, encoder)
        lines = held_out_scores(recipe, run)
        if fold == ALL:
            count_look(name, lines)
        new = not options.table.is_file()
        with options.table.open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            if new:
                writer.writeheader()
            for line in lines:
                rounded = {
                    key: f"{value:.5f}" if isinstance(value, float) else value for key, value in line.items()
                }
                writer.writerow({"row": name, "fold": fold_name, "seed": options.seed} | rounded)
        print(json.dumps({"row": name, "fold": fold_name, "slices": len(lines)}), flush=True)


if __name__ == "__main__":
    main()
