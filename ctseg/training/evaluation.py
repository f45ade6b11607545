"""How good a network is on slices that it was not trained on."""

from dataclasses import dataclass

import numpy as np
from torch import nn

from ctseg.labelmaps.regions import connected_regions
from ctseg.metrics import Scores, mean_scores, score
from ctseg.networks.foreground import predict_foreground
from ctseg.networks.tensors import torch_logits
from ctseg.training.batches import SliceSet


@dataclass(frozen=True)
class SelectionScores:
    """Means over slices; ``fg_ari`` leaves out slices without a true structure."""

    ari: float
    fg_ari: float
    dice: float


def _dice(predicted: np.ndarray, true: np.ndarray) -> float:
    area = int(predicted.sum()) + int(true.sum())
    return 2 * int((predicted & true).sum()) / area if area else 1.0


def slice_scores(network: nn.Module, slices: SliceSet, size: int) -> list[Scores]:
    """Score each slice as :func:`selection_scores` does, in order."""
    logits = torch_logits(network)
    return [
        score(connected_regions(predict_foreground(logits, grey, size) >= 0.5), label_map)
        for grey, label_map in zip(slices.grey, slices.label_maps, strict=True)
    ]


def selection_scores(network: nn.Module, slices: SliceSet, size: int) -> SelectionScores:
    """Score connected regions of the predicted foreground (probability at least 0.5) at the slices' own size.

    Parameters
    ----------
    network : two-class network in evaluation mode
    slices : held-out slices
    size : side in px at which the network looks
    """
    means = mean_scores(slice_scores(network, slices, size))
    return SelectionScores(means["ari"], means["fg_ari"], means["foreground_dice"])


def class_dice(network: nn.Module, slices: SliceSet, size: int) -> list[float]:
    """Return the Dice of background and of foreground, pooled over all pixels of all slices.

    The network is left in the mode it was in.
    """
    training = network.training
    network.eval()
    logits = torch_logits(network)
    predicted = [predict_foreground(logits, grey, size).ravel() >= 0.5 for grey in slices.grey]
    network.train(training)
    found = np.concatenate(predicted)
    true = np.concatenate([label_map.ravel() > 0 for label_map in slices.label_maps])
    return [_dice(~found, ~true), _dice(found, true)]
