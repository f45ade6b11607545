"""Draw, for every method with a result on the phantom, its worst slice there: slice, result, truth."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ctseg.datasets import open_split
from ctseg.labelmaps import match_labels, overlay_filled
from ctseg.leaderboard.folders import built_in_folder
from ctseg.leaderboard.results.store import load_results
from ctseg.methods import CARDS, load
from ctseg.slices.windowing import to_uint8

BOARD = "phantom-val"
FOLDER = Path(__file__).resolve().parents[1] / "ctseg" / "methods" / "images"
PANEL_PX = 320
OPACITY = 0.5


def worst(values: NDArray[np.float64]) -> int:
    """Return the index of the lowest score."""
    return int(np.nanargmin(values))


def image(method: str, index: int) -> Image.Image:
    """Return the slice, the method's label map and the true one side by side."""
    split = open_split(BOARD)
    ct_slice, true = split.slice(index), split.label_map(index)
    assert true is not None
    grey = to_uint8(ct_slice, CARDS[method].input_window)
    truth, found = match_labels([true, load(method).segment(ct_slice)])
    panels = [np.repeat(grey[:, :, None], 3, axis=2)]
    panels += [overlay_filled(grey, label_map, OPACITY) for label_map in (found, truth)]
    body = np.flatnonzero((grey > 20).any(axis=1))
    rows = slice(max(int(body[0]) - 8, 0), int(body[-1]) + 8)
    strip = Image.fromarray(np.concatenate([panel[rows] for panel in panels], axis=1))
    return strip.resize(
        (3 * PANEL_PX, round(strip.height * 3 * PANEL_PX / strip.width)), Image.Resampling.LANCZOS
    )


def main() -> None:
    """Draw all images."""
    FOLDER.mkdir(exist_ok=True)
    for result in load_results(built_in_folder(), BOARD):
        if result.entry in CARDS:
            index = worst(result.values("fg_ari" if result.role == "full tiling" else "ari"))
            few = image(result.entry, index).quantize(128, dither=Image.Dither.NONE)
            few.save(FOLDER / f"{result.entry}.png", optimize=True)
            print(f"{result.entry}: {result.images[index]}")


if __name__ == "__main__":
    main()
