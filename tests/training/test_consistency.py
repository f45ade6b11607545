"""Consistency on slices without labels: what is seen, what is mixed, what counts."""

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from ctseg.datasets import Split, open_split
from ctseg.training.consistency import consistency_loss, consistency_slices, cut_and_mix, make_views
from ctseg.training.curves import read_record
from ctseg.training.recipe import RecipeError
from ctseg.training.recipe_files import recipe_from_table
from ctseg.training.tasks.partition import Partition, train_partition

TABLE = {
    "name": "small", "budget": "seconds: 2 steps", "steps": 2, "task": "partition", "initial": "random",
    "network": "tiny-unet-affinities", "batch": 2, "sizes": [[0, 32]], "select_every": 1, "log_every": 1,
    "consistency": 1.0, "sure_from": 0.5, "data": {"unlabelled": ["ct-fewshot-train"]},
}  # fmt: skip


@pytest.fixture
def split(small_data: Path, monkeypatch: pytest.MonkeyPatch) -> Split:
    """The small data set, as the training split."""
    monkeypatch.setenv("CTSEG_DATA", str(small_data))
    return open_split("ct-fewshot-train")


def test_patients_that_are_left_out_are_not_seen(split: Split) -> None:
    patient = split.patients[0]
    all_of_them = consistency_slices(recipe_from_table(TABLE))
    others = consistency_slices(
        recipe_from_table(TABLE | {"data": {"unlabelled": ["ct-fewshot-train"], "without": [patient]}})
    )
    assert len(all_of_them) == len(split)
    assert len(others) == sum(each != patient for each in split.patients)
    assert others.label_maps == ()


@pytest.mark.parametrize("everybody", [False, True])
def test_who_is_left_out_must_be_there_and_not_be_all(split: Split, everybody: bool) -> None:
    without = sorted(set(split.patients)) if everybody else ["nobody"]
    data = {"unlabelled": ["ct-fewshot-train"], "without": without}
    with pytest.raises(RecipeError, match="leaves no slice" if everybody else "names nobody, who is not"):
        consistency_slices(recipe_from_table(TABLE | {"data": data}))


def test_both_views_are_moved_alike_and_the_same_again(split: Split) -> None:
    plain_grey = {"contrast": 1.0, "brightness": 0.0, "gamma": 1.0, "noise": 0.0, "blur": 0.0}
    recipe = recipe_from_table(TABLE | {"augmentation": plain_grey})
    slices = consistency_slices(recipe)
    plain, changed = make_views(slices, recipe, 0, range(2))
    assert plain.shape == changed.shape == (2, 32, 32)
    assert torch.equal(plain, changed)  # nothing but grey levels may differ
    again, _ = make_views(slices, recipe, 0, range(2))
    assert torch.equal(plain, again)
    assert not torch.equal(plain, make_views(slices, recipe, 1, range(2))[0])
    assert torch.equal(plain[1:], make_views(slices, recipe, 0, range(1, 2))[0])


def test_what_is_pasted_brings_its_probability_along() -> None:
    torch.manual_seed(0)
    images = torch.arange(3, dtype=torch.uint8).view(3, 1, 1).expand(3, 48, 40 + 8)
    mixed, seen = cut_and_mix(images, images[:, None].float() / 10)
    torch.testing.assert_close(mixed.float() / 10, seen[:, 0])
    for index, one in enumerate(mixed):
        pasted = one == (index + 1) % 3
        assert bool((pasted | (one == index)).all())
        assert 0.25 < float(pasted.float().mean()) < 0.42


def test_only_sure_pixels_count() -> None:
    torch.manual_seed(0)
    logits = torch.randn(1, 2, 4, 4)
    probability = torch.full((1, 4, 4), 0.6)
    probability[0, 0, 0], probability[0, 0, 1] = 0.99, 0.01
    value = consistency_loss(logits, probability, 0.95)
    by_hand = F.cross_entropy(logits[:, :, 0, :2], torch.tensor([[1, 0]]), reduction="sum") / 16
    torch.testing.assert_close(value, by_hand)
    assert float(consistency_loss(logits, torch.full((1, 4, 4), 0.6), 0.95)) == 0


def test_a_run_learns_from_both_and_logs_it(split: Split, tmp_path: Path) -> None:
    train_partition(recipe_from_table(TABLE), split, tmp_path / "run")
    rows = read_record(tmp_path / "run" / "log.csv")
    assert len(rows) == 2
    assert all(np.isfinite(row["consistency_loss"]) for row in rows)


@pytest.mark.parametrize("head", ["slots", "embedding"])
def test_a_head_needs_a_network_that_has_it(split: Split, head: str) -> None:
    with pytest.raises(RecipeError, match=f"no channels for {head}"):
        Partition(recipe_from_table(TABLE | {head: 1.0}), split, None)


def test_embeddings_are_learnt_with_and_without_labels(split: Split, tmp_path: Path) -> None:
    table = TABLE | {"network": "tiny-unet-embedding-affinities", "embedding": 1.0}
    train_partition(recipe_from_table(table), split, tmp_path / "run")
    rows = read_record(tmp_path / "run" / "log.csv")
    assert all(row["embedding_loss"] > 0 and np.isfinite(row["consistency_loss"]) for row in rows)
