"""Pre-training on slices without labels: SimCLR and masked autoencoders."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ctseg.datasets import open_split
from ctseg.networks.registry import build_network
from ctseg.networks.tensors import grey_to_input
from ctseg.training.augmentation import augment
from ctseg.training.batches import Tensors, drawn
from ctseg.training.checkpoint import save_weights
from ctseg.training.loop import run
from ctseg.training.pretrained import load_initial
from ctseg.training.recipe import Recipe, RecipeError
from ctseg.training.tasks.task import Task
from ctseg.training.unlabelled import unlabelled_slices

ENCODER_FILE = "encoder.safetensors"
BLOCK = 16
"""Side in px of what Swin-MAE hides together; MAE hides the patches of its encoder."""


def pretraining_network(recipe: Recipe, initial: Path | None) -> nn.Module:
    """Return the encoder of the recipe's network inside what pre-trains it.

    Raises
    ------
    RecipeError
        If the recipe starts from a file that was not named.
    """
    torch.manual_seed(recipe.seed)
    network = build_network(recipe.network)
    load_initial(network, recipe, initial)
    encoder: Any = network.encoder
    if recipe.task == "simclr":
        from ctseg.training.tasks.simclr import SimCLR

        return SimCLR(encoder, recipe.temperature)
    if recipe.task == "mae":
        from ctseg.training.tasks.mae import MaskedAutoencoder

        return MaskedAutoencoder(encoder, recipe.mask_ratio)
    from ctseg.training.tasks.swin_mae import SwinMaskedAutoencoder

    return SwinMaskedAutoencoder(encoder, recipe.mask_ratio)


class Pretraining(Task):
    """Two views of each slice that are to be told from other slices', or one view that is to be filled in.

    Parameters
    ----------
    recipe : everything that decides the run; its task is not ``segment``
    initial : file with ImageNet weights, if the recipe starts from them
    """

    def __init__(self, recipe: Recipe, initial: Path | None) -> None:
        self.recipe = recipe
        self._slices, groups = unlabelled_slices([open_split(name) for name in recipe.data.unlabelled])
        self._groups = np.unique(groups, return_inverse=True)[1]
        self.images = len(self._slices)
        self.network = pretraining_network(recipe, initial)
        self.criterion = nn.Identity()
        self._unit = getattr(self.network.encoder, "patch", BLOCK)

    def batch(self, step: int, places: range) -> Tensors:
        """Return two views and their groups for SimCLR; for autoencoders a view and the noise of its mask.

        Views are of uint8 and shape (N, S, S). The noise, float32 (N, L), a value for each patch or block,
        decides which are hidden: it comes from the image's random stream, so it is the same however the
        batch is shared.
        """
        views, others, groups, noise = [], [], [], []
        side = self.recipe.size_at(step)
        for chosen, rng in drawn(self.images, self.recipe, step, places):
            grey = self._slices.grey[chosen]
            nothing = np.zeros_like(grey)
            views.append(augment(grey, nothing, side, self.recipe.augmentation, rng)[0])
            if self.recipe.task == "simclr":
                others.append(augment(grey, nothing, side, self.recipe.augmentation, rng)[0])
                groups.append(int(self._groups[chosen]))
            else:
                noise.append(rng.random((side // self._unit) ** 2, np.float32))
        if self.recipe.task == "simclr":
            return (
                torch.from_numpy(np.stack(views)),
                torch.from_numpy(np.stack(others)),
                torch.tensor(groups),
            )
        return torch.from_numpy(np.stack(views)), torch.from_numpy(np.stack(noise))

    def loss(self, network: nn.Module, batch: Tensors) -> tuple[Tensor, dict[str, Tensor]]:
        """Return NT-Xent, or the error of the filled-in patches."""
        *views, last = batch
        inputs = [grey_to_input(view).contiguous(memory_format=torch.channels_last) for view in views]
        return network(*inputs, last), {}

    def finish(self, network: nn.Module, folder: Path) -> None:
        """Save the encoder's weights for fine-tuning."""
        encoder = network.encoder
        assert isinstance(encoder, nn.Module)
        facts = {"network": self.recipe.network, "recipe": self.recipe.name}
        save_weights(folder / ENCODER_FILE, encoder.state_dict(), facts)


def pretrain(recipe: Recipe, folder: Path, initial: Path | None = None) -> Path:
    """Pre-train as the recipe says, or go on where an earlier call was stopped; return the encoder's file.

    Raises
    ------
    RecipeError
        If the recipe cannot be followed, or the folder holds a run of another recipe.
    DatasetError
        If images are missing, or come from a source that no training may see.
    FloatingPointError
        If the loss is no longer finite.
    """
    if recipe.task == "segment":
        raise RecipeError("This recipe fine-tunes; use `ctseg train`.")
    run(Pretraining(recipe, initial), folder)
    return folder / ENCODER_FILE
