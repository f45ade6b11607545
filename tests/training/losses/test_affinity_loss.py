"""Affinities: which pairs count, what they should be, and a loss that is 0 when they are."""

import numpy as np
import pytest
import torch

from ctseg.networks.affinities import OFFSETS
from ctseg.partition.affinities import ends
from ctseg.training.losses import affinity_loss, affinity_targets

SURE = 40.0


def small_label_map(seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.kron(rng.integers(0, 4, (4, 5)), np.ones((9, 8), int))


@pytest.mark.parametrize("offset", [*OFFSETS, (-2, 1), (0, -40), (60, 0)])
def test_targets_are_what_a_loop_over_pairs_finds(offset) -> None:
    label_map = small_label_map()
    height, width = label_map.shape
    same, counted = affinity_targets(torch.from_numpy(label_map)[None], offset)
    first = ends(np.arange(label_map.size).reshape(1, height, width), offset)[0]
    assert same.shape == counted.shape == first.shape
    values = zip(same.ravel().tolist(), counted.ravel().tolist(), strict=True)
    seen = dict(zip(first.ravel().tolist(), values, strict=True))
    for row in range(height):
        for column in range(width):
            row_2, column_2 = row + offset[0], column + offset[1]
            inside = 0 <= row_2 < height and 0 <= column_2 < width
            assert (row * width + column in seen) == inside
            if inside:
                a, b = label_map[row, column], label_map[row_2, column_2]
                assert seen[row * width + column] == (a == b > 0, a > 0 or b > 0)


def perfect_logits(label_maps: torch.Tensor) -> torch.Tensor:
    logits = torch.zeros(len(label_maps), len(OFFSETS), *label_maps.shape[1:])
    for channel, offset in enumerate(OFFSETS):
        same, _ = affinity_targets(label_maps, offset)
        ends(logits[:, channel], offset)[0][...] = torch.where(same, SURE, -SURE)
    return logits


@pytest.mark.parametrize("classes", [2, 3])
def test_a_perfect_prediction_costs_nothing_and_its_opposite_much(classes: int) -> None:
    label_maps = torch.from_numpy(np.stack([small_label_map(0), small_label_map(1)]))
    logits = perfect_logits(label_maps)
    assert affinity_loss(logits, label_maps, OFFSETS, classes) < 1e-5
    assert affinity_loss(-logits, label_maps, OFFSETS, classes) > 10


def test_with_three_classes_a_few_pairs_of_two_structures_weigh_as_much_as_all_those_with_background() -> (
    None
):
    label_map = torch.zeros(1, 40, 40, dtype=torch.int64)
    label_map[:, 5:35, 5:20], label_map[:, 5:35, 20:35] = 1, 2
    label_map[:, 8:35, 20] = 0  # three rows in which the two touch
    logits = torch.zeros(1, 1, 40, 40, requires_grad=True)
    pull = {}
    for classes in (2, 3):
        (gradient,) = torch.autograd.grad(affinity_loss(logits, label_map, [(0, 1)], classes), logits)
        pull[classes] = float(gradient[0, 0, 5:8, 19].sum() / gradient[0, 0].clamp(min=0).sum())
    assert pull[2] < 0.1
    assert pull[3] > 0.2  # half of the cross-entropy; the Dice loss still counts pairs


def test_labels_are_only_names() -> None:
    label_map = torch.from_numpy(small_label_map())[None]
    renamed = torch.tensor([0, 200, 7, 31])[label_map]
    logits = torch.randn(1, len(OFFSETS), *label_map.shape[1:])
    assert affinity_loss(logits, label_map, OFFSETS) == affinity_loss(logits, renamed, OFFSETS)


def test_pairs_of_background_pull_at_nothing() -> None:
    label_map = torch.zeros(1, 32, 32, dtype=torch.uint8)
    label_map[:, 4:9, 4:9] = 3
    logits = torch.randn(1, 1, 32, 32, requires_grad=True)
    affinity_loss(logits, label_map, [(0, 3)]).backward()
    moved = logits.grad[0, 0] != 0
    assert moved[4:9, 1:9].all()
    assert moved.sum() == 5 * 8


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("label", [0, 1])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_gradient_is_finite_without_pairs_and_with_huge_logits(label, dtype, classes) -> None:
    label_map = torch.full((2, 16, 16), label)
    logits = torch.tensor([-1e4, 0.0, 1e4]).to(dtype).repeat(2, 10, 16, 6)[..., :16].requires_grad_()
    value = affinity_loss(logits, label_map, OFFSETS, classes)
    value.backward()
    assert torch.isfinite(value)
    assert torch.isfinite(logits.grad).all()
    if label == 0:
        assert value == 0
