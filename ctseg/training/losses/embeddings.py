"""Losses of embeddings: pixels of a structure lie close, structures apart, and two looks agree."""

import math

import torch
from torch import Tensor

from ctseg.training.losses.processes import sum_over_processes
from ctseg.training.losses.structure_means import SMALLEST, structure_means

PULL, PUSH = 0.5, 2.0
"""δv and δd: how close to its structure's mean a pixel has to be, and half of how far two means are apart."""
ANCHORS = 16
"""Pixels of an image whose soft masks have to agree."""


def same_structure(distance: Tensor) -> Tensor:
    """Return how surely pixels at this distance are one structure: 0.9 at ``PULL``, less beyond."""
    return torch.exp(distance.square() * (math.log(0.9) / PULL**2))


def embedding_loss(embeddings: Tensor, label_map: Tensor) -> Tensor:
    """Return pull + push + push of the unlabelled, each the mean over all processes.

    Pull: a pixel farther than ``PULL`` from its structure's mean costs the square of what is more. Push: two
    means nearer than 2 ``PUSH`` cost the square of what is missing. Background is what nobody annotated: its
    pixels need not lie together, but one that is nearer than ``PUSH`` to a structure's mean costs likewise.

    Parameters
    ----------
    embeddings : Tensor, shape (N, E, H, W); half precision is widened
    label_map : Tensor of integers, shape (N, H, W), 0 = background

    Returns
    -------
    Tensor, a scalar, at least 0; 0 where there are no structures.

    References
    ----------
    De Brabandere et al., 2017, arXiv 1708.02551, equations 1 and 2: pull and push.
    Wolny et al., SPOCO, CVPR 2022, arXiv 2103.14572: the push of the unlabelled. Its loss of soft masks of
    annotated objects is left out.
    """
    sums = embeddings.new_zeros(6, dtype=torch.float32) + embeddings.float().sum() * 0.0
    for image, labels in zip(embeddings, label_map, strict=True):
        inside = labels > 0
        pixels = image[:, inside].float().T
        means, sizes, members = structure_means(pixels, labels[inside])
        kept = sizes >= SMALLEST
        if not bool(kept.any()):
            continue
        away = (_length(pixels - means[members]) - PULL).clamp(min=0).square()
        pull = structure_means(away[:, None], labels[inside])[0][kept]
        means = means[kept]
        one, other = torch.triu_indices(len(means), len(means), 1)
        push = (2 * PUSH - _length(means[one] - means[other])).clamp(min=0).square()
        outside = image[:, ~inside].float().T
        unlabelled = (PUSH - _length(outside[:, None] - means)).clamp(min=0).square()
        sums = sums + torch.stack([
            pull.sum(), push.sum(), unlabelled.sum(),
            *(away.new_tensor(float(part.numel())) for part in (pull, push, unlabelled)),
        ])  # fmt: skip
    costs, counts = sum_over_processes(sums).view(2, 3)
    return (costs / counts.clamp(min=1)).sum()


def embedding_agreement(student: Tensor, teacher: Tensor) -> Tensor:
    """Return the Dice loss between the soft masks that both see around the same random pixels.

    A soft mask is :func:`same_structure` of each pixel's distance from the chosen one.

    Parameters
    ----------
    student : Tensor, shape (N, E, H, W), of changed views
    teacher : Tensor, shape (N, E, H, W), of plain views

    Returns
    -------
    Tensor, a scalar in [0, 1].

    References
    ----------
    Wolny et al., SPOCO, CVPR 2022, arXiv 2103.14572: the consistency of embeddings.
    """
    images, channels, height, width = student.shape
    chosen = torch.randint(height * width, (images, 1, ANCHORS), device=student.device)
    one, other = (
        _around(each.float().flatten(2), chosen.expand(-1, channels, -1)) for each in (student, teacher)
    )
    common, squares = (one * other).sum(-1), (one.square() + other.square()).sum(-1)
    return (1 - 2 * common / squares).mean()


def _around(embeddings: Tensor, chosen: Tensor) -> Tensor:
    """Soft masks (N, A, P) of the chosen (N, E, A) of P pixels (N, E, P)."""
    anchors = embeddings.gather(2, chosen)
    return same_structure(_length((embeddings[:, :, None] - anchors[..., None]).movedim(1, -1)))


def _length(difference: Tensor) -> Tensor:
    """Euclidean length along the last axis, with a gradient where it is 0."""
    return (difference.square().sum(-1) + 1e-8).sqrt()
