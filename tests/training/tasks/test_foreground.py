"""The task of foreground: its division by patient, its losses, where it starts."""

import pytest
import torch
from safetensors.torch import load_file

from ctseg.networks.registry import build_network
from ctseg.networks.unet import load_imagenet_encoder
from ctseg.training.checkpoint import save_weights
from ctseg.training.curves import read_record
from ctseg.training.pretrained import IMAGENET_FILE
from ctseg.training.recipe import RecipeError
from ctseg.training.recipe_files import recipe_from_table
from ctseg.training.tasks.foreground import divide, initial_network, segmentation_loss, train
from ctseg.weights import fetch


def test_the_division_is_by_patient(small_split, recipe) -> None:
    parts = divide(small_split, recipe)
    assert (len(parts.train), len(parts.kappa), len(parts.select)) == (18, 3, 3)
    grey = {image.tobytes() for part in (parts.train, parts.kappa, parts.select) for image in part.grey}
    assert len(grey) == 24


@pytest.mark.parametrize(
    "data", [{"kappa_patients": 2}, {"kappa_patients": 0}, {"folds": 1, "kappa_patients": 1}]
)
def test_a_division_that_leaves_a_part_empty(small_split, data) -> None:
    table = {"name": "n", "budget": "b", "steps": 1, "data": data}
    with pytest.raises(RecipeError, match="leave at least one each"):
        divide(small_split, recipe_from_table(table))


def test_fewer_patients_than_folds_are_one_sentence(small_split) -> None:
    table = {"name": "n", "budget": "b", "steps": 1, "data": {"folds": 9}}
    with pytest.raises(RecipeError, match=r"too few patients for the recipe's 9 folds \(8\)"):
        divide(small_split, recipe_from_table(table))


@pytest.mark.parametrize(("folds", "at_hand"), [(0, 8), (4, 6)])
def test_few_patients_are_some_of_those_at_hand(small_split, folds, at_hand) -> None:
    def trained_on(count: int) -> set[bytes]:
        data = {"folds": folds, "kappa_patients": 1, "train_patients": count}
        recipe = recipe_from_table({"name": "n", "budget": "b", "steps": 1, "data": data})
        return {image.tobytes() for image in divide(small_split, recipe).train.grey}

    sizes = [trained_on(count) for count in (1, 2, at_hand, 0)]
    assert [len(images) for images in sizes] == [3, 6, 3 * at_hand, 3 * at_hand]
    assert sizes[0] < sizes[1] < sizes[2] == sizes[3]
    with pytest.raises(RecipeError, match=f"{at_hand} are not held out"):
        trained_on(at_hand + 1)


@pytest.mark.thorough
def test_a_last_run_holds_nobody_out_and_gives_its_end(tmp_path, small_split) -> None:
    table = {"name": "n", "budget": "b", "steps": 8, "network": "tiny-unet", "initial": "random", "batch": 4,
             "sizes": [[0, 32]], "select_every": 3, "log_every": 1}  # fmt: skip
    recipe = recipe_from_table(table | {"data": {"folds": 0, "kappa_patients": 2}})
    parts = divide(small_split, recipe)
    assert (len(parts.train), len(parts.kappa), len(parts.select)) == (24, 6, 0)
    train(recipe, small_split, tmp_path)
    rows = read_record(tmp_path / "log.csv")
    assert not any("ari" in row for row in rows)
    assert rows[-1]["kappa_foreground"] > 0
    best, last = load_file(tmp_path / "best.safetensors"), load_file(tmp_path / "last.safetensors")
    assert all(torch.equal(best[name], tensor) for name, tensor in last.items())


@pytest.mark.parametrize("loss", ["dice", "cosine-dice"])
def test_other_losses_train_without_kappa(tmp_path, small_split, loss) -> None:
    table = {"name": "n", "budget": "b", "steps": 2, "network": "tiny-unet", "initial": "random", "batch": 4,
             "sizes": [[0, 32]], "loss": loss, "cross_entropy": 0.0, "log_every": 1,
             "precision": "bf16"}  # fmt: skip
    recipe = recipe_from_table(table)
    train(recipe, small_split, tmp_path)
    rows = read_record(tmp_path / "log.csv")
    assert [row["step"] for row in rows] == [1, 2]
    assert all(0 < row["loss"] < 1 and "kappa_foreground" not in row for row in rows)
    assert type(segmentation_loss(recipe)).__name__.lower() == loss.replace("-", "") + "loss"


def test_starting_from_imagenet_takes_the_embedded_file_unless_another_is_named(tmp_path) -> None:
    recipe = recipe_from_table({"name": "n", "budget": "b", "steps": 1})
    with pytest.raises(RecipeError, match="name their safetensors file"):
        initial_network(recipe, tmp_path / "nowhere.safetensors")
    started = initial_network(recipe, None).encoder.state_dict()
    expected = build_network("unet-lite0")
    load_imagenet_encoder(expected, load_file(fetch(IMAGENET_FILE)))
    for name, tensor in expected.encoder.state_dict().items():
        assert torch.equal(started[name], tensor), name
    save_weights(tmp_path / "other.safetensors", {"conv_stem.weight": torch.zeros(3)}, {})
    with pytest.raises(RecipeError, match="do not fit the encoder"):
        initial_network(recipe, tmp_path / "other.safetensors")
