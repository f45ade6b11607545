"""Recipes: everything that decides a training run, in a small TOML file."""

import dataclasses
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ctseg.errors import UserError

Loss = Literal["tvmf", "dice", "cosine-dice"]
Task = Literal["segment", "partition", "simclr", "mae", "swin-mae"]


class RecipeError(UserError):
    """A recipe cannot be used; the message names the key and says what to do."""


@dataclass(frozen=True)
class Data:
    """Which images are seen. Patients are divided into ``folds``; fold number ``fold`` is held out.

    With ``folds = 0`` nobody is held out, for a last run with settings that were chosen before: κ's Dice
    comes from training patients, nothing is selected, and the run gives the moving average at its end.
    """

    split: str = "ct-fewshot-train"
    folds: int = 4
    fold: int = 0
    fold_seed: int = 0
    kappa_patients: int = 1
    """How many of the held-out patients measure the Dice behind κ; the rest select the checkpoint."""
    train_patients: int = 0
    """How many of the patients that are not held out are trained on, the first of a shuffle; 0 means all."""
    unlabelled: tuple[str, ...] = ("ct-fewshot-unlabelled", "ct-fewshot-train")
    """Splits whose images pre-training sees; their labels are not read."""
    sources: tuple[str, ...] = ("annotated",)
    """Kinds of images that share each batch of the task ``partition`` equally."""
    phantoms: int = 120
    """How many phantoms are drawn, if they are among the sources."""


@dataclass(frozen=True)
class Optimiser:
    """AdamW, or SGD with momentum, with warm-up, then decay to 0 at the last step."""

    name: Literal["adamw", "sgd"] = "adamw"
    momentum: float = 0.9
    """Of SGD."""
    learning_rate: float = 1e-3
    weight_decay: float = 1e-2
    warmup_steps: int = 50
    schedule: Literal["polynomial", "cosine"] = "polynomial"
    power: float = 0.9
    clip_norm: float = 1.0
    ema_decay: float = 0.995


@dataclass(frozen=True)
class Augmentation:
    """How far a training slice is moved and re-windowed; lengths in px of a 512 px slice."""

    flip: float = 0.5
    """Probability of mirroring left to right."""
    quarter_turns: float = 0.0
    """Probability of a random turn by 90, 180 or 270 degrees."""
    rotation: float = 15.0
    """Largest turn in degrees, to either side."""
    scale: float = 1.25
    """Largest magnification; the smallest is its inverse."""
    shift: float = 40.0
    elastic: float = 6.0
    """Standard deviation of the displacement of a coarse grid of points."""
    contrast: float = 1.3
    brightness: float = 0.1
    """Largest shift of grey levels, as a part of their range."""
    gamma: float = 1.3
    noise: float = 0.04
    """Largest standard deviation of added noise, as a part of the grey range."""
    blur: float = 0.2
    """Probability of a small blur."""
    crop: float = 1.0
    """Smallest part of the slice's area that a view shows; 1 shows all of it."""
    cutout: float = 0.0
    """Largest side of a square that is blanked in every second view, as a part of the view's side."""


@dataclass(frozen=True)
class Recipe:
    """One training run.

    The task ``segment`` learns foreground, ``partition`` affinities beside it; any other is pre-training: it
    reads no labels and leaves ``encoder.safetensors``. With ``initial = "pretrained"`` a recipe starts from
    such a file, with ``"unet-tvmf"`` from that method's network.
    ``sizes`` are pairs (first step, side in px): training may begin small and end large. ``budget`` is a
    sentence written before training: steps, expected seconds a step, machine.
    """

    name: str
    budget: str
    steps: int
    task: Task = "segment"
    network: str = "unet-lite0"
    initial: Literal["imagenet", "random", "pretrained", "unet-tvmf"] = "imagenet"
    loss: Loss = "tvmf"
    lambda_: float = 32.0
    cross_entropy: float = 1.0
    """Weight of the cross-entropy added to the loss; 0 leaves it out."""
    affinity_classes: int = 2
    """Kinds of pairs that weigh alike; 3 sets pairs of two structures apart from those with background."""
    temperature: float = 0.1
    """τ of NT-Xent."""
    mask_ratio: float = 0.75
    """Part of the patches that a masked autoencoder does not see."""
    batch: int = 8
    sizes: tuple[tuple[int, int], ...] = ((0, 256),)
    seed: int = 0
    precision: Literal["no", "bf16", "fp16"] = "no"
    select_every: int = 100
    log_every: int = 10
    save_minutes: float = 5.0
    data: Data = field(default_factory=Data)
    optimiser: Optimiser = field(default_factory=Optimiser)
    augmentation: Augmentation = field(default_factory=Augmentation)

    def size_at(self, step: int) -> int:
        """Return the side in px of the training images at a step."""
        return [size for first, size in self.sizes if first <= step][-1]


_SECTIONS: dict[str, type] = {"data": Data, "optimiser": Optimiser, "augmentation": Augmentation}


def read_recipe(path: Path) -> Recipe:
    """Read a recipe from a TOML file.

    Raises
    ------
    RecipeError
        If the file is missing or no TOML, a key is unknown or missing, or a value is not possible.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecipeError(f"There is no recipe {path}; name a TOML file.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path.name} is not valid TOML ({error}); mend it.") from error
    return recipe_from_table(table)


def find_recipe(name: str) -> Recipe:
    """Return a built-in recipe by its name, or the recipe in the TOML file of that path.

    Raises
    ------
    RecipeError
        As :func:`read_recipe`; if there is neither, the message lists the names.
    """
    folder = Path(__file__).with_name("recipes")
    built_in = {path.stem: path for path in sorted(folder.glob("*.toml"))}
    if name not in built_in and not name.endswith(".toml"):
        raise RecipeError(
            f"There is no recipe {name!r}; choose one of {', '.join(built_in)}, or a TOML file."
        )
    return read_recipe(built_in.get(name, Path(name)))


def recipe_from_table(table: dict[str, Any]) -> Recipe:
    """Build a recipe from nested tables, refusing unknown keys by name.

    Raises
    ------
    RecipeError
        As :func:`read_recipe`.
    """
    values = dict(table)
    for section, kind in _SECTIONS.items():
        if section in values:
            if not isinstance(values[section], dict):
                raise RecipeError(f"{section} must be a table; write [{section}] above its keys.")
            lists = {key: tuple(one) for key, one in values[section].items() if isinstance(one, list)}
            values[section] = _build(kind, values[section] | lists, f"{section}.")
    if "sizes" in values:
        values["sizes"] = _pairs(values["sizes"])
    recipe: Recipe = _build(Recipe, values, "")
    _refuse_impossible(recipe)
    return recipe


def recipe_to_table(recipe: Recipe) -> dict[str, Any]:
    """Return the recipe as nested plain values, every default written out."""
    return dataclasses.asdict(recipe)


def _build(kind: type, values: dict[str, Any], prefix: str) -> Any:
    fields = {one.name: one for one in dataclasses.fields(kind)}
    for key in values:
        if key not in fields:
            raise RecipeError(f"The recipe's key {prefix}{key} is unknown; choose among {', '.join(fields)}.")
    for name, one in fields.items():
        required = one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING
        if required and name not in values:
            raise RecipeError(f"The recipe does not say {prefix}{name}; add it.")
        if name in values:
            _refuse_wrong_kind(f"{prefix}{name}", one.type, values[name])
    return kind(**values)


def _refuse_wrong_kind(key: str, kind: Any, value: Any) -> None:
    if kind is float and (isinstance(value, bool) or not isinstance(value, (int, float))):
        raise RecipeError(f"{key} must be a number, not {value!r}.")
    if kind is int and (isinstance(value, bool) or not isinstance(value, int)):
        raise RecipeError(f"{key} must be a whole number, not {value!r}.")
    if kind is str and not isinstance(value, str):
        raise RecipeError(f"{key} must be a text, not {value!r}.")
    if kind == tuple[str, ...] and not (
        isinstance(value, tuple) and value and all(isinstance(one, str) for one in value)
    ):
        raise RecipeError(f"{key} must be a list of texts, not {value!r}.")
    choices = getattr(kind, "__args__", ())
    if getattr(kind, "__origin__", None) is Literal and value not in choices:
        raise RecipeError(f"{key} is {value!r}; choose one of {', '.join(choices)}.")


def _pairs(value: Any) -> tuple[tuple[int, int], ...]:
    try:
        pairs = tuple((int(first), int(size)) for first, size in value)
    except (TypeError, ValueError) as error:
        raise RecipeError("sizes must be pairs of first step and side in px, such as [[0, 256]].") from error
    firsts = [first for first, _ in pairs]
    if not pairs or firsts[0] != 0 or firsts != sorted(set(firsts)):
        raise RecipeError("sizes must begin at step 0 and rise, such as [[0, 256], [1000, 384]].")
    if any(size <= 0 or size % 32 for _, size in pairs):
        raise RecipeError("sizes must be multiples of 32 px.")
    return pairs


def _refuse_impossible(recipe: Recipe) -> None:
    positive = {"steps": recipe.steps, "batch": recipe.batch, "select_every": recipe.select_every,
                "log_every": recipe.log_every, "optimiser.learning_rate": recipe.optimiser.learning_rate,
                "optimiser.clip_norm": recipe.optimiser.clip_norm,
                "data.phantoms": recipe.data.phantoms}  # fmt: skip
    for key, value in positive.items():
        if value <= 0:
            raise RecipeError(f"{key} is {value}; it must be above 0.")
    if recipe.augmentation.scale < 1 or recipe.augmentation.contrast < 1 or recipe.augmentation.gamma < 1:
        raise RecipeError("augmentation.scale, contrast and gamma, largest factors, must be at least 1.")
    if not 0 < recipe.augmentation.crop <= 1 or not 0 <= recipe.augmentation.cutout < 1:
        raise RecipeError("augmentation.crop must be in (0, 1] and augmentation.cutout in [0, 1).")
    if recipe.temperature <= 0 or not 0 < recipe.mask_ratio < 1:
        raise RecipeError("temperature must be above 0 and mask_ratio between 0 and 1.")
    if not 0 <= recipe.optimiser.ema_decay < 1:
        raise RecipeError(f"optimiser.ema_decay is {recipe.optimiser.ema_decay}; it must be in [0, 1).")
    if recipe.data.folds and not 0 <= recipe.data.fold < recipe.data.folds:
        raise RecipeError(f"data.fold is {recipe.data.fold}; it must be from 0 to {recipe.data.folds - 1}.")
