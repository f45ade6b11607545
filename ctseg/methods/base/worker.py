"""Answers one image with a recipe's label map: what ``interruptible`` starts in a process that can be killed.

Standard input holds an ``.npy`` image, standard output gets an ``.npy`` label map, standard error a dot after
each step.
"""

import importlib
import io
import sys

import numpy as np


def after_step(_step: int) -> None:
    """Say that one more step is done."""
    print(".", end="", file=sys.stderr, flush=True)


def main() -> None:
    """Answer one array with the recipe in the module that the first argument names."""
    recipe = importlib.import_module(sys.argv[1])
    image = np.load(io.BytesIO(sys.stdin.buffer.read()), allow_pickle=False)
    np.save(sys.stdout.buffer, recipe.segment_image(image, after_step), allow_pickle=False)


if __name__ == "__main__":
    main()
