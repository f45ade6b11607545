"""The cosine between prediction and target, and the Dice loss made of it."""

import torch
from torch import Tensor, nn

from ctseg.training.losses.processes import class_sums

# Squared norms at or below this count as an empty map: softmax leaves no exact zeros, so it stays tiny.
_EMPTY = 1e-12


def cosine_similarity(prediction: Tensor, target: Tensor) -> Tensor:
    """Return cos θ between the flattened prediction and target of each class.

    Both maps are flattened over batch, space and processes and divided by their L2 norm. Both maps empty
    give 1, one empty gives 0; the gradient is finite everywhere.

    Parameters
    ----------
    prediction : Tensor, shape (N, C, ...), probabilities in [0, 1]
    target : Tensor of the same shape, one-hot

    Returns
    -------
    Tensor, shape (C,), in [0, 1] (up to rounding).
    """
    overlap, predicted, true = class_sums(prediction, target)
    predicted_empty, true_empty = predicted <= _EMPTY, true <= _EMPTY
    some_empty = predicted_empty | true_empty
    # The safe value stands inside the root: at 0 its gradient is infinite and would spoil the masked value.
    product = torch.where(some_empty, torch.ones_like(predicted), predicted * true)
    cosine = torch.where(some_empty, torch.zeros_like(overlap), overlap / product.sqrt())
    return torch.where(predicted_empty & true_empty, torch.ones_like(cosine), cosine)


def cosine_dice_loss(prediction: Tensor, target: Tensor) -> Tensor:
    """Return the cosine Dice loss, equation (3) of the report: mean over classes of ``1 - cos θ``.

    Parameters
    ----------
    prediction : Tensor, shape (N, C, ...), probabilities in [0, 1]
    target : Tensor of the same shape, one-hot

    Returns
    -------
    Tensor, a scalar in [0, 1].
    """
    return (1 - cosine_similarity(prediction, target)).mean()


class CosineDiceLoss(nn.Module):
    """Cosine Dice loss on logits: softmax over classes, then :func:`cosine_dice_loss`."""

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return the loss of logits and one-hot target, both of shape (N, C, ...)."""
        return cosine_dice_loss(logits.float().softmax(1), target)
