"""Scores of a network on images, and the record of a run."""

import cv2
import numpy as np
import torch

from ctseg.training.batches import SliceSet
from ctseg.training.curves import Record, draw_curves, read_record
from ctseg.training.evaluation import class_dice, selection_scores


def disc(side: int = 64, row: float = 20, column: float = 40) -> np.ndarray:
    rows, columns = np.mgrid[:side, :side]
    return ((rows - row) ** 2 + (columns - column) ** 2 < 100).astype(np.uint8)


class Threshold(torch.nn.Module):
    """Foreground is what is brighter than the middle."""

    def __init__(self) -> None:
        super().__init__()
        self.gain = torch.nn.Parameter(torch.tensor(20.0))

    def forward(self, grey):
        return torch.cat([-self.gain * grey, self.gain * grey], 1)


def test_scores_of_a_perfect_mask() -> None:
    true = disc(row=16, column=16) + 2 * disc(row=48, column=48)
    images = SliceSet(((true > 0) * np.uint8(255),) * 2, (true, true))
    network = Threshold().train()
    scores = selection_scores(network, images, 64)
    assert (scores.ari, scores.fg_ari, scores.dice) == (1, 1, 1)
    assert class_dice(network, images, 64) == [1, 1]
    assert network.training


def test_class_dice_by_hand() -> None:
    grey, true = np.zeros((64, 64), np.uint8), np.zeros((64, 64), np.uint8)
    grey[:32], true[:, :32] = 255, 7
    assert class_dice(Threshold().eval(), SliceSet((grey,), (true,)), 64) == [0.5, 0.5]


def test_the_record_drops_what_will_be_made_again(tmp_path) -> None:
    path = tmp_path / "log.csv"
    record = Record(path, 0)
    for step in (1, 2, 3):
        record.append({"step": step, "loss": 1 / step})
    Record(path, 2).append({"step": 3, "loss": 5.0, "ari": 0.5})
    assert read_record(path) == [
        {"step": 1, "loss": 1}, {"step": 2, "loss": 0.5}, {"step": 3, "loss": 5, "ari": 0.5}
    ]  # fmt: skip
    draw_curves(path, tmp_path / "curves.png")
    assert cv2.imread(str(tmp_path / "curves.png")).shape[1] > 1000
