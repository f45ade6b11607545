"""The images on which a submission did worst, drawn only for boards whose true labels are public."""

import base64
import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ctseg.datasets import open_split
from ctseg.labelmaps import merge_split_map, overlay_outlined
from ctseg.labelmaps.merge_split import MERGED, SPLIT
from ctseg.leaderboard.boards import Board
from ctseg.leaderboard.results.result import Result
from ctseg.slices.windowing import SOFT_TISSUE, to_uint8
from ctseg.ui.components.display import MARK_COLOURS

SHOWN = 4
_OPACITY = 0.6
_FAULTS = {MERGED: "merged", SPLIT: "split"}


@dataclass(frozen=True)
class WorstImage:
    """An image's name, its score, and what it shows as a data URL."""

    image: str
    score: float
    address: str


def worst_images(
    board: Board, result: Result, label_maps: NDArray[np.integer], score: str
) -> list[WorstImage]:
    """Return the images with the lowest score, outlines of what was found and where it merges and splits.

    Nothing where the board's true labels may not be shown.

    Parameters
    ----------
    board : Board
    result : scores of these label maps
    label_maps : (N, H, W)
    score : which
    """
    if not board.labels_may_be_shown:
        return []
    split = open_split(board.name)
    values = result.values(score)
    worst = [int(index) for index in np.argsort(values, kind="stable")[:SHOWN] if np.isfinite(values[index])]
    drawn = []
    for index in worst:
        true = split.label_map(index)
        assert true is not None, "a board has labels"
        grey = to_uint8(split.slice(index), SOFT_TISSUE)
        painted = _painted(grey, label_maps[index], true)
        drawn.append(WorstImage(result.images[index], float(values[index]), _data_url(painted)))
    return drawn


def _painted(
    grey: NDArray[np.uint8], predicted: NDArray[np.integer], true: NDArray[np.integer]
) -> NDArray[np.uint8]:
    image = overlay_outlined(grey, predicted).astype(np.float64)
    marks = merge_split_map(predicted, true)
    for mark, name in _FAULTS.items():
        there = marks == mark
        image[there] += _OPACITY * (np.array(MARK_COLOURS[name]) - image[there])
    return np.rint(image).astype(np.uint8)


def _data_url(pixels: NDArray[np.uint8]) -> str:
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "JPEG", quality=85)
    return f"data:image/jpeg;base64,{base64.b64encode(data.getvalue()).decode()}"
