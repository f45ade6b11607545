"""Fine-tuning: foreground against background, on annotated slices divided by patient."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import torch
import torch.nn.functional as F
from accelerate.utils import broadcast
from torch import Tensor, nn

from ctseg.datasets import Split, of_patients, patient_folds
from ctseg.networks.registry import build_network
from ctseg.networks.tensors import grey_to_input
from ctseg.training.batches import SliceSet, Tensors, load_slices, make_batch
from ctseg.training.evaluation import class_dice, selection_scores
from ctseg.training.loop import run
from ctseg.training.losses import AdaptiveTvmfDiceLoss, CosineDiceLoss, DiceLoss
from ctseg.training.losses.processes import sum_over_processes
from ctseg.training.pretrained import load_initial
from ctseg.training.recipe import Recipe, RecipeError
from ctseg.training.tasks.task import Task


@dataclasses.dataclass(frozen=True)
class PatientSplit:
    """Patients of the training split: who is trained on, whose Dice sets κ, who selects the checkpoint."""

    train: SliceSet
    kappa: SliceSet
    select: SliceSet


def divide(split: Split, recipe: Recipe) -> PatientSplit:
    """Load a split's slices and divide them by patient as the recipe says.

    Raises
    ------
    RecipeError
        If there are fewer patients than folds, or no patient would be left for a part.
    """
    count, most = recipe.data.kappa_patients, recipe.data.train_patients
    if recipe.data.folds == 0:
        single = patient_folds(split.patients, len(set(split.patients)), recipe.data.fold_seed)
        order = [patient for fold in single for patient in fold]
        parts: tuple[list[str], ...] = (_at_most(order, most), order[:count], [])
    else:
        patients = len(set(split.patients))
        if patients < recipe.data.folds:
            raise RecipeError(
                f"{split.name} has too few patients for the recipe's {recipe.data.folds} folds ({patients}); "
                "set data.folds to at most that, or to 0 to hold nobody out."
            )
        folds = patient_folds(split.patients, recipe.data.folds, recipe.data.fold_seed)
        held_out = list(folds[recipe.data.fold])
        if not 0 < count < len(held_out) or recipe.data.folds < 2:
            raise RecipeError(
                f"Of {len(held_out)} held-out patients, data.kappa_patients takes {count}; "
                "leave at least one each for kappa, selection and training."
            )
        others = [patient for fold in folds for patient in fold if patient not in held_out]
        parts = (_at_most(others, most), held_out[-count:], held_out[:-count])
    return PatientSplit(*(load_slices(of_patients(split, part, split.name)) for part in parts))


def _at_most(patients: list[str], most: int) -> list[str]:
    if most > len(patients):
        raise RecipeError(f"data.train_patients is {most}; {len(patients)} are not held out.")
    return patients[: most or None]


def segmentation_loss(recipe: Recipe) -> nn.Module:
    """Return the recipe's loss on logits and one-hot targets, without the cross-entropy."""
    if recipe.loss == "tvmf":
        return AdaptiveTvmfDiceLoss(2, recipe.lambda_)
    return {"dice": DiceLoss, "cosine-dice": CosineDiceLoss}[recipe.loss]()


def initial_network(recipe: Recipe, initial: Path | None) -> nn.Module:
    """Return the network to start from: seeded random weights, with the encoder of ``initial`` if asked for.

    Raises
    ------
    RecipeError
        If the recipe starts from a file that was not named or does not fit.
    """
    torch.manual_seed(recipe.seed)
    network = build_network(recipe.network)
    load_initial(network, recipe, initial)
    return network


def total_loss(
    loss: nn.Module, logits: Tensor, mask: Tensor, cross_entropy: float, weights: Tensor | None = None
) -> Tensor:
    """Add the recipe's loss and the weighted cross-entropy; ``mask`` is (N, S, S) with 1 = foreground.

    The cross-entropy is the mean over pixels of all processes, each with its weight (N, S, S) where there are
    ``weights``; one process may have no images.
    """
    target = torch.stack([1 - mask, mask], 1).float()
    value: Tensor = loss(logits, target)
    if cross_entropy:
        if weights is None:
            cost = F.cross_entropy(logits.float(), mask.long(), reduction="sum")
        else:
            cost = (F.cross_entropy(logits.float(), mask.long(), reduction="none") * weights).sum()
        cost, pixels = sum_over_processes(torch.stack([cost, cost.new_tensor(mask.numel())]))
        value = value + cross_entropy * cost / pixels
    return value


def batch_dice(logits: Tensor, mask: Tensor) -> Tensor:
    """Return the foreground Dice of a training batch over all processes, a scalar."""
    found = logits.detach().argmax(1)
    both, either = sum_over_processes(torch.stack([(found * mask).sum(), found.sum() + mask.sum()]))
    return 2 * both / either.clamp(min=1)


class Segmentation(Task):
    """Two classes from grey levels, with the recipe's loss.

    Parameters
    ----------
    recipe : everything that decides the run
    split : annotated training split; nothing else is looked at
    initial : file with weights of the encoder, if the recipe starts from them
    """

    selected_by: ClassVar[str] = "ari"

    def __init__(self, recipe: Recipe, split: Split, initial: Path | None) -> None:
        self.recipe = recipe
        self.patients = divide(split, recipe)
        self.network = initial_network(recipe, initial)
        self.criterion = segmentation_loss(recipe)
        self.images = len(self.patients.train)
        self.selects = len(self.patients.select) > 0

    def batch(self, step: int, places: range) -> Tensors:
        """Return grey levels and masks, both of uint8 and shape (N, S, S)."""
        return make_batch(self.patients.train, self.recipe, step, places)

    def loss(self, network: nn.Module, batch: Tensors) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss and the batch's foreground Dice."""
        grey, mask = batch
        logits = network(grey_to_input(grey).contiguous(memory_format=torch.channels_last))
        value = total_loss(self.criterion, logits, mask, self.recipe.cross_entropy)
        return value, {"batch_dice": batch_dice(logits, mask)}

    def after_epoch(self, network: nn.Module, size: int) -> None:
        """Let κ follow the Dice of its patients."""
        if isinstance(self.criterion, AdaptiveTvmfDiceLoss):
            dice = torch.tensor(class_dice(network, self.patients.kappa, size))
            self.criterion.update(broadcast(dice.to(self.criterion.kappa.device)).tolist())

    def scores(self, network: nn.Module, size: int) -> Mapping[str, float]:
        """Return the means over the selecting patients' slices."""
        return dataclasses.asdict(selection_scores(network, self.patients.select, size))

    def logged(self) -> Mapping[str, float]:
        """Return κ of background and foreground."""
        if not isinstance(self.criterion, AdaptiveTvmfDiceLoss):
            return {}
        background, foreground = self.criterion.kappa.tolist()
        return {"kappa_background": background, "kappa_foreground": foreground}


def train(recipe: Recipe, split: Split, folder: Path, initial: Path | None = None) -> Path:
    """Train as the recipe says, or go on where an earlier call in the same folder was stopped.

    Parameters
    ----------
    recipe, split, initial : as for :class:`Segmentation`
    folder : run folder, see :func:`ctseg.training.loop.run`

    Returns
    -------
    Path of ``best.safetensors``.

    Raises
    ------
    RecipeError
        If the recipe cannot be followed, or the folder holds a run of another recipe.
    FloatingPointError
        If the loss is no longer finite.
    """
    return run(Segmentation(recipe, split, initial), folder)
