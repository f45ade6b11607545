"""The t-vMF similarity, the Dice loss made of it, and its adaptive concentration κ.

Kato & Hotta, Adaptive t-vMF Dice loss for multi-class medical image segmentation, 2022, arXiv 2207.07842.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ctseg.training.losses.cosine_dice import cosine_similarity


def tvmf_similarity(cosine: Tensor, kappa: Tensor | float) -> Tensor:
    """Return the t-vMF similarity φ(cos θ; κ), equation (4) of the report.

    φ = (1 + cos θ) / (1 + κ (1 - cos θ)) - 1. κ = 0 gives cos θ; φ is 1 at cos θ = 1 and -1 at cos θ = -1
    for every κ, rises with cos θ and falls with κ in between.

    Parameters
    ----------
    cosine : Tensor of any shape, in [-1, 1]
    kappa : concentration, at least 0; broadcast against ``cosine``

    Returns
    -------
    Tensor in [-1, 1], at least float32.
    """
    if cosine.dtype in {torch.float16, torch.bfloat16}:
        cosine = cosine.float()
    return (1 + cosine) / (1 + kappa * (1 - cosine)) - 1


def tvmf_dice_loss(prediction: Tensor, target: Tensor, kappa: Tensor | float) -> Tensor:
    """Return the t-vMF Dice loss, equation (5) of the report: mean over classes of ``(1 - φ)**2``.

    Parameters
    ----------
    prediction : Tensor, shape (N, C, ...), probabilities in [0, 1]
    target : Tensor of the same shape, one-hot
    kappa : one concentration for all classes, or a Tensor of shape (C,); at least 0

    Returns
    -------
    Tensor, a scalar in [0, 4); with probabilities cos θ is not negative, so φ stays above -1.
    """
    similarity = tvmf_similarity(cosine_similarity(prediction, target), kappa)
    return ((1 - similarity) ** 2).mean()


class AdaptiveTvmfDiceLoss(nn.Module):
    """The t-vMF Dice loss on logits with a concentration for each class that follows its Dice.

    κ_c is 0 until the first call of :meth:`update`, and λ · Dice_c after each call, so the better a class is
    segmented, the harder the loss pulls on what is left. κ is part of ``state_dict``.

    Parameters
    ----------
    classes : number of classes C, background included
    lambda_ : λ, 32 in the paper
    """

    kappa: Tensor

    def __init__(self, classes: int = 2, lambda_: float = 32.0) -> None:
        super().__init__()
        if lambda_ < 0:
            raise ValueError(f"lambda_ is {lambda_}; it must be at least 0.")
        self.lambda_ = lambda_
        self.register_buffer("kappa", torch.zeros(classes))

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return the loss of logits and one-hot target, both of shape (N, C, ...)."""
        return tvmf_dice_loss(logits.float().softmax(1), target, self.kappa)

    def update(self, dice: Sequence[float]) -> None:
        """Set κ_c = λ · Dice_c; call it after each epoch with the Dice of held-out data.

        Parameters
        ----------
        dice : a value in [0, 1] for each class

        Raises
        ------
        ValueError
            If there is not one value in [0, 1] for each class.
        """
        if len(dice) != len(self.kappa) or not all(0 <= value <= 1 for value in dice):
            raise ValueError(f"{list(dice)} is not one Dice in [0, 1] for each of {len(self.kappa)} classes.")
        self.kappa.copy_(self.lambda_ * torch.tensor(dice, dtype=self.kappa.dtype))
