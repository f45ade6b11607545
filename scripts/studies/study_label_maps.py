"""``python scripts/studies/study_label_maps.py RUN``: how probabilities become a label map, measured.

Looks at the selecting patients of the run only. Each row changes one thing of the first row.
"""

import argparse
import dataclasses
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import nn

from ctseg.datasets import open_split
from ctseg.labelmaps.regions import connected_regions
from ctseg.metrics import mean_scores, score
from ctseg.networks.foreground import predict_foreground
from ctseg.networks.stored import load_network
from ctseg.networks.tensors import torch_logits
from ctseg.training.batches import SliceSet
from ctseg.training.recipe_files import recipe_from_table
from ctseg.training.tasks.foreground import divide

SHOWN = ("ari", "fg_ari", "foreground_dice", "best_iou", "panoptic_quality", "structures_predicted")
MIRROR = ((), (1,))


@dataclass(frozen=True)
class Choice:
    """One way from a network to label maps.

    ``opening`` and ``dilation`` are sides in px of a square (1 changes nothing); regions under
    ``smallest`` px are dropped.
    """

    threshold: float = 0.5
    opening: int = 1
    dilation: int = 1
    smallest: int = 1
    flips: tuple[tuple[int, ...], ...] = ((),)
    size: int = 0
    """Side in px at which the network looks; 0 is the size it was selected at."""

    def regions(self, probability: NDArray[np.float32]) -> NDArray[np.int32]:
        """Return the label map of a probability map (H, W)."""
        mask = (probability >= self.threshold).astype(np.uint8)
        mask = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((self.opening,) * 2, np.uint8)))
        mask = np.asarray(cv2.dilate(mask, np.ones((self.dilation,) * 2, np.uint8)))
        regions = connected_regions(mask)
        keep = np.bincount(regions.ravel()) >= self.smallest
        return connected_regions(keep[regions] & (regions > 0))


def choices(size: int) -> Iterable[Choice]:
    """Yield the plain choice and its neighbours, each different in one thing."""
    yield Choice()
    for threshold in (0.2, 0.3, 0.4, 0.6, 0.7):
        yield Choice(threshold=threshold)
    for side in (3, 5):
        yield Choice(opening=side)
        yield Choice(dilation=side)
    for smallest in (10, 30, 100):
        yield Choice(smallest=smallest)
    yield Choice(flips=MIRROR)
    for other in (size - 64, size + 64, size + 128):
        yield Choice(size=other)
    yield Choice(flips=MIRROR, size=size + 64)


def measure(network: nn.Module, slices: SliceSet, size: int) -> dict[Choice, dict[str, float]]:
    """Return the mean scores of every choice; each probability map is computed once."""
    known: dict[tuple[int, tuple[tuple[int, ...], ...]], list[NDArray[np.float32]]] = {}
    logits = torch_logits(network)
    table = {}
    for choice in choices(size):
        look = (choice.size or size, choice.flips)
        if look not in known:
            known[look] = [predict_foreground(logits, grey, *look) for grey in slices.grey]
        means = mean_scores(
            [
                score(choice.regions(probability), label_map)
                for probability, label_map in zip(known[look], slices.label_maps, strict=True)
            ]
        )
        table[choice] = {name: float(means[name]) for name in SHOWN}
    return table


def main(arguments: list[str] | None = None) -> None:
    """Print the table for the best checkpoint of a run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="run folder")
    parser.add_argument("--checkpoint", default="best.safetensors", help="file in the run folder")
    options = parser.parse_args(arguments)
    recipe = recipe_from_table(json.loads((options.run / "recipe.json").read_text(encoding="utf-8")))
    stored = load_network(options.run / options.checkpoint)
    slices = divide(open_split(recipe.data.split), recipe).select
    print(f"{len(slices)} slices at {stored.size} px")
    print("  ".join(SHOWN))
    for choice, scores in measure(stored.network, slices, stored.size).items():
        changed = {
            field.name: getattr(choice, field.name)
            for field in dataclasses.fields(choice)
            if getattr(choice, field.name) != field.default
        }
        print("  ".join(f"{scores[name]:.4f}" for name in SHOWN), changed or "plain")


if __name__ == "__main__":
    main()
