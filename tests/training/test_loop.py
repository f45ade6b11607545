"""The loop: a folder belongs to one recipe, an endless loss ends it, weights are averaged."""

import pytest
import torch

from ctseg.training.moving_average import MovingAverage
from ctseg.training.recipe import RecipeError
from ctseg.training.recipe_files import read_recipe, recipe_from_table
from ctseg.training.tasks.foreground import train


def test_a_run_folder_belongs_to_one_recipe(tmp_path, small_split, recipe, write_recipe) -> None:
    train(read_recipe(write_recipe(steps=3)), small_split, tmp_path / "run")
    with pytest.raises(RecipeError, match="run of another recipe"):
        train(recipe, small_split, tmp_path / "run")


def test_an_endless_loss_stops_the_run(tmp_path, small_split) -> None:
    table = {"name": "n", "budget": "b", "steps": 20, "network": "tiny-unet", "initial": "random", "batch": 4,
             "sizes": [[0, 32]], "optimiser": {"learning_rate": 1e30, "warmup_steps": 0}}  # fmt: skip
    with pytest.raises(FloatingPointError, match="lower the learning rate"):
        train(recipe_from_table(table), small_split, tmp_path)


def test_moving_average_by_hand() -> None:
    network = torch.nn.BatchNorm1d(1)
    average = MovingAverage(network, decay=0.5)
    with torch.no_grad():
        network.weight.fill_(11.0)
        network.running_mean.fill_(10.0)
        network.num_batches_tracked.fill_(4)
    average.update(network, 0)  # decay min(0.5, 1 / 10)
    assert average.network.weight.item() == pytest.approx(0.1 * 1 + 0.9 * 11)
    assert average.network.running_mean.item() == pytest.approx(9.0)
    assert average.network.num_batches_tracked.item() == 4
    average.update(network, 1000)
    assert average.network.running_mean.item() == pytest.approx(9.5)
    assert not average.network.training
