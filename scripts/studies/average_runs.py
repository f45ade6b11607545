"""Compare runs that held out the same patients, and the mean of what they say, under the shipped decoder.

    CTSEG_DATA=... python scripts/studies/average_runs.py RUN [RUN ...]

Each run is decoded with and without its mirrored look; then, where there are several, the mean of the runs'
foreground and affinities. A line gives the means over the held-out slices and each patient's best IoU.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from choose_partition import Choice, Maps, held_out, means, measure

from ctseg.networks.affinities import predict_affinities
from ctseg.networks.stored import load_network
from ctseg.networks.tensors import torch_logits
from ctseg.training.batches import load_slices

DECODER = Choice(mirror=True, mask=0.5, basin=0.3, merge=0.4)


def mean_of(runs: Sequence[Sequence[Maps]]) -> list[Maps]:
    """Return for each slice the mean foreground and the mean affinities of several runs."""
    return [
        (np.mean([maps[0] for maps in of_slice], axis=0), np.mean([maps[1] for maps in of_slice], axis=0))
        for of_slice in zip(*runs, strict=True)
    ]


def main() -> None:
    """Print a line for each run and look."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", type=Path, nargs="+", help="run folders of recipes that hold patients out")
    runs = parser.parse_args().runs
    split = held_out(runs[0])
    slices = load_slices(split)
    said: dict[tuple[str, bool], list[Maps]] = {}
    for run in runs:
        stored = load_network(run / "last.safetensors")
        logits = torch_logits(stored.network)
        for mirror in (False, True):
            said[run.name, mirror] = [
                predict_affinities(logits, grey, stored.size, mirror) for grey in slices.grey
            ]
    if len(runs) > 1:
        for mirror in (False, True):
            said["mean", mirror] = mean_of([said[run.name, mirror] for run in runs])
    for (name, mirror), maps in said.items():
        lines = measure(maps, slices, [DECODER])[DECODER]
        found, paired = means(lines), list(zip(lines, split.patients, strict=True))
        by_patient = {
            patient: f"{means([line for line, of in paired if of == patient])['best_iou']:.3f}"
            for patient in sorted(set(split.patients))
        }
        looks = "two looks" if mirror else "one look"
        print(
            f"{name}, {looks}: ari {found['ari']:.3f}, fg_ari {found['fg_ari']:.3f}, "
            f"best_iou {found['best_iou']:.3f}, by patient {by_patient}",
            flush=True,
        )


if __name__ == "__main__":
    main()
