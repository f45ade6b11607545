"""Write docs/reconstructions.png: what the masked autoencoders fill in on phantom slices.

    python scripts/docs/make_reconstructions.py RUNS

RUNS holds the folders ``mae`` and ``swin-mae`` of `ctseg pretrain`. From left to right: the slice, the
quarter of it that is seen, MAE, Swin MAE. Both see the same quarter. Every hidden patch is shown with its
true mean and deviation, since only what it looks like inside is predicted.
"""

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
import torch
from safetensors.torch import load_file

from ctseg.datasets import open_split
from ctseg.networks.foreground import resize_grey
from ctseg.networks.tensors import grey_to_input
from ctseg.slices.windowing import SOFT_TISSUE, to_uint8
from ctseg.training.recipe_files import recipe_from_table
from ctseg.training.tasks.masked_pixels import divide_at_random, fill_in
from ctseg.training.tasks.pretraining import BLOCK, pretraining_network

OUT = Path(__file__).resolve().parents[2] / "docs" / "reconstructions.png"
SLICES = (0, 3, 7)
SIDE = 128  # px, as in pre-training
GAP = 4


def autoencoder(run: Path) -> torch.nn.Module:
    """Return the whole autoencoder of a run, its decoder included."""
    recipe = recipe_from_table(json.loads((run / "recipe.json").read_text(encoding="utf-8")))
    network = pretraining_network(recipe, None)
    network.load_state_dict(load_file(run / "last.safetensors"))
    return network.eval()


def main() -> None:
    """Draw one row a slice."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", type=Path)
    options = parser.parse_args()
    networks = [autoencoder(options.runs / name) for name in ("mae", "swin-mae")]
    split = open_split("phantom-val")
    rows = []
    for index in SLICES:
        grey = resize_grey(to_uint8(split.slice(index), SOFT_TISSUE), SIDE)
        image = grey_to_input(torch.from_numpy(grey)[None])
        noise = torch.rand(1, (SIDE // BLOCK) ** 2, generator=torch.Generator().manual_seed(index))
        masked = divide_at_random(noise, networks[0].mask_ratio)[1]
        unknown = torch.full((1, noise.shape[1], BLOCK**2), torch.nan)
        seen = fill_in(unknown, image, masked).nan_to_num(0.0)
        shown = [image, seen, *(network.reconstruct(image, noise) for network in networks)]
        cells = [((one[0, 0] + 1) * 127.5).clamp(0, 255).round().byte().numpy() for one in shown]
        rows.append(np.hstack([np.pad(cell, GAP, constant_values=255) for cell in cells]))
    sheet = cv2.resize(np.vstack(rows), None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)
    cv2.imwrite(str(OUT), sheet)
    print(OUT)


if __name__ == "__main__":
    main()
