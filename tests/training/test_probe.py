"""The probe answers what it is asked: by hand, and with an encoder that knows."""

import numpy as np
import torch

from ctseg.datasets import open_split
from ctseg.training.probe import linear_auc, probe, same_patient


def test_neighbours_by_hand() -> None:
    features = np.array([[1, 0], [2, 0.1], [0, 1], [0.1, 5], [1, 1]], np.float32)
    assert same_patient(features, ("a", "a", "b", "b", "c")) == 1.0  # c has one slice only
    assert same_patient(features, ("a", "b", "a", "b", "c")) == 0.0


def test_linear_auc_by_hand() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(400, 3)).astype(np.float32)
    foreground = features @ np.array([1.0, -2.0, 0.5]) > 0
    assert linear_auc([(features[:200], foreground[:200])], [(features[200:], foreground[200:])]) > 0.99
    shuffled = rng.permutation(foreground)
    assert 0.35 < linear_auc([(features[:200], shuffled[:200])], [(features[200:], shuffled[200:])]) < 0.65


class Mean(torch.nn.Module):
    """Knows how bright each cell is, at two strides."""

    def forward(self, image):
        return [torch.nn.functional.avg_pool2d(image, stride) for stride in (8, 16)]


def test_an_encoder_that_sees_brightness_finds_bright_discs(small_data, monkeypatch) -> None:
    monkeypatch.setenv("CTSEG_DATA", str(small_data))
    split = open_split("ct-fewshot-train")
    assert probe(Mean(), split, split).foreground_auc > 0.95
