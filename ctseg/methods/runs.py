"""Run folders of ``ctseg train`` as methods: the card comes from the recipe, weights from safetensors."""

import json
import re
from pathlib import Path
from typing import Any

from ctseg.datasets import own_folder
from ctseg.methods.base import registry
from ctseg.methods.base.card import Card, Saw
from ctseg.methods.base.method import Method
from ctseg.methods.base.registry import MethodError
from ctseg.settings import RUNS
from ctseg.slices.windowing import SOFT_TISSUE
from ctseg.weights.manifest import sha256_of

PREFIX = "run:"
"""What stands before a run folder where a method's name is asked for."""
RECIPE, WEIGHTS = "recipe.json", "best.safetensors"
_TASKS = ("segment", "partition")
_NOT_LEARNT = ("running_mean", "running_var", "num_batches_tracked")


def named(method: str) -> str:
    """Return the name of a method; ``run:FOLDER`` becomes a method first, named after the folder.

    Raises
    ------
    MethodError
        If the folder holds no finished run that segments, or another run of that name is there.
    """
    return add_run(Path(method.removeprefix(PREFIX))) if method.startswith(PREFIX) else method


def add_runs_of_setting() -> None:
    """Add the run folders that ``CTSEG_RUNS`` names; errors as in :func:`named`."""
    for folder in RUNS.folders():
        add_run(folder)


def add_run(folder: Path) -> str:
    """Make a run folder a method of this process and return its name.

    The card names the weights' sha256, and the weights are loaded only if they still have it. Of the folder
    nothing but ``recipe.json`` and ``best.safetensors`` is read, and nothing in them is executed.

    Raises
    ------
    MethodError
        As :func:`named`.
    """
    weights = folder / WEIGHTS
    if not weights.is_file() or not (folder / RECIPE).is_file():
        raise MethodError(
            f"{folder} holds no finished run; name a folder that `ctseg train` filled to the end."
        )
    sha256 = sha256_of(weights)
    card = _card(folder, sha256)
    registry.add(card, lambda: _load(card, weights, sha256))
    return card.name


def _card(folder: Path, sha256: str) -> Card:
    recipe = _recipe(folder / RECIPE)
    data, whole = recipe["data"], _divides_all(recipe)
    title = re.sub(r"[^A-Za-z0-9_.-]+", "-", folder.resolve().name).strip("-.") or "run"
    kind = (
        "foreground, connected regions of which become structures"
        if recipe["task"] == "segment"
        else "outlines, by which the whole body is divided into at most 60 structures"
        if whole
        else "foreground and affinities, by which structures that touch come apart"
    )
    sizes = " and ".join(str(size) for _, size in recipe["sizes"])
    own = str(data["split"]).startswith(own_folder.PREFIX)
    return Card(
        name=f"run-{title}",
        title=f"Own run {title}",
        family="supervised",
        summary=f"A network trained by `ctseg train` with the recipe {recipe['name']}. It finds {kind}.",
        paper="",
        paper_url="",
        input_window=SOFT_TISSUE,
        handles_unknown_window=False,
        weights=(f"{WEIGHTS} (sha256 {sha256})",),
        weights_licence="not stated: what the terms of its training data and of its first weights allow",
        training_data=(
            f"{'A folder of own slices' if own else data['split']}; {recipe['steps']} steps of "
            f"{recipe['batch']} slices at {sizes} px, from {recipe['initial']} weights."
        ),
        saw=_saw(recipe),
        parameters=_parameters(folder / WEIGHTS),
        seconds=0.0,
        full_tiling=whole,
        known_failures=(
            "It finds what was annotated in its training slices; what was not is background to it."
            if not whole
            else "A large organ may be cut into several parts.",
            "Its decoder has the thresholds of the shipped networks; they were not chosen for it.",
        ),
        trained=True,
        control=False,
    )


def _recipe(path: Path) -> dict[str, Any]:
    try:
        recipe = json.loads(path.read_text(encoding="utf-8"))
        task = recipe["task"]
        [int(size) for _, size in recipe["sizes"]]
        for key in ("name", "steps", "batch", "initial", "network"):
            recipe[key]
        tuple(recipe["data"]["sources"]), recipe["data"]["split"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MethodError(f"{path} is no recipe that `ctseg train` wrote; train again.") from error
    if task not in _TASKS:
        raise MethodError(f"{path.parent} holds a pre-training; fine-tune its encoder by `ctseg train`.")
    return dict(recipe)


def _divides_all(recipe: dict[str, Any]) -> bool:
    """Tell whether a run learnt outlines of everything, as the recipe ``boundary`` does."""
    return recipe["task"] == "partition" and set(recipe["data"]["sources"]) != {"annotated"}


def _saw(recipe: dict[str, Any]) -> tuple[Saw, ...]:
    saw: list[Saw] = ["annotated"]
    if _divides_all(recipe):
        saw.append("synthetic")
    if recipe["initial"] == "pretrained":
        saw.insert(0, "unlabelled")
    if recipe["initial"] in ("imagenet", "unet-tvmf", "pretrained"):
        saw.append("outside")
    return tuple(saw)


def _parameters(weights: Path) -> int:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(weights, framework="numpy") as file:
            shapes = [
                file.get_slice(name).get_shape()
                for name in file.keys()  # noqa: SIM118  not a dict
                if not name.endswith(_NOT_LEARNT)
            ]
    except SafetensorError as error:
        raise MethodError(f"{weights} is no safetensors file; train again.") from error
    count = 0
    for shape in shapes:
        size = 1
        for length in shape:
            size *= length
        count += size
    return count


def _load(card: Card, weights: Path, sha256: str) -> Method:
    from ctseg.methods.base.whole_slice import LOOK, WholeSlice
    from ctseg.networks.opened import open_network

    if sha256_of(weights) != sha256:
        raise MethodError(f"The weights of {card.name} have changed since it was chosen; choose it again.")
    recipe = _recipe(weights.parent / RECIPE)
    outlines = card.full_tiling and recipe["task"] != "segment"
    try:
        network = open_network(weights, LOOK if outlines else 1.0)
    except ValueError as error:
        raise MethodError(f"{card.name} cannot be loaded: {error}") from error
    if recipe["task"] == "segment":
        from ctseg.methods.networks.foreground_regions import ForegroundRegions

        return ForegroundRegions(network)
    if outlines:
        return WholeSlice(card.input_window, network)
    from ctseg.methods.own.structures import Structures

    return Structures(card.input_window, network)
