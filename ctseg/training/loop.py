"""The one training loop, for a CPU, a GPU, or several of them under ``accelerate launch``.

It reads from top to bottom: what a run is made of, one step, what is measured in between, what is kept.
Everything random comes from (seed, step), so a run that was killed goes on as if nothing had happened.
"""

import json
import time
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from torch import nn
from tqdm import tqdm

from ctseg.training.batches import ahead
from ctseg.training.checkpoint import load_state, save_state, save_weights
from ctseg.training.curves import Record, draw_curves
from ctseg.training.depthwise import keep_depthwise_in_float32
from ctseg.training.moving_average import MovingAverage
from ctseg.training.recipe import Recipe, RecipeError
from ctseg.training.recipe_files import recipe_from_table, recipe_to_table
from ctseg.training.schedule import learning_rate
from ctseg.training.tasks.task import Task


def parameter_groups(network: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Divide parameters into those that decay and the biases and norms that do not."""
    parameters = [one for one in network.parameters() if one.requires_grad]
    return [
        {"params": [one for one in parameters if one.dim() > 1], "weight_decay": weight_decay},
        {"params": [one for one in parameters if one.dim() <= 1], "weight_decay": 0.0},
    ]


def run(task: Task, folder: Path) -> Path:
    """Train a task's network as its recipe says, or go on where an earlier call in the folder was stopped.

    The folder receives ``recipe.json``, ``log.csv``, ``curves.png``, ``state.pt`` (to resume),
    ``best.safetensors`` (moving average with the highest score on the selecting patients, if any),
    ``last.safetensors`` (moving average at the end) and what the task leaves there.

    Parameters
    ----------
    task : network, batches and loss
    folder : run folder, made if it is not there

    Returns
    -------
    Path of ``best.safetensors``.

    Raises
    ------
    RecipeError
        If the folder holds a run of another recipe.
    FloatingPointError
        If the loss is no longer finite.
    """
    recipe = task.recipe
    accelerator = Accelerator(mixed_precision=recipe.precision)
    main = accelerator.is_main_process
    folder.mkdir(parents=True, exist_ok=True)
    if main:
        _keep_recipe(recipe, folder)
    accelerator.wait_for_everyone()

    # Channels last is twice as fast on a CPU.
    network = task.network.to(memory_format=torch.channels_last).to(accelerator.device)
    criterion = task.criterion.to(accelerator.device)
    average = MovingAverage(network, recipe.optimiser.ema_decay)
    task.average = average.network
    if accelerator.device.type == "cpu":
        keep_depthwise_in_float32(network)
    groups = parameter_groups(network, recipe.optimiser.weight_decay)
    optimiser: Any = torch.optim.AdamW(groups, lr=0.0)
    if recipe.optimiser.name == "sgd":
        optimiser = torch.optim.SGD(groups, lr=0.0, momentum=recipe.optimiser.momentum)

    steps_done, best_score = 0, float("-inf")
    state = load_state(folder / "state.pt")
    if state is not None:
        network.load_state_dict(state["network"])
        average.network.load_state_dict(state["average"])
        optimiser.load_state_dict(state["optimiser"])
        criterion.load_state_dict(state["criterion"])
        steps_done, best_score = state["steps_done"], state["best_score"]
        if accelerator.scaler is not None:
            accelerator.scaler.load_state_dict(state["scaler"])
    shared, optimiser = accelerator.prepare(network, optimiser)
    record = Record(folder / "log.csv", steps_done) if main else None

    epoch_steps = max(1, task.images // recipe.batch)
    process, processes = accelerator.process_index, accelerator.num_processes
    bar = tqdm(total=recipe.steps, initial=steps_done, desc=recipe.name, disable=not main, mininterval=5.0)
    saved = logged = time.monotonic()
    logged_step = steps_done
    for step, batch in ahead(task.batch, recipe, steps_done, process, processes):
        torch.manual_seed(recipe.seed * 1_000_003 + step)  # for networks with dropout
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(step, recipe.steps, recipe.optimiser)
        shared.train()
        value, measures = task.loss(shared, tuple(one.to(accelerator.device) for one in batch))
        if not torch.isfinite(value):
            raise FloatingPointError(f"The loss is {value.item()} at step {step}; lower the learning rate.")
        accelerator.backward(value)
        accelerator.clip_grad_norm_(network.parameters(), recipe.optimiser.clip_norm)
        optimiser.step()
        optimiser.zero_grad()
        average.update(network, step)
        steps_done = step + 1

        row: dict[str, float] = {"step": steps_done, "size": recipe.size_at(step)}
        if steps_done % epoch_steps == 0:
            task.after_epoch(network, recipe.size_at(step))
        selects = steps_done % recipe.select_every == 0 or steps_done == recipe.steps
        if main and selects and task.selects:
            scores = task.scores(average.network, recipe.size_at(step))
            row |= scores
            if scores[task.selected_by] > best_score:
                best_score = scores[task.selected_by]
                _save_average(folder / "best.safetensors", average, recipe, steps_done)
            bar.set_postfix({name: f"{score:.4f}" for name, score in scores.items()}, refresh=False)
        if selects or steps_done % recipe.log_every == 0:
            now = time.monotonic()
            measured = torch.stack([value.detach(), *(one.detach() for one in measures.values())])
            means = accelerator.reduce(measured, "mean").tolist()
            row |= dict(zip(("loss", *measures), means, strict=True))
            row |= task.logged()
            row |= {
                "learning_rate": group["lr"],
                "seconds_a_step": (now - logged) / (steps_done - logged_step),
            }
            if record:
                record.append(row)
            logged, logged_step = now, steps_done
        if main and (selects or time.monotonic() - saved > 60 * recipe.save_minutes):
            save_state(folder / "state.pt", {
                "network": network.state_dict(), "average": average.network.state_dict(),
                "optimiser": optimiser.optimizer.state_dict(), "criterion": criterion.state_dict(),
                "scaler": accelerator.scaler.state_dict() if accelerator.scaler is not None else {},
                "steps_done": steps_done, "best_score": best_score,
            })  # fmt: skip
            draw_curves(folder / "log.csv", folder / "curves.png")
            saved = time.monotonic()
        bar.update()
    bar.close()
    if main:
        for name in ("last",) if task.selects else ("last", "best"):
            _save_average(folder / f"{name}.safetensors", average, recipe, steps_done)
        task.finish(average.network, folder)
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
