"""Run folders of ``ctseg train`` as methods."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ctseg.api import segment_with_tree
from ctseg.cli import main
from ctseg.methods import CARDS, MethodError, load
from ctseg.methods.runs import add_run, add_runs_of_setting, named
from ctseg.networks.registry import build_network
from ctseg.slices import CTSlice
from ctseg.training.checkpoint import save_weights
from ctseg.training.recipe import Data, Recipe
from ctseg.training.recipe_files import recipe_to_table
from ctseg.ui.compare.messages import method_rows
from ctseg.ui.methods.page import methods_html


def run_folder(folder: Path, task: Any = "segment", seed: int = 0, **more: Any) -> Path:
    """What ``ctseg train`` leaves, of an untrained network."""
    network = "tiny-unet" if task == "segment" else "tiny-unet-affinities"
    recipe = Recipe(
        "trial", "none", 12, task=task, network=network, initial="random", sizes=((0, 64),), **more
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "recipe.json").write_text(json.dumps(recipe_to_table(recipe)), encoding="utf-8")
    torch.manual_seed(seed)
    facts = {"network": network, "size": "64"}
    save_weights(folder / "best.safetensors", build_network(network).state_dict(), facts)
    return folder


def slice_of_noise() -> CTSlice:
    return CTSlice(np.random.default_rng(2).integers(0, 256, (50, 70), dtype=np.uint8), "8-bit", None, "test")


def test_the_card_says_what_the_recipe_says(tmp_path: Path) -> None:
    data = Data(split="folder:/home/somebody/secret", sources=("annotated", "phantoms"))
    name = add_run(run_folder(tmp_path / "liver and more", "partition", data=data))
    card = CARDS[name]
    assert (name, card.full_tiling, card.saw) == ("run-liver-and-more", True, ("annotated", "synthetic"))
    assert "12 steps of 8 slices at 64 px, from random weights" in card.training_data
    assert card.parameters == sum(one.numel() for one in build_network("tiny-unet-affinities").parameters())
    assert "secret" not in json.dumps(dataclasses.asdict(card))
    plain = CARDS[add_run(run_folder(tmp_path / "plain"))]
    assert (plain.full_tiling, plain.saw) == (False, ("annotated",))


def test_a_run_segments_and_a_partition_has_a_tree(tmp_path: Path) -> None:
    ct_slice = slice_of_noise()
    label_map, tree = segment_with_tree(ct_slice, f"run:{run_folder(tmp_path / 'plain')}")
    assert label_map.shape == ct_slice.shape
    assert tree is None
    label_map, tree = segment_with_tree(ct_slice, f"run:{run_folder(tmp_path / 'apart', 'partition')}")
    assert tree is not None
    assert np.array_equal(label_map, tree.label_map)


def test_weights_are_loaded_only_as_the_card_names_them(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "mine")
    name = named(f"run:{folder}")
    assert named(f"run:{folder}") == name
    first = CARDS[name]
    run_folder(folder, seed=1)
    with pytest.raises(MethodError, match="have changed"):
        load(name)
    assert named(f"run:{folder}") == name
    assert CARDS[name].weights != first.weights
    load(name)


def _without_weights(folder: Path) -> None:
    (folder / "best.safetensors").unlink()


def _pickled(folder: Path) -> None:
    torch.save({"fine": torch.zeros(2)}, folder / "best.safetensors")


def _no_recipe(folder: Path) -> None:
    (folder / "recipe.json").write_text("{}", encoding="utf-8")


def _pre_trained(folder: Path) -> None:
    run_folder(folder, "mae")


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (_without_weights, "no finished run"),
        (_pickled, "no safetensors file"),
        (_no_recipe, "no recipe that"),
        (_pre_trained, "a pre-training"),
    ],
)
def test_what_is_no_run_gets_one_sentence(
    spoil: Any, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(run_folder(tmp_path / "mine"))
    assert main(["segment", __file__, "--method", f"run:{tmp_path / 'mine'}", "--out", str(tmp_path)]) == 1
    assert sentence in capsys.readouterr().err


def test_an_app_offers_the_runs_of_the_setting_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = [run_folder(tmp_path / "deep" / "one"), run_folder(tmp_path / "two", "partition")]
    monkeypatch.setenv("CTSEG_RUNS", ":".join(map(str, folders)))
    add_runs_of_setting()
    shown = {str(row["name"]): row for row in method_rows()}
    assert {"run-one", "run-two"} <= set(shown)
    assert str(tmp_path) not in methods_html() + json.dumps(list(shown.values()))
    assert next(iter(shown)) != "run-one"
    assert main(["methods"]) == 0
    assert "Own run two" in capsys.readouterr().out
    with pytest.raises(MethodError, match="no method"):
        load(f"run:{tmp_path / 'two'}")
