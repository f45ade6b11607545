"""The loss of affinities: do two pixels at a fixed distance belong to the same structure?"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ctseg.losses.processes import sum_over_processes
from ctseg.networks.affinities import Offset, ends


def affinity_targets(label_map: Tensor, offset: Offset) -> tuple[Tensor, Tensor]:
    """Return for all pairs at an offset whether both ends are one structure, and which pairs count.

    Only pairs with at least one labelled end count: whether two pixels of the background belong together
    nobody annotated.

    Parameters
    ----------
    label_map : Tensor of integers, shape (N, H, W), 0 = background
    offset : (dy, dx) in px

    Returns
    -------
    same, counted : Tensor of bool, each of shape (N, H - abs(dy), W - abs(dx)), at the pairs' first ends
        as :func:`ctseg.networks.affinities.ends` lays them
    """
    first, second = ends(label_map, offset)
    counted = (first > 0) | (second > 0)
    return (first == second) & counted, counted


def affinity_loss(logits: Tensor, label_map: Tensor, offsets: Sequence[Offset]) -> Tensor:
    """Return half of the class-balanced cross-entropy plus the Dice loss of "different", mean over offsets.

    Class-balanced: the mean over pairs of one structure plus the mean over pairs of two. Sums run over batch,
    space and processes; an offset at which no pair counts adds nothing.

    Parameters
    ----------
    logits : Tensor, shape (N, K, H, W), of "the same structure"; half precision is widened
    label_map : Tensor of integers, shape (N, H, W), 0 = background
    offsets : K pairs (dy, dx) in px

    Returns
    -------
    Tensor, a scalar, at least 0.

    References
    ----------
    Wolf et al., The Mutex Watershed, ECCV 2018, arXiv 1904.12654: affinities at long range, the Dice loss.
    Milletari et al., V-Net, 3DV 2016, arXiv 1606.04797: the Dice loss with squared terms.
    """
    sums = []
    for channel, offset in enumerate(offsets):
        same, counted = affinity_targets(label_map, offset)
        logit, _ = ends(logits[:, channel], offset)
        # Most pairs lie in the background: picking those that count first saves most of the time.
        logit, target = logit[counted].float(), same[counted].float()
        different, other = torch.sigmoid(-logit), 1 - target
        sums.append(torch.stack([
            (F.softplus(-logit) * target).sum(), target.sum(), (F.softplus(logit) * other).sum(), other.sum(),
            (different * other).sum(), (different**2).sum(),
        ]))  # fmt: skip
    same_cost, same_pairs, other_cost, other_pairs, overlap, predicted = sum_over_processes(
        torch.stack(sums, 1)
    )
    entropy = same_cost / (same_pairs + 1) + other_cost / (other_pairs + 1)
    dice = 1 - (2 * overlap + 1) / (predicted + other_pairs + 1)
    return (entropy / 2 + dice).mean()
