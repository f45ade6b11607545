"""The loss of affinities: do two pixels at a fixed distance belong to the same structure?"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ctseg.partition.affinities import Offset, ends
from ctseg.training.losses.processes import sum_over_processes


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
        as :func:`ctseg.partition.affinities.ends` lays them
    """
    first, second = ends(label_map, offset)
    counted = (first > 0) | (second > 0)
    return (first == second) & counted, counted


def affinity_loss(logits: Tensor, label_map: Tensor, offsets: Sequence[Offset], classes: int = 2) -> Tensor:
    """Return half of the class-balanced cross-entropy plus the Dice loss of "different", mean over offsets.

    Class-balanced: the mean over pairs of one structure plus the mean over different pairs. With three
    classes the latter is the mean of two means, over pairs of a structure with background and over pairs of
    two structures: where few structures are annotated, these are a few in a hundred and else hardly count.
    Sums run over batch, space and processes; an offset at which no pair counts adds nothing.

    Parameters
    ----------
    logits : Tensor, shape (N, K, H, W), of "the same structure"; half precision is widened
    label_map : Tensor of integers, shape (N, H, W), 0 = background
    offsets : K pairs (dy, dx) in px
    classes : 2 or 3

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
        first, second = ends(label_map, offset)
        logit, _ = ends(logits[:, channel], offset)
        # Most pairs lie in the background: picking those that count first saves most of the time.
        logit, target = logit[counted].float(), same[counted].float()
        two = ((first > 0) & (second > 0))[counted].float() * (1 - target)
        different, other = torch.sigmoid(-logit), 1 - target
        cost = F.softplus(logit)
        sums.append(torch.stack([
            (F.softplus(-logit) * target).sum(), target.sum(), (cost * (other - two)).sum(),
            (other - two).sum(), (cost * two).sum(), two.sum(), (different * other).sum(),
            (different**2).sum(),
        ]))  # fmt: skip
    same_cost, same_pairs, edge_cost, edge_pairs, two_cost, two_pairs, overlap, predicted = (
        sum_over_processes(torch.stack(sums, 1))
    )
    if classes == 3:
        kinds = (edge_pairs > 0).float() + (two_pairs > 0).float()
        means = edge_cost / (edge_pairs + 1) + two_cost / (two_pairs + 1)
        different_cost = means / kinds.clamp(min=1)
    else:
        different_cost = (edge_cost + two_cost) / (edge_pairs + two_pairs + 1)
    entropy = same_cost / (same_pairs + 1) + different_cost
    dice = 1 - (2 * overlap + 1) / (predicted + edge_pairs + two_pairs + 1)
    return (entropy / 2 + dice).mean()
