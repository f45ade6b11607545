"""The task partition: what it starts from, that it learns, and that a killed run goes on."""

import pytest
import torch
from safetensors.torch import load_file, save_file

from ctseg.cli import main
from ctseg.datasets import open_split
from ctseg.networks.affinities import CHANNELS, CLASSES
from ctseg.networks.registry import build_network
from ctseg.training.curves import read_record
from ctseg.training.pretrained import load_smaller_network
from ctseg.training.recipe import RecipeError
from ctseg.training.recipe_files import find_recipe, read_recipe, recipe_from_table
from ctseg.training.tasks.partition import Partition
from ctseg.weights import fetch

PARTITION = """
name = "small-partition"
budget = "seconds"
steps = {steps}
task = "partition"
network = "{network}"
initial = "{initial}"
batch = 4
sizes = [[0, 32]]
select_every = 1
log_every = 1
[data]
sources = ["annotated"]
"""


@pytest.fixture
def partition_recipe(tmp_path):
    """Write a small recipe and return its path; keywords: steps, initial, network."""

    def write(steps: int = 2, initial: str = "random", network: str = "tiny-unet-affinities"):
        path = tmp_path / f"partition-{steps}.toml"
        path.write_text(PARTITION.format(steps=steps, initial=initial, network=network))
        return path

    return write


def test_all_but_the_new_channels_come_from_the_smaller_network() -> None:
    weights = load_file(fetch("unet_tvmf_fp16.safetensors"))
    torch.manual_seed(0)
    network = build_network("unet-lite0-affinities")
    fresh = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    load_smaller_network(network, weights)
    for name, tensor in network.state_dict().items():
        if name.startswith("segmentation_head."):
            assert len(tensor) == CHANNELS
            assert torch.equal(tensor[:CLASSES], weights[name].float())
            assert torch.equal(tensor[CLASSES:], fresh[name][CLASSES:])
        else:
            assert torch.equal(tensor, weights[name].to(tensor.dtype)), name
    # The foreground is the smaller network's from the first step on.
    smaller = build_network("unet-lite0")
    smaller.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
    image = torch.rand(1, 1, 64, 64) * 2 - 1
    assert torch.allclose(network.eval()(image)[:, :CLASSES], smaller.eval()(image), atol=1e-5)


def test_weights_that_do_not_fit_are_refused_by_name() -> None:
    network = build_network("tiny-unet-affinities")
    weights = build_network("tiny-unet").state_dict()
    load_smaller_network(network, weights)
    first, last = next(iter(weights)), list(weights)[-1]
    with pytest.raises(ValueError, match=f"only one of them has {last}"):
        load_smaller_network(network, {name: weights[name] for name in weights if name != last})
    for name in (first, last):
        with pytest.raises(ValueError, match=f"{name} has another shape"):
            load_smaller_network(network, weights | {name: torch.zeros(99, *weights[name].shape[1:])})
    with pytest.raises(ValueError, match=f"{first} has another shape"):
        load_smaller_network(network, weights | {first: weights[first][:3]})


def test_a_recipe_starts_from_a_named_file(partition_recipe, tmp_path, small_data, monkeypatch) -> None:
    monkeypatch.setenv("CTSEG_DATA", str(small_data))
    torch.manual_seed(5)
    start = build_network("tiny-unet").state_dict()
    save_file(start, tmp_path / "start.safetensors")
    recipe = read_recipe(partition_recipe(initial="unet-tvmf"))
    task = Partition(recipe, open_split(recipe.data.split), tmp_path / "start.safetensors")
    assert torch.equal(task.network.state_dict()["fine.0.weight"], start["fine.0.weight"])


def test_a_network_without_affinities_is_refused(partition_recipe, small_data, monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("CTSEG_DATA", str(small_data))
    recipe = str(partition_recipe(network="tiny-unet"))
    assert main(["train", recipe, "--out", str(tmp_path / "run")]) == 1
    assert "tiny-unet has no channels for affinities" in capsys.readouterr().err


@pytest.mark.thorough
def test_loss_is_finite_falls_and_reaches_every_weight(partition_recipe, small_data, monkeypatch) -> None:
    monkeypatch.setenv("CTSEG_DATA", str(small_data))
    recipe = read_recipe(partition_recipe(steps=40))
    task = Partition(recipe, open_split(recipe.data.split), None)
    optimiser = torch.optim.Adam(task.network.parameters(), lr=1e-2)
    values = []
    for step in range(40):
        value, measures = task.loss(task.network, task.batch(step, range(4)))
        optimiser.zero_grad()
        value.backward()
        assert all(torch.isfinite(one.grad).all() and one.grad.any() for one in task.network.parameters())
        optimiser.step()
        values.append(float(measures["affinity_loss"]))
    assert sum(values[-5:]) < 0.8 * sum(values[:5])


def test_foreground_is_learnt_from_annotated_slices_only(partition_recipe, small_data, monkeypatch) -> None:
    monkeypatch.setenv("CTSEG_DATA", str(small_data))
    recipe = read_recipe(partition_recipe())
    task = Partition(recipe, open_split(recipe.data.split), None)
    task.kinds = task.kinds * 2
    grey, label_map, _ = task.batch(0, range(4))
    caught = []

    def network(images):
        caught.append(torch.zeros(4, CHANNELS, 32, 32, requires_grad=True))
        return caught[-1]

    value, _ = task.loss(network, (grey, label_map, torch.tensor([True, False, True, False])))
    value.backward()
    pulled = caught[0].grad.flatten(2).any(2)
    assert pulled[:, :CLASSES].any(1).tolist() == [True, False, True, False]
    assert pulled[:, CLASSES:].any(1).all()


@pytest.mark.slow
def test_resume_after_a_stop_equals_the_uninterrupted_run(partition_recipe, tmp_path, start) -> None:
    recipe = partition_recipe(steps=2)
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    process = start("ctseg", "train", recipe, "--out", whole, "--threads", 1)
    assert process.wait(300) == 0, process.stdout.read()
    # The first step of the same schedule, then an end without warning: the state of step 1 is on disk.
    stopped = start("ctseg", "train", recipe, "--out", broken, "--threads", 1)
    while stopped.poll() is None:
        if (broken / "state.pt").is_file():
            stopped.kill()
            break
    stopped.wait()
    process = start("ctseg", "train", recipe, "--out", broken, "--threads", 1)
    assert process.wait(300) == 0, process.stdout.read()
    one, other = load_file(whole / "last.safetensors"), load_file(broken / "last.safetensors")
    assert all(torch.allclose(tensor, other[name], rtol=0, atol=1e-6) for name, tensor in one.items())
    assert [row["step"] for row in read_record(broken / "log.csv")] == [1, 2]
    assert all("affinity_loss" in row and "ari" in row for row in read_record(broken / "log.csv"))


@pytest.mark.parametrize("name", ["partition", "partition-inner", "boundary"])
def test_shipped_recipes_name_a_network_with_affinities(name: str) -> None:
    recipe = find_recipe(name)
    assert recipe.task == "partition"
    assert recipe.network == "unet-lite0-affinities"
    # What has seen every patient cannot tell how held-out patients fare.
    assert recipe.data.folds == 0 or recipe.initial == "imagenet"


def test_no_phantoms_at_all_are_refused() -> None:
    with pytest.raises(RecipeError, match=r"data\.phantoms is 0"):
        recipe_from_table({"name": "n", "budget": "b", "steps": 1, "data": {"phantoms": 0}})
