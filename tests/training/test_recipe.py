"""Recipes: what is refused, by name, and what is read."""

from pathlib import Path

import pytest

import ctseg.training
from ctseg.cli import main
from ctseg.training.recipe import RecipeError
from ctseg.training.recipe_files import read_recipe, recipe_from_table, recipe_to_table
from ctseg.training.schedule import learning_rate

MINIMAL = {"name": "n", "budget": "b", "steps": 10}
SHIPPED = sorted((Path(ctseg.training.__file__).parent / "recipes").glob("*.toml"))
TRIALS = sorted((Path(ctseg.__file__).parents[1] / "docs" / "trials").glob("*.toml"))


@pytest.mark.parametrize("path", SHIPPED + TRIALS, ids=lambda path: path.stem)
def test_shipped_recipes_are_valid_and_say_their_budget(path: Path) -> None:
    recipe = read_recipe(path)
    assert recipe.name == path.stem
    assert str(recipe.steps) in recipe.budget


def test_a_recipe_survives_being_stored() -> None:
    recipe = recipe_from_table(MINIMAL | {"sizes": [[0, 64], [5, 96]], "data": {"fold": 2}})
    assert recipe_from_table(recipe_to_table(recipe)) == recipe


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"step": 3}, "key step is unknown"),
        ({"optimiser": {"lr": 0.1}}, "key optimiser.lr is unknown"),
        ({"augmentation": {"hue": 0.1}}, "key augmentation.hue is unknown"),
        ({"data": 3}, "data must be a table"),
        ({"steps": 1.5}, "steps must be a whole number"),
        ({"steps": True}, "steps must be a whole number"),
        ({"sizes": [[0, float("inf")]]}, "pairs of first step"),
        ({"consistency": 1.0}, "consistency belongs to the task partition"),
        ({"consistency": -1.0}, "consistency is -1.0; it must be 0 or more"),
        ({"slots": float("nan")}, "slots is nan"),
        ({"sure_from": 1.0}, "sure_from is 1.0"),
        ({"data": {"unlabelled": []}}, "data.unlabelled is empty"),
        ({"data": {"sources": []}}, "data.sources is empty"),
        ({"data": {"without": [3]}}, "data.without must be a list of texts"),
        ({"data": {"atlases": 1}}, "data.atlases must be true or false"),
        ({"lambda_": "32"}, "lambda_ must be a number"),
        ({"name": 3}, "name must be a text"),
        ({"loss": "focal"}, "loss is 'focal'; choose one of tvmf, dice, cosine-dice"),
        ({"optimiser": {"schedule": "step"}}, "optimiser.schedule is 'step'"),
        ({"steps": 0}, "steps is 0"),
        ({"optimiser": {"clip_norm": 0.0}}, "optimiser.clip_norm is 0"),
        ({"optimiser": {"ema_decay": 1.0}}, "ema_decay is 1"),
        ({"augmentation": {"scale": 0.5}}, "must be at least 1"),
        ({"data": {"fold": 4}}, "data.fold is 4; it must be from 0 to 3"),
        ({"sizes": [[5, 64]]}, "begin at step 0"),
        ({"sizes": [[0, 64], [0, 96]]}, "begin at step 0"),
        ({"sizes": []}, "begin at step 0"),
        ({"sizes": [[0, 65]]}, "multiples of 32"),
        ({"sizes": [256]}, "pairs of first step"),
    ],
)
def test_what_is_wrong_is_named(change, named) -> None:
    with pytest.raises(RecipeError, match=named):
        recipe_from_table(MINIMAL | change)


def test_what_is_missing_is_named() -> None:
    with pytest.raises(RecipeError, match="does not say budget"):
        recipe_from_table({"name": "n", "steps": 3})


def test_files_that_are_no_recipes(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="There is no recipe"):
        read_recipe(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("name = ")
    with pytest.raises(RecipeError, match=r"bad\.toml is not valid TOML"):
        read_recipe(tmp_path / "bad.toml")


def test_sizes_change_at_their_steps() -> None:
    recipe = recipe_from_table(MINIMAL | {"sizes": [[0, 64], [5, 96]]})
    assert [recipe.size_at(step) for step in (0, 4, 5, 9)] == [64, 64, 96, 96]


@pytest.mark.parametrize("schedule", ["polynomial", "cosine"])
def test_learning_rate_rises_then_falls_to_nothing(schedule: str) -> None:
    optimiser = recipe_from_table(
        MINIMAL | {"optimiser": {"schedule": schedule, "warmup_steps": 10, "learning_rate": 0.5}}
    ).optimiser
    rates = [learning_rate(step, 1000, optimiser) for step in range(1000)]
    peak = rates.index(max(rates))
    assert 8 <= peak <= 12
    assert rates[:peak] == sorted(rates[:peak])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert 0.45 < max(rates) < 0.5
    assert 0 < rates[-1] < 0.002


def test_polynomial_and_cosine_by_hand() -> None:
    table = MINIMAL | {"optimiser": {"warmup_steps": 0, "learning_rate": 1.0, "power": 0.9}}
    assert learning_rate(500, 1000, recipe_from_table(table).optimiser) == pytest.approx(0.5**0.9)
    table["optimiser"]["schedule"] = "cosine"
    assert learning_rate(500, 1000, recipe_from_table(table).optimiser) == pytest.approx(0.5)
    assert learning_rate(250, 1000, recipe_from_table(table).optimiser) == pytest.approx(0.8535534)


def test_each_part_of_a_restarted_run_has_the_rates_of_a_run_of_its_length() -> None:
    """A run that is taken further begins as the shorter run did, to the last digit."""
    table = MINIMAL | {"steps": 100, "optimiser": {"warmup_steps": 3, "learning_rate": 1.0}}
    plain = recipe_from_table(table).optimiser
    table["optimiser"]["restarts"] = [30, 60]
    restarted = recipe_from_table(table).optimiser
    rates = [learning_rate(step, 100, restarted) for step in range(100)]
    for first, last in ((0, 30), (30, 60), (60, 100)):
        length = last - first
        assert rates[first:last] == [learning_rate(step, length, plain) for step in range(length)]


@pytest.mark.parametrize("restarts", [[60, 30], [0], [5, 5], ["a"], [100], [True]])
def test_restarts_rise_and_lie_within_the_run(restarts: list) -> None:
    with pytest.raises(RecipeError, match="restarts must"):
        recipe_from_table(MINIMAL | {"steps": 100, "optimiser": {"restarts": restarts}})


def test_the_command_says_what_is_wrong(tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.delenv("CTSEG_DATA", raising=False)
    for command, recipe, said in (
        ("train", str(tmp_path / "none.toml"), "There is no recipe"),
        ("train", "none", "choose one of ablation"),
        ("train", "unet-tvmf", "Set CTSEG_DATA"),
        ("pretrain", "none", "choose one of ablation"),
        ("pretrain", "unet-tvmf", "use `ctseg train`"),
        ("pretrain", "simclr", "Set CTSEG_DATA"),
    ):
        assert main([command, recipe, "--out", str(tmp_path)]) == 1
        assert said in capsys.readouterr().err
