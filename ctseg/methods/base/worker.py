"""Answers one image with a recipe's label map: what ``killable`` starts as a script in a process of its own.

Standard input holds an ``.npy`` image, standard output gets an ``.npy`` label map, standard error a dot after
each step. It imports nothing of this project, so that it starts quickly.
"""

import io
import runpy
import sys

import numpy as np


def tell(_step: int) -> None:
    """Say that one more step is done."""
    print(".", end="", file=sys.stderr, flush=True)


def main() -> None:
    """Answer one array with the recipe in the file that the first argument names."""
    recipe = runpy.run_path(sys.argv[1])
    image = np.load(io.BytesIO(sys.stdin.buffer.read()), allow_pickle=False)
    np.save(sys.stdout.buffer, recipe["segment_image"](image, tell), allow_pickle=False)


if __name__ == "__main__":
    main()
