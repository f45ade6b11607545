"""``python -m ctseg.learning RECIPE --out FOLDER``: train, or go on with a run that was stopped."""

import argparse
import sys
from pathlib import Path

import torch

from ctseg.datasets import DatasetError, open_split
from ctseg.learning.recipe import RecipeError, read_recipe
from ctseg.learning.segmentation import train


def main(arguments: list[str] | None = None) -> int:
    """Run the training; return 0, or 2 if the recipe or the data cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m ctseg.learning", description=__doc__)
    parser.add_argument("recipe", type=Path, help="TOML file")
    parser.add_argument(
        "--out", type=Path, required=True, help="folder for logs and weights; resumes if used"
    )
    parser.add_argument("--initial", type=Path, help="safetensors file with the encoder's ImageNet weights")
    parser.add_argument("--threads", type=int, help="processor threads")
    options = parser.parse_args(arguments)
    if options.threads:
        torch.set_num_threads(options.threads)
    try:
        recipe = read_recipe(options.recipe)
        best = train(recipe, open_split(recipe.data.split), options.out, options.initial)
    except (RecipeError, DatasetError) as error:
        print(error, file=sys.stderr)
        return 2
    print(best)
    return 0


if __name__ == "__main__":
    sys.exit(main())
