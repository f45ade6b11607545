"""``ctseg train RECIPE`` and ``ctseg pretrain RECIPE``: the only commands that import ``learning``."""

import argparse
import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING

from ctseg.cli.errors import CommandError

if TYPE_CHECKING:
    from ctseg.training.recipe import Recipe


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add both commands and their options."""
    for name, description, run in (
        ("train", "fine-tune a network on annotated slices", run_train),
        (
            "pretrain",
            "pre-train an encoder on slices without labels, then probe what it learnt",
            run_pretrain,
        ),
    ):
        command = commands.add_parser(name, help=description)
        command.add_argument("recipe", metavar="RECIPE", help="name of a built-in recipe, or a TOML file")
        command.add_argument(
            "--out", type=Path, required=True, help="folder for logs and weights; goes on if used"
        )
        command.add_argument("--initial", type=Path, help="safetensors file with the encoder to start from")
        command.add_argument("--threads", type=int, help="processor threads")
        command.add_argument("--steps", type=int, help="fewer or more steps than the recipe's, for a trial")
        command.add_argument("--seed", type=int, help="another seed than the recipe's, to see the spread")
        if name == "train":
            command.add_argument(
                "--data", type=Path, help="folder of your own slices and label maps, in place of the recipe's"
            )
        command.set_defaults(run=run)


def run_train(options: argparse.Namespace) -> int:
    """Fine-tune and print where the weights are."""
    _prepare(options)
    from ctseg.datasets import open_split
    from ctseg.training.recipe import RecipeError
    from ctseg.training.tasks.foreground import train
    from ctseg.training.tasks.partition import train_partition

    try:
        recipe = _recipe(options)
        how = train_partition if recipe.task == "partition" else train
        best = how(recipe, open_split(recipe.data.split), options.out, options.initial)
    except (RecipeError, FloatingPointError) as error:
        raise CommandError(str(error)) from error
    _leave_the_others()
    print(best)
    return 0


def run_pretrain(options: argparse.Namespace) -> int:
    """Pre-train, probe the encoder and print where its weights are."""
    _prepare(options)
    from ctseg.training.probe import print_probe
    from ctseg.training.recipe import RecipeError
    from ctseg.training.tasks.pretraining import pretrain

    try:
        recipe = _recipe(options)
        encoder = pretrain(recipe, options.out, options.initial)
    except (RecipeError, FloatingPointError) as error:
        raise CommandError(str(error)) from error
    _leave_the_others()
    if os.environ.get("RANK", "0") == "0":
        print_probe(recipe, encoder, options.initial)
        print(encoder)
    return 0


def _leave_the_others() -> None:
    """End a group of processes in good order: left to the end of Python, torch aborts now and then."""
    from torch import distributed

    if distributed.is_available() and distributed.is_initialized():
        distributed.destroy_process_group()


def _recipe(options: argparse.Namespace) -> "Recipe":
    from ctseg.datasets.own_folder import PREFIX
    from ctseg.training.recipe_files import find_recipe

    recipe = find_recipe(options.recipe)
    given = {"seed": options.seed, "steps": options.steps}
    recipe = dataclasses.replace(recipe, **{key: value for key, value in given.items() if value is not None})
    if recipe.steps <= 0:
        raise CommandError(f"--steps is {recipe.steps}; it must be above 0.")
    if getattr(options, "data", None) is None:
        return recipe
    data = dataclasses.replace(recipe.data, split=f"{PREFIX}{options.data}")
    return dataclasses.replace(recipe, data=data)


def _prepare(options: argparse.Namespace) -> None:
    try:
        import accelerate  # noqa: F401  what `pip install ctseg[train]` brings
    except ImportError as error:
        raise CommandError("Training needs more packages; install ctseg[train].") from error
    if options.threads:
        import torch

        torch.set_num_threads(options.threads)
