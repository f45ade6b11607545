"""Training to separate: foreground as in :mod:`ctseg.training.tasks.foreground`, and affinities beside it."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import torch
from accelerate.utils import broadcast
from torch import Tensor, nn

from ctseg.datasets import Split
from ctseg.networks.affinities import CHANNELS, CLASSES, OFFSETS
from ctseg.networks.tensors import grey_to_input
from ctseg.training.batches import Tensors
from ctseg.training.consistency import consistency_loss, consistency_slices, cut_and_mix, make_views
from ctseg.training.evaluation import class_dice, selection_scores
from ctseg.training.loop import run
from ctseg.training.losses import (
    AdaptiveTvmfDiceLoss,
    affinity_loss,
    embedding_agreement,
    embedding_loss,
    slot_loss,
    structure_weights,
)
from ctseg.training.mix import make_mixed_batch, sources
from ctseg.training.recipe import Recipe, RecipeError
from ctseg.training.tasks.foreground import Segmentation, batch_dice, total_loss


class ForegroundOnly(nn.Module):
    """A network of affinities that shows only its logits of background and foreground."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, grey: Tensor) -> Tensor:
        """Return logits (N, 2, H, W) from (N, 1, H, W)."""
        logits: Tensor = self.network(grey)[:, :CLASSES]
        return logits


class Partition(Segmentation):
    """Foreground and affinities from grey levels.

    The foreground is learnt from annotated slices only: in other images everything would be foreground.
    Annotated slices and the other images have the same say in the affinities' loss.

    Parameters
    ----------
    recipe : everything that decides the run
    split : annotated training split
    initial : file with weights, if the recipe starts from a file that is not embedded
    """

    def __init__(self, recipe: Recipe, split: Split, initial: Path | None) -> None:
        if not recipe.network.endswith("-affinities"):
            raise RecipeError(
                f"{recipe.network} has no channels for affinities; add -affinities to its name."
            )
        super().__init__(recipe, split, initial)
        for head, weight in (("slots", recipe.slots), ("embedding", recipe.embedding)):
            if weight and f"-{head}" not in recipe.network:
                raise RecipeError(
                    f"{recipe.network} has no channels for {head}; name a network with -{head}."
                )
        self.kinds = sources(recipe, self.patients.train)
        self.unlabelled = consistency_slices(recipe) if recipe.consistency else None
        # An epoch has shown every annotated slice once.
        self.images = len(self.patients.train) * len(self.kinds)

    def batch(self, step: int, places: range) -> Tensors:
        """Return grey levels, label maps (both uint8, shape (N, S, S)) and which images are annotated.

        With consistency, two views of as many unlabelled slices follow.
        """
        mixed = make_mixed_batch(self.kinds, self.recipe, step, places)
        if self.unlabelled is None:
            return mixed
        return (*mixed, *make_views(self.unlabelled, self.recipe, step, places))

    def loss(self, network: nn.Module, batch: Tensors) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss, the annotated slices' foreground Dice and the affinities' part of the loss."""
        grey, label_map, annotated = batch[:3]
        seen = None
        if self.recipe.consistency:
            changed, seen = cut_and_mix(batch[4], self._teacher(batch[3]))
            grey = torch.cat([grey, changed])
        logits = network(grey_to_input(grey).contiguous(memory_format=torch.channels_last))
        logits, unlabelled = logits[: len(annotated)], logits[len(annotated) :]
        foreground, mask = logits[annotated, :CLASSES], (label_map[annotated] > 0).to(torch.uint8)
        parts = [
            affinity_loss(
                logits[part, CLASSES:CHANNELS], label_map[part], OFFSETS, self.recipe.affinity_classes
            )
            for part in ((annotated,) if len(self.kinds) == 1 else (annotated, ~annotated))
        ]
        affinity = torch.stack(parts).mean()
        power = self.recipe.small_structures
        weights = structure_weights(label_map[annotated], power) if power else None
        value = total_loss(self.criterion, foreground, mask, self.recipe.cross_entropy, weights) + affinity
        measures = {"batch_dice": batch_dice(foreground, mask), "affinity_loss": affinity.detach()}
        if self.recipe.slots:
            slots = slot_loss(logits[annotated, CHANNELS:], label_map[annotated])
            value = value + self.recipe.slots * slots
            measures["slot_loss"] = slots.detach()
        if self.recipe.embedding:
            embedding = embedding_loss(logits[annotated, CHANNELS:], label_map[annotated])
            value = value + self.recipe.embedding * embedding
            measures["embedding_loss"] = embedding.detach()
        if seen is not None:
            probability = seen[:, :CLASSES].softmax(1)[:, 1]
            agreement = consistency_loss(unlabelled[:, :CLASSES], probability, self.recipe.sure_from)
            if self.recipe.embedding:
                agreement = agreement + embedding_agreement(unlabelled[:, CHANNELS:], seen[:, CHANNELS:])
            value = value + self.recipe.consistency * agreement
            measures["consistency_loss"] = agreement.detach()
        return value, measures

    @torch.no_grad()
    def _teacher(self, plain: Tensor) -> Tensor:
        """Return what the moving average of the network sees, (N, C, S, S)."""
        assert self.average is not None
        logits: Tensor = self.average(grey_to_input(plain).contiguous(memory_format=torch.channels_last))
        return logits.float()

    def after_epoch(self, network: nn.Module, size: int) -> None:
        """Let κ follow the Dice of its patients."""
        if isinstance(self.criterion, AdaptiveTvmfDiceLoss):
            dice = torch.tensor(class_dice(ForegroundOnly(network), self.patients.kappa, size))
            self.criterion.update(broadcast(dice.to(self.criterion.kappa.device)).tolist())

    def scores(self, network: nn.Module, size: int) -> Mapping[str, float]:
        """Return the means over the selecting patients' slices, of the foreground's connected regions."""
        return dataclasses.asdict(selection_scores(ForegroundOnly(network), self.patients.select, size))


def train_partition(recipe: Recipe, split: Split, folder: Path, initial: Path | None = None) -> Path:
    """Train as the recipe says; as :func:`ctseg.training.tasks.foreground.train`."""
    return run(Partition(recipe, split, initial), folder)
