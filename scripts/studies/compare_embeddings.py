"""Divide by affinities, by the likeness of embeddings at the same pairs, and by both, on held-out patients.

    CTSEG_DATA=... python scripts/studies/compare_embeddings.py RUN

RUN is a run folder of a recipe with ``embedding`` that holds patients out. Both looks, a mask at 0.5; a line
gives the means over the held-out slices.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from choose_partition import FIRST_BASIN, MERGES, Choice, held_out, means, measure
from numpy.typing import NDArray
from scipy.special import logit

from ctseg.networks.affinities import CHANNELS, CLASSES, OFFSETS, predict_affinities
from ctseg.networks.foreground import Logits
from ctseg.networks.stored import load_network
from ctseg.networks.tensors import torch_logits
from ctseg.partition.affinities import ends
from ctseg.training.batches import load_slices
from ctseg.training.losses import same_structure

_SURE = 1e-6


def by_embeddings(logits: Logits) -> Logits:
    """Return the network whose affinities are how surely its embeddings are one structure."""

    def answer(image: NDArray[np.float32]) -> NDArray[np.float32]:
        whole = logits(image)
        answered = whole[:, :CHANNELS].copy()
        for channel, offset in enumerate(OFFSETS):
            first, second = ends(whole[:, CHANNELS:], offset)
            distance = torch.from_numpy(np.linalg.norm(first - second, axis=1))
            same = same_structure(distance).numpy().clip(_SURE, 1 - _SURE)
            ends(answered[:, CLASSES + channel], offset)[0][...] = logit(same)
        return answered

    return answer


def main() -> None:
    """Print a line for each way, basin and threshold of merging."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="run folder of a recipe with embeddings")
    run = parser.parse_args().run
    stored = load_network(run / "last.safetensors")
    logits = torch_logits(stored.network)
    slices = load_slices(held_out(run))
    affinities, likeness = (
        [predict_affinities(each, grey, stored.size, mirror=True) for grey in slices.grey]
        for each in (logits, by_embeddings(logits))
    )
    both = [(mask, (one + other) / 2) for (mask, one), (_, other) in zip(affinities, likeness, strict=True)]
    for name, maps in (("affinities", affinities), ("mean", both), ("embeddings", likeness)):
        for basin in (FIRST_BASIN, 0.3):
            choices = [Choice(mirror=True, mask=0.5, basin=basin, merge=merge) for merge in MERGES]
            for choice, lines in measure(maps, slices, choices).items():
                found = "  ".join(f"{score} {value:.4f}" for score, value in means(lines).items())
                print(f"{name} {choice}  {found}", flush=True)


if __name__ == "__main__":
    main()
