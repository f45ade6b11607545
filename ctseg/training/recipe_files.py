"""Recipes as small TOML files: unknown keys and impossible values are refused by name."""

import dataclasses
import tomllib
from pathlib import Path
from typing import Any, Literal

from ctseg.training.recipe import Augmentation, Data, Optimiser, Recipe, RecipeError

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
    if kind is bool and not isinstance(value, bool):
        raise RecipeError(f"{key} must be true or false, not {value!r}.")
    if kind is str and not isinstance(value, str):
        raise RecipeError(f"{key} must be a text, not {value!r}.")
    if kind == tuple[str, ...] and not (
        isinstance(value, tuple) and all(isinstance(one, str) for one in value)
    ):
        raise RecipeError(f"{key} must be a list of texts, not {value!r}.")
    if kind == tuple[int, ...] and not (
        isinstance(value, tuple) and all(type(one) is int and one > 0 for one in value)
        and list(value) == sorted(set(value))
    ):  # fmt: skip
        raise RecipeError(f"{key} must be a list of steps that rise, such as [1600], not {value!r}.")
    choices = getattr(kind, "__args__", ())
    if getattr(kind, "__origin__", None) is Literal and value not in choices:
        raise RecipeError(f"{key} is {value!r}; choose one of {', '.join(choices)}.")


def _pairs(value: Any) -> tuple[tuple[int, int], ...]:
    try:
        pairs = tuple((int(first), int(size)) for first, size in value)
    except (TypeError, ValueError, OverflowError) as error:
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
    weights = {"slots": recipe.slots, "embedding": recipe.embedding, "consistency": recipe.consistency,
               "small_structures": recipe.small_structures}  # fmt: skip
    for key, value in weights.items():
        if not 0 <= value < float("inf"):
            raise RecipeError(f"{key} is {value}; it must be 0 or more.")
        if value and recipe.task != "partition":
            raise RecipeError(f"{key} belongs to the task partition; leave it out.")
    if not 0.5 <= recipe.sure_from < 1:
        raise RecipeError(f"sure_from is {recipe.sure_from}; it must be at least 0.5 and below 1.")
    for key, names in (("unlabelled", recipe.data.unlabelled), ("sources", recipe.data.sources)):
        if not names:
            raise RecipeError(f"data.{key} is empty; name at least one.")
    if recipe.augmentation.scale < 1 or recipe.augmentation.contrast < 1 or recipe.augmentation.gamma < 1:
        raise RecipeError("augmentation.scale, contrast and gamma, largest factors, must be at least 1.")
    if not 0 < recipe.augmentation.crop <= 1 or not 0 <= recipe.augmentation.cutout < 1:
        raise RecipeError("augmentation.crop must be in (0, 1] and augmentation.cutout in [0, 1).")
    if recipe.temperature <= 0 or not 0 < recipe.mask_ratio < 1:
        raise RecipeError("temperature must be above 0 and mask_ratio between 0 and 1.")
    if recipe.optimiser.restarts and recipe.optimiser.restarts[-1] >= recipe.steps:
        raise RecipeError("optimiser.restarts must lie before the last step.")
    if not 0 <= recipe.optimiser.ema_decay < 1:
        raise RecipeError(f"optimiser.ema_decay is {recipe.optimiser.ema_decay}; it must be in [0, 1).")
    if recipe.data.folds and not 0 <= recipe.data.fold < recipe.data.folds:
        raise RecipeError(f"data.fold is {recipe.data.fold}; it must be from 0 to {recipe.data.folds - 1}.")
