"""Dice loss."""

from torch import Tensor, nn

from ctseg.training.losses.processes import class_sums


def dice_loss(prediction: Tensor, target: Tensor, gamma: float = 1.0) -> Tensor:
    """Return the Dice loss, equation (2) of the report, with squared terms as in V-Net.

    Mean over classes of ``1 - (2 sum(A B) + gamma) / (sum(A**2) + sum(B**2) + gamma)``; sums run over batch,
    space and processes. Two empty maps give 0.

    Parameters
    ----------
    prediction : Tensor, shape (N, C, ...), probabilities in [0, 1]
    target : Tensor of the same shape, one-hot
    gamma : smoothing, positive, in pixels

    Returns
    -------
    Tensor, a scalar in [0, 1].

    References
    ----------
    Milletari et al., V-Net, 3DV 2016, arXiv 1606.04797.
    """
    overlap, predicted, true = class_sums(prediction, target)
    return (1 - (2 * overlap + gamma) / (predicted + true + gamma)).mean()


class DiceLoss(nn.Module):
    """Dice loss on logits: softmax over classes, then :func:`dice_loss`."""

    def __init__(self, gamma: float = 1.0) -> None:
        super().__init__()
        self.gamma = gamma

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return the loss of logits and one-hot target, both of shape (N, C, ...)."""
        return dice_loss(logits.float().softmax(1), target, self.gamma)
