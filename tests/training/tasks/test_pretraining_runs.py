"""Pre-training runs read no labels, refuse forbidden sources and leave an encoder that fine-tuning takes."""

import csv
import dataclasses
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from ctseg.cli import main
from ctseg.datasets import DatasetError, open_split
from ctseg.training.augmentation import augment
from ctseg.training.curves import read_record
from ctseg.training.recipe import Augmentation
from ctseg.training.recipe_files import find_recipe, recipe_from_table
from ctseg.training.tasks.pretraining import Pretraining, pretrain, unlabelled_slices

NETWORKS = {"simclr": "unet-lite0", "mae": "vit-mae", "swin-mae": "swin-unet"}
RECIPE = """
name = "small"
budget = "2 steps"
steps = 2
{more}
batch = 4
sizes = [[0, 64]]
log_every = 1
[data]
unlabelled = ["ct-fewshot-train"]
"""


def write(path, **values: str):
    path.write_text(RECIPE.format(more="\n".join(f'{key} = "{value}"' for key, value in values.items())))
    return path


@pytest.fixture
def data(small_data, monkeypatch):
    monkeypatch.setenv("CTSEG_DATA", str(small_data))
    return small_data


@pytest.mark.slow
@pytest.mark.parametrize("task", NETWORKS)
def test_pretrain_then_train_from_its_encoder(task, data, tmp_path, capsys) -> None:
    first = write(tmp_path / "first.toml", task=task, network=NETWORKS[task], initial="random")
    assert main(["pretrain", str(first), "--out", str(tmp_path / "first"), "--threads", "1"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("start ")
    assert said[1].startswith("pre-trained ")
    assert said[2] == str(tmp_path / "first" / "encoder.safetensors")
    assert all(np.isfinite(row["loss"]) for row in read_record(tmp_path / "first" / "log.csv"))
    second = write(tmp_path / "second.toml", network=NETWORKS[task], initial="pretrained")
    assert main(["train", str(second), "--out", str(tmp_path / "second")]) == 1
    assert "starts from pretrained weights; name their safetensors file" in capsys.readouterr().err
    command = [
        "train",
        str(second),
        "--out",
        str(tmp_path / "second"),
        "--initial",
        said[2],
        "--threads",
        "1",
    ]
    assert main(command) == 0
    assert load_file(tmp_path / "second" / "best.safetensors")


def test_an_encoder_of_another_network_is_refused(data, tmp_path, capsys) -> None:
    torch.manual_seed(0)
    recipe = write(tmp_path / "vit.toml", network="vit-mae", initial="pretrained")
    swin = tmp_path / "swin.safetensors"
    save_file({"patches.weight": torch.zeros(2)}, swin)
    assert main(["train", str(recipe), "--out", str(tmp_path / "run"), "--initial", str(swin)]) == 1
    assert "do not fit the encoder" in capsys.readouterr().err


@pytest.mark.parametrize("task", NETWORKS)
def test_batches_are_the_same_in_parts_and_hold_no_label(task, data) -> None:
    table = {"name": "n", "budget": "b", "steps": 3, "task": task, "network": NETWORKS[task],
             "initial": "random", "batch": 6, "sizes": [[0, 64]],
             "data": {"unlabelled": ["ct-fewshot-train"]}}  # fmt: skip
    made = Pretraining(recipe_from_table(table), None)
    whole = made.batch(2, range(6))
    parts = [made.batch(2, places) for places in (range(2), range(2, 6))]
    for position, tensor in enumerate(whole):
        assert torch.equal(tensor, torch.cat([part[position] for part in parts]))
    assert whole[0].shape == (6, 64, 64)
    if task == "simclr":
        assert not torch.equal(whole[0], whole[1])
    else:
        assert whole[1].shape == (6, 16)


def test_near_duplicates_share_a_group(data) -> None:
    images, groups = unlabelled_slices([open_split("ct-fewshot-train")])
    assert len(images) == len(groups) == 24
    assert images.label_maps == ()


def test_no_training_sees_the_zeroshot_boards_source(small_data, tmp_path, monkeypatch, capsys) -> None:
    copy = tmp_path / "data"
    shutil.copytree(small_data, copy)
    index = copy / "ct-fewshot" / "train" / "index.csv"
    rows = list(csv.DictReader(index.open(encoding="utf-8")))
    with index.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["image", "source", "patient"])
        writer.writeheader()
        for number, row in enumerate(rows):
            writer.writerow(row | {"source": "NSCLC-Radiomics" if number == 7 else "BTCV"})
    monkeypatch.setenv("CTSEG_DATA", str(copy))
    with pytest.raises(DatasetError, match="NSCLC-Radiomics, which no training may see"):
        unlabelled_slices([open_split("ct-fewshot-train")])
    recipe = write(tmp_path / "r.toml", task="mae", network="vit-mae", initial="random")
    assert main(["pretrain", str(recipe), "--out", str(tmp_path / "run")]) == 1
    assert "leave it out" in capsys.readouterr().err


def test_crops_show_a_part_and_cut_out_blanks_a_square() -> None:
    still = {"flip": 0, "rotation": 0, "scale": 1, "shift": 0, "elastic": 0, "contrast": 1, "brightness": 0,
             "gamma": 1, "noise": 0, "blur": 0}  # fmt: skip
    ramp = np.tile(np.arange(256, dtype=np.uint8), (256, 1))
    nothing = np.zeros_like(ramp)
    spans = []
    for seed in range(30):
        view, _ = augment(ramp, nothing, 128, Augmentation(**still, crop=0.25), np.random.default_rng(seed))
        spans.append(int(view.max()) - int(view.min()))
    assert min(spans) < 150
    assert all(120 <= span <= 255 for span in spans)
    grey = np.full((64, 64), 200, np.uint8)
    grey[:, ::2] = 100
    changed = [
        int((augment(grey, nothing[:64, :64], 64, Augmentation(**still, cutout=0.5), rng)[0] == 150).sum())
        for rng in map(np.random.default_rng, range(40))
    ]
    assert 0 in changed
    assert 100 < max(changed) <= 32 * 32


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "network"),
    [("simclr-resnet50", "unet-resnet50"), ("mae-vit-base", "vit-base"), ("swin-mae-96", "swin-unet-96")],
)
def test_a_recipe_of_the_papers_size_runs_a_step(name, network, data, tmp_path) -> None:
    recipe = find_recipe(name)
    assert recipe.network == network
    seen = dataclasses.replace(recipe.data, unlabelled=("ct-fewshot-train",))
    small = dataclasses.replace(recipe, steps=1, batch=4, log_every=1, data=seen)
    encoder = pretrain(small, tmp_path / "run", None)
    assert sum(tensor.numel() for tensor in load_file(encoder).values()) > 20e6
    assert np.isfinite(read_record(tmp_path / "run" / "log.csv")[0]["loss"])
