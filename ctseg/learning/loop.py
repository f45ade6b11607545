"""The one training loop, for a CPU, a GPU, or several of them under ``accelerate launch``.

It reads from top to bottom: what a run is made of, one step, what is measured in between, what is kept.
Everything random comes from (seed, step), so a run that was killed goes on as if nothing had happened.
"""

import dataclasses
import json
import time
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from accelerate import Accelerator
from accelerate.utils import broadcast
from safetensors.torch import load_file
from torch import Tensor, nn
from tqdm import tqdm

from ctseg.datasets import Split, of_patients, patient_folds
from ctseg.learning.batches import Pictures, batches, load_pictures
from ctseg.learning.checkpoint import load_state, save_state, save_weights
from ctseg.learning.curves import Record, draw_curves
from ctseg.learning.evaluation import class_dice, selection_scores
from ctseg.learning.moving_average import MovingAverage
from ctseg.learning.recipe import Recipe, RecipeError, recipe_from_table, recipe_to_table
from ctseg.learning.schedule import learning_rate
from ctseg.losses import AdaptiveTvmfDiceLoss, CosineDiceLoss, DiceLoss
from ctseg.networks import build_network
from ctseg.networks.foreground import grey_to_input
from ctseg.networks.unet import load_imagenet_encoder


@dataclasses.dataclass(frozen=True)
class Division:
    """Patients of the training split: who is trained on, whose Dice sets κ, who selects the checkpoint."""

    train: Pictures
    kappa: Pictures
    select: Pictures


def divide(split: Split, recipe: Recipe) -> Division:
    """Load a split's slices and divide them by patient as the recipe says.

    Raises
    ------
    RecipeError
        If no patient would be left for a part.
    """
    count = recipe.data.kappa_patients
    if recipe.data.folds == 0:
        watched = patient_folds(split.patients, len(set(split.patients)), recipe.data.fold_seed)[:count]
        kappa = of_patients(split, [patient for fold in watched for patient in fold], split.name)
        return Division(load_pictures(split), load_pictures(kappa), Pictures((), ()))
    held_out = patient_folds(split.patients, recipe.data.folds, recipe.data.fold_seed)[recipe.data.fold]
    if not 0 < count < len(held_out) or recipe.data.folds < 2:
        raise RecipeError(
            f"Of {len(held_out)} held-out patients, data.kappa_patients takes {count}; "
            "leave at least one each for kappa, selection and training."
        )
    trained_on = sorted(set(split.patients) - set(held_out))
    parts = (trained_on, held_out[-count:], held_out[:-count])
    return Division(*(load_pictures(of_patients(split, part, split.name)) for part in parts))


def segmentation_loss(recipe: Recipe) -> nn.Module:
    """Return the recipe's loss on logits and one-hot targets, without the cross-entropy."""
    if recipe.loss == "tvmf":
        return AdaptiveTvmfDiceLoss(2, recipe.lambda_)
    return {"dice": DiceLoss, "cosine-dice": CosineDiceLoss}[recipe.loss]()


def initial_network(recipe: Recipe, initial: Path | None) -> nn.Module:
    """Return the network to start from: seeded random weights, or the encoder of ``initial`` if asked for.

    Raises
    ------
    RecipeError
        If the recipe starts from ImageNet weights and no file was named.
    """
    torch.manual_seed(recipe.seed)
    network = build_network(recipe.network)
    if recipe.initial == "imagenet":
        if initial is None or not initial.is_file():
            raise RecipeError("This recipe starts from ImageNet weights; name their safetensors file.")
        load_imagenet_encoder(network, load_file(initial))
    return network


def parameter_groups(network: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Divide parameters into those that decay and the biases and norms that do not."""
    parameters = list(network.parameters())
    return [
        {"params": [one for one in parameters if one.dim() > 1], "weight_decay": weight_decay},
        {"params": [one for one in parameters if one.dim() <= 1], "weight_decay": 0.0},
    ]


def total_loss(loss: nn.Module, logits: Tensor, mask: Tensor, cross_entropy: float) -> Tensor:
    """Add the recipe's loss and the weighted cross-entropy; ``mask`` is (N, S, S) with 1 = foreground."""
    target = torch.stack([1 - mask, mask], 1).float()
    value: Tensor = loss(logits, target)
    if cross_entropy:
        value = value + cross_entropy * F.cross_entropy(logits.float(), mask.long())
    return value


def batch_dice(logits: Tensor, mask: Tensor) -> Tensor:
    """Return the foreground Dice of this process's part of a training batch, a scalar."""
    found = logits.detach().argmax(1)
    return 2 * (found * mask).sum() / (found.sum() + mask.sum()).clamp(min=1)


def train(recipe: Recipe, split: Split, folder: Path, initial: Path | None = None) -> Path:
    """Train as the recipe says, or go on where an earlier call in the same folder was stopped.

    The folder receives ``recipe.json``, ``log.csv``, ``curves.png``, ``state.pt`` (to resume),
    ``best.safetensors`` (moving average with the highest ``ari`` on the selecting patients, if any) and
    ``last.safetensors`` (moving average at the end).

    Parameters
    ----------
    recipe : everything that decides the run
    split : annotated training split; nothing else is looked at
    folder : run folder, made if it is not there
    initial : file with ImageNet weights of the encoder in timm's layout, if the recipe starts from them

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
    accelerator = Accelerator(mixed_precision=recipe.precision)
    main = accelerator.is_main_process
    folder.mkdir(parents=True, exist_ok=True)
    if main:
        _keep_recipe(recipe, folder)
    accelerator.wait_for_everyone()

    division = divide(split, recipe)
    network = initial_network(recipe, initial)
    # Channels last is twice as fast on a CPU.
    network = network.to(memory_format=torch.channels_last).to(accelerator.device)
    average = MovingAverage(network, recipe.optimiser.ema_decay)
    loss = segmentation_loss(recipe).to(accelerator.device)
    optimiser = torch.optim.AdamW(parameter_groups(network, recipe.optimiser.weight_decay), lr=0.0)

    steps_done, best_ari = 0, float("-inf")
    state = load_state(folder / "state.pt")
    if state is not None:
        network.load_state_dict(state["network"])
        average.network.load_state_dict(state["average"])
        optimiser.load_state_dict(state["optimiser"])
        loss.load_state_dict(state["loss"])
        steps_done, best_ari = state["steps_done"], state["best_ari"]
        if accelerator.scaler is not None:
            accelerator.scaler.load_state_dict(state["scaler"])
    shared, optimiser = accelerator.prepare(network, optimiser)
    record = Record(folder / "log.csv", steps_done) if main else None

    epoch_steps = max(1, len(division.train) // recipe.batch)
    process, processes = accelerator.process_index, accelerator.num_processes
    bar = tqdm(total=recipe.steps, initial=steps_done, desc=recipe.name, disable=not main, mininterval=5.0)
    saved = logged = time.monotonic()
    for step, grey, mask in batches(division.train, recipe, steps_done, process, processes):
        torch.manual_seed(recipe.seed * 1_000_003 + step)  # for networks with dropout
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(step, recipe.steps, recipe.optimiser)
        shared.train()
        picture = grey_to_input(grey.to(accelerator.device)).contiguous(memory_format=torch.channels_last)
        mask = mask.to(accelerator.device)
        logits = shared(picture)
        value = total_loss(loss, logits, mask, recipe.cross_entropy)
        if not torch.isfinite(value):
            raise FloatingPointError(f"The loss is {value.item()} at step {step}; lower the learning rate.")
        accelerator.backward(value)
        accelerator.clip_grad_norm_(network.parameters(), recipe.optimiser.clip_norm)
        optimiser.step()
        optimiser.zero_grad()
        average.update(network, step)
        steps_done = step + 1

        row: dict[str, float] = {"step": steps_done, "size": recipe.size_at(step)}
        if isinstance(loss, AdaptiveTvmfDiceLoss) and steps_done % epoch_steps == 0:
            dice = torch.tensor(class_dice(network, division.kappa, recipe.size_at(step)))
            loss.update(broadcast(dice.to(accelerator.device)).tolist())
        selects = steps_done % recipe.select_every == 0 or steps_done == recipe.steps
        if main and selects and len(division.select):
            scores = selection_scores(average.network, division.select, recipe.size_at(step))
            row |= dataclasses.asdict(scores)
            if scores.ari > best_ari:
                best_ari = scores.ari
                _save_average(folder / "best.safetensors", average, recipe, steps_done)
            bar.set_postfix(ari=f"{scores.ari:.4f}", dice=f"{scores.dice:.4f}", refresh=False)
        if selects or steps_done % recipe.log_every == 0:
            now = time.monotonic()
            measured = torch.stack([value.detach(), batch_dice(logits, mask)])
            row["loss"], row["batch_dice"] = accelerator.reduce(measured, "mean").tolist()
            row |= {"learning_rate": group["lr"], "seconds_a_step": (now - logged) / recipe.log_every}
            if isinstance(loss, AdaptiveTvmfDiceLoss):
                row |= dict(zip(("kappa_background", "kappa_foreground"), loss.kappa.tolist(), strict=True))
            if record:
                record.append(row)
            logged = now
        if main and (selects or time.monotonic() - saved > 60 * recipe.save_minutes):
            save_state(folder / "state.pt", {
                "network": network.state_dict(), "average": average.network.state_dict(),
                "optimiser": optimiser.optimizer.state_dict(), "loss": loss.state_dict(),
                "scaler": accelerator.scaler.state_dict() if accelerator.scaler is not None else {},
                "steps_done": steps_done, "best_ari": best_ari,
            })  # fmt: skip
            draw_curves(folder / "log.csv", folder / "curves.png")
            saved = time.monotonic()
        bar.update()
    bar.close()
    if main:
        for name in ("last",) if len(division.select) else ("last", "best"):
            _save_average(folder / f"{name}.safetensors", average, recipe, steps_done)
    accelerator.wait_for_everyone()
    return folder / "best.safetensors"


def _keep_recipe(recipe: Recipe, folder: Path) -> None:
    path = folder / "recipe.json"
    if path.is_file() and recipe_from_table(json.loads(path.read_text(encoding="utf-8"))) != recipe:
        raise RecipeError(f"{folder} holds a run of another recipe; name another folder or remove it.")
    path.write_text(json.dumps(recipe_to_table(recipe), indent=1) + "\n", encoding="utf-8")


def _save_average(path: Path, average: MovingAverage, recipe: Recipe, steps_done: int) -> None:
    facts = {"network": recipe.network, "size": str(recipe.size_at(steps_done - 1)), "steps": str(steps_done),
             "recipe": recipe.name}  # fmt: skip
    save_weights(path, average.network.state_dict(), facts)
