"""The parts of the loop: views, batches, averages, checkpoints, divisions."""

import functools
import pickle

import cv2
import numpy as np
import pytest
import torch
from export_weights import export, main
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import load_file

from ctseg.datasets import open_split
from ctseg.networks.registry import build_network
from ctseg.networks.stored import load_network
from ctseg.networks.unet import load_imagenet_encoder
from ctseg.training.augmentation import augment
from ctseg.training.batches import Pictures, ahead, make_batch, picture_indices
from ctseg.training.checkpoint import load_state, save_state, save_weights
from ctseg.training.curves import Record, draw_curves, read_record
from ctseg.training.evaluation import class_dice, selection_scores
from ctseg.training.moving_average import MovingAverage
from ctseg.training.pretrained import IMAGENET_FILE
from ctseg.training.recipe import Augmentation, RecipeError, read_recipe, recipe_from_table
from ctseg.training.tasks.foreground import divide, initial_network, segmentation_loss, train
from ctseg.weights import fetch

STILL = Augmentation(
    flip=0, rotation=0, scale=1, shift=0, elastic=0, contrast=1, brightness=0, gamma=1, noise=0, blur=0
)


def disc(side: int = 64, row: float = 20, column: float = 40) -> np.ndarray:
    rows, columns = np.mgrid[:side, :side]
    return ((rows - row) ** 2 + (columns - column) ** 2 < 100).astype(np.uint8)


@pytest.fixture
def small_split(small_data, monkeypatch):
    monkeypatch.setenv("CTSEG_DATA", str(small_data))
    return open_split("ct-fewshot-train")


@pytest.fixture
def recipe(write_recipe):
    return read_recipe(write_recipe(steps=20))


def test_no_change_is_no_change() -> None:
    grey = np.random.default_rng(0).integers(0, 256, (64, 64)).astype(np.uint8)
    same, mask = augment(grey, disc(), 64, STILL, np.random.default_rng(1))
    assert np.array_equal(same, grey)
    assert np.array_equal(mask, disc())
    half, _ = augment(grey, disc(), 32, STILL, np.random.default_rng(1))
    assert np.abs(half.astype(int) - cv2.resize(grey, (32, 32))).max() <= 1


@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_slice_and_mask_move_together(seed: int) -> None:
    moving = Augmentation(flip=0.5, quarter_turns=0.5, contrast=1, brightness=0, gamma=1, noise=0, blur=0)
    grey, mask = augment(disc() * np.uint8(255), disc(), 64, moving, np.random.default_rng(seed))
    assert np.array_equal(grey >= 128, mask == 1)
    assert mask.max() <= 1


def test_mirror_and_quarter_turn() -> None:
    mirrored = Augmentation(**{**vars(STILL), "flip": 1.0})
    _, mask = augment(disc(), disc(), 64, mirrored, np.random.default_rng(0))
    assert np.array_equal(mask, disc()[:, ::-1])
    turned = Augmentation(**{**vars(STILL), "quarter_turns": 1.0})
    found = {
        augment(disc(), disc(), 64, turned, np.random.default_rng(seed))[1].tobytes() for seed in range(20)
    }
    assert found == {np.ascontiguousarray(np.rot90(disc(), turns)).tobytes() for turns in (1, 2, 3)}


def test_grey_levels_change_but_air_stays_black() -> None:
    grey = np.linspace(0, 255, 4096).reshape(64, 64).astype(np.uint8)
    changing = Augmentation(**{**vars(STILL), "contrast": 1.5, "brightness": 0.2, "gamma": 1.5})
    views = [augment(grey, disc(), 64, changing, np.random.default_rng(seed))[0] for seed in range(5)]
    assert all((view[grey == 0] == 0).all() for view in views)
    assert all(np.all(np.diff(view.ravel().astype(int)) >= 0) for view in views)
    assert len({view.tobytes() for view in views}) == 5


def test_every_epoch_shows_every_picture_once() -> None:
    drawn = [index for step in range(21) for index in picture_indices(3, step, 5, 7)]
    for epoch in range(15):
        assert sorted(drawn[epoch * 7 : (epoch + 1) * 7]) == list(range(7))
    assert drawn[:7] != drawn[7:14]


def test_batches_are_the_same_after_a_restart_and_in_parts(small_split, recipe) -> None:
    pictures = divide(small_split, recipe).train
    make = functools.partial(make_batch, pictures, recipe)
    whole = dict(ahead(make, recipe, 0))
    assert list(whole) == list(range(20))
    for step, (grey, mask) in ahead(make, recipe, 12):
        assert torch.equal(grey, whole[step][0])
        assert torch.equal(mask, whole[step][1])
    parts = [make(7, range(first, first + 2))[0] for first in (0, 2)]
    assert torch.equal(torch.cat(parts), whole[7][0])
    assert whole[0][0].shape == (4, 32, 32)
    assert whole[19][0].shape == (4, 64, 64)


def test_the_division_is_by_patient(small_split, recipe) -> None:
    parts = divide(small_split, recipe)
    assert (len(parts.train), len(parts.kappa), len(parts.select)) == (18, 3, 3)
    grey = {picture.tobytes() for part in (parts.train, parts.kappa, parts.select) for picture in part.grey}
    assert len(grey) == 24


@pytest.mark.parametrize(
    "data", [{"kappa_patients": 2}, {"kappa_patients": 0}, {"folds": 1, "kappa_patients": 1}]
)
def test_a_division_that_leaves_a_part_empty(small_split, data) -> None:
    table = {"name": "n", "budget": "b", "steps": 1, "data": data}
    with pytest.raises(RecipeError, match="leave at least one each"):
        divide(small_split, recipe_from_table(table))


@pytest.mark.parametrize(("folds", "at_hand"), [(0, 8), (4, 6)])
def test_few_patients_are_some_of_those_at_hand(small_split, folds, at_hand) -> None:
    def trained_on(count: int) -> set[bytes]:
        data = {"folds": folds, "kappa_patients": 1, "train_patients": count}
        recipe = recipe_from_table({"name": "n", "budget": "b", "steps": 1, "data": data})
        return {picture.tobytes() for picture in divide(small_split, recipe).train.grey}

    sizes = [trained_on(count) for count in (1, 2, at_hand, 0)]
    assert [len(pictures) for pictures in sizes] == [3, 6, 3 * at_hand, 3 * at_hand]
    assert sizes[0] < sizes[1] < sizes[2] == sizes[3]
    with pytest.raises(RecipeError, match=f"{at_hand} are not held out"):
        trained_on(at_hand + 1)


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


def test_a_run_folder_belongs_to_one_recipe(tmp_path, small_split, recipe, write_recipe) -> None:
    train(read_recipe(write_recipe(steps=3)), small_split, tmp_path / "run")
    with pytest.raises(RecipeError, match="run of another recipe"):
        train(recipe, small_split, tmp_path / "run")


def test_an_endless_loss_stops_the_run(tmp_path, small_split) -> None:
    table = {"name": "n", "budget": "b", "steps": 20, "network": "tiny-unet", "initial": "random", "batch": 4,
             "sizes": [[0, 32]], "optimiser": {"learning_rate": 1e30, "warmup_steps": 0}}  # fmt: skip
    with pytest.raises(FloatingPointError, match="lower the learning rate"):
        train(recipe_from_table(table), small_split, tmp_path)


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


def test_a_state_that_would_run_code_is_refused(tmp_path) -> None:
    path = tmp_path / "state.pt"
    assert load_state(path) is None
    save_state(path, {"steps_done": 3, "tensor": torch.ones(2)})
    assert load_state(path)["steps_done"] == 3
    torch.save({"code": Pictures}, path)
    with pytest.raises(pickle.UnpicklingError):
        load_state(path)


def test_export_halves_and_load_network_widens(tmp_path, capsys) -> None:
    network = build_network("tiny-unet")
    save_weights(tmp_path / "best.safetensors", network.state_dict(), {"network": "tiny-unet", "size": "64"})
    main([str(tmp_path), str(tmp_path / "out" / "tiny.safetensors")])
    assert "MB" in capsys.readouterr().out
    with safe_open(tmp_path / "out" / "tiny.safetensors", framework="pt") as file:
        assert file.get_tensor("head.weight").dtype == torch.float16
    stored = load_network(tmp_path / "out" / "tiny.safetensors")
    assert stored.size == 64
    assert not stored.network.training
    for name, tensor in stored.network.state_dict().items():
        assert tensor.dtype == torch.float32
        assert torch.allclose(tensor, network.state_dict()[name], atol=1e-3)


def test_weights_too_large_for_half_precision(tmp_path) -> None:
    save_weights(tmp_path / "best.safetensors", {"w": torch.tensor([1e6])}, {"network": "tiny-unet"})
    with pytest.raises(ValueError, match="w is too large"):
        export(tmp_path / "best.safetensors", tmp_path / "out.safetensors")


class Threshold(torch.nn.Module):
    """Foreground is what is brighter than the middle."""

    def __init__(self) -> None:
        super().__init__()
        self.gain = torch.nn.Parameter(torch.tensor(20.0))

    def forward(self, grey):
        return torch.cat([-self.gain * grey, self.gain * grey], 1)


def test_scores_of_a_perfect_mask() -> None:
    true = disc(row=16, column=16) + 2 * disc(row=48, column=48)
    pictures = Pictures(((true > 0) * np.uint8(255),) * 2, (true, true))
    network = Threshold().train()
    scores = selection_scores(network, pictures, 64)
    assert (scores.ari, scores.fg_ari, scores.dice) == (1, 1, 1)
    assert class_dice(network, pictures, 64) == [1, 1]
    assert network.training


def test_class_dice_by_hand() -> None:
    grey, true = np.zeros((64, 64), np.uint8), np.zeros((64, 64), np.uint8)
    grey[:32], true[:, :32] = 255, 7
    assert class_dice(Threshold().eval(), Pictures((grey,), (true,)), 64) == [0.5, 0.5]


def test_the_record_drops_what_will_be_made_again(tmp_path) -> None:
    path = tmp_path / "log.csv"
    record = Record(path, 0)
    for step in (1, 2, 3):
        record.append({"step": step, "loss": 1 / step})
    Record(path, 2).append({"step": 3, "loss": 5.0, "ari": 0.5})
    assert read_record(path) == [
        {"step": 1, "loss": 1}, {"step": 2, "loss": 0.5}, {"step": 3, "loss": 5, "ari": 0.5}
    ]  # fmt: skip
    draw_curves(path, tmp_path / "curves.png")
    assert cv2.imread(str(tmp_path / "curves.png")).shape[1] > 1000
