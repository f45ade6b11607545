"""What the one training loop asks of a task: segmentation, or a way of pre-training."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from torch import Tensor, nn

from ctseg.training.batches import Tensors
from ctseg.training.recipe import Recipe


class Task:
    """A network, the batches it is shown, and what it is asked for.

    Attributes
    ----------
    recipe : what decides the run
    network : what is trained, on the CPU
    images : number of training images, which make an epoch
    criterion : module whose state belongs to the run, such as κ; it has no weights
    selects : whether held-out images choose the best checkpoint
    selected_by : the score whose highest value is the best
    average : the moving average of the network, set by the loop, for tasks that learn from it
    """

    recipe: Recipe
    network: nn.Module
    images: int
    criterion: nn.Module
    selects: bool = False
    selected_by: ClassVar[str] = ""
    average: nn.Module | None = None

    def batch(self, step: int, places: range) -> Tensors:
        """Return the part of a step's batch at these places, on the CPU; the same on every call."""
        raise NotImplementedError

    def loss(self, network: nn.Module, batch: Tensors) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss of a batch, and scalars worth logging by name, all on the batch's device."""
        raise NotImplementedError

    def after_epoch(self, network: nn.Module, size: int) -> None:
        """Adapt the criterion to how far training has come, on every process alike."""

    def scores(self, network: nn.Module, size: int) -> Mapping[str, float]:
        """Return scores of the held-out images at a side of ``size`` px; asked for only if ``selects``."""
        raise NotImplementedError

    def logged(self) -> Mapping[str, float]:
        """Return the criterion's numbers worth a column of the log."""
        return {}

    def finish(self, network: nn.Module, folder: Path) -> None:
        """Leave in the run folder what others need of the finished network."""
