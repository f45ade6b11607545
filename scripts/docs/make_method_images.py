"""Draw, for every method with a result on the phantom, its best, a typical and its worst slice there.

Each is a row: the slice, what the method found, the truth. Names after the command draw these methods only.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ctseg.datasets import open_split
from ctseg.labelmaps import match_labels, overlay_filled
from ctseg.leaderboard.folders import built_in_folder
from ctseg.leaderboard.results.result import Result
from ctseg.leaderboard.results.store import load_results
from ctseg.methods import CARDS, download_bytes, load
from ctseg.slices.windowing import to_uint8

BOARD = "phantom-val"
FOLDER = Path(__file__).resolve().parents[2] / "ctseg" / "methods" / "images"
PANEL_PX = 240
GAP_PX = 4
COLOURS = 128
OPACITY = 0.5


def examples(result: Result, score: str) -> dict[str, int]:
    """Return the images of the highest, the median and the lowest score."""
    values = result.values(score)
    order = [int(index) for index in np.argsort(-values, kind="stable") if not np.isnan(values[index])]
    return {"Best": order[0], "Typical": order[len(order) // 2], "Worst": order[-1]}


def row(method: str, index: int, words: str) -> Image.Image:
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
    size = (3 * PANEL_PX, round(strip.height * 3 * PANEL_PX / strip.width))
    drawn = strip.resize(size, Image.Resampling.LANCZOS)
    font = ImageFont.load_default(size=13)
    ImageDraw.Draw(drawn).text((6, 4), words, "white", font, stroke_width=2, stroke_fill="black")
    return drawn


def image(result: Result) -> Image.Image:
    """Return the three rows of a method."""
    score = "fg_ari" if result.role == "full tiling" else "ari"
    values = result.values(score)
    rows = [
        row(result.entry, index, f"{word}: {score} {values[index]:.2f}".replace("-0.00", "0.00"))
        for word, index in examples(result, score).items()
    ]
    height = sum(each.height for each in rows) + GAP_PX * (len(rows) - 1)
    drawn = Image.new("RGB", (rows[0].width, height), "white")
    top = 0
    for each in rows:
        drawn.paste(each, (0, top))
        top += each.height + GAP_PX
    return drawn


def main() -> None:
    """Draw all images."""
    FOLDER.mkdir(exist_ok=True)
    for result in load_results(built_in_folder(), BOARD):
        asked = not sys.argv[1:] or result.entry in sys.argv[1:]
        if asked and result.entry in CARDS and not download_bytes(result.entry):
            few = image(result).quantize(COLOURS, kmeans=1, dither=Image.Dither.NONE)
            few.save(FOLDER / f"{result.entry}.png", optimize=True)
            print(result.entry, flush=True)


if __name__ == "__main__":
    main()
