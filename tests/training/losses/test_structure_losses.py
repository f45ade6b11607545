"""Losses that look at structures one by one: slots, and the weight of small ones."""

import numpy as np
import pytest
import torch

from ctseg.training.losses import slot_loss, structure_weights


def _columns(structures: int, size: int = 24) -> torch.Tensor:
    """A label map with so many structures side by side, some background below them."""
    labels = np.tile(np.arange(size) * structures // size + 1, (size, 1))
    labels[-4:] = 0
    return torch.from_numpy(labels)[None]


def _logits(label_map: torch.Tensor, slots: list[int], count: int = 6) -> torch.Tensor:
    """Sure logits in which structure k + 1 stands in slot ``slots[k]``."""
    logits = torch.zeros(1, count, *label_map.shape[1:])
    for label, slot in enumerate(slots, start=1):
        logits[0, slot][label_map[0] == label] = 30.0
    return logits


def test_any_slot_is_right_as_long_as_each_structure_has_its_own() -> None:
    label_map = _columns(3)
    for slots in ([0, 1, 2], [5, 0, 3]):
        assert float(slot_loss(_logits(label_map, slots), label_map)) < 1e-6
    # The other way round, numbers of structures mean nothing.
    swapped = torch.where(label_map > 0, 4 - label_map, 0)
    assert float(slot_loss(_logits(label_map, [0, 1, 2]), swapped)) < 1e-6


def test_two_structures_in_one_slot_cost_as_much_as_the_match_by_hand() -> None:
    label_map = _columns(2)
    logits = _logits(label_map, [4, 4])
    # One keeps the slot; the other's pixels would need one that is exp(30) less likely: the mean of 0 and 30.
    assert float(slot_loss(logits, label_map)) == pytest.approx(15.0, abs=1e-3)


def test_slots_learn_and_background_has_no_say() -> None:
    torch.manual_seed(0)
    label_map = _columns(3)
    logits = torch.randn(1, 6, 24, 24).requires_grad_()
    first = slot_loss(logits, label_map)
    first.backward()
    assert float(logits.grad[0, :, -4:].abs().max()) == 0
    better = logits.detach() - 50 * logits.grad
    assert float(slot_loss(better, label_map)) < float(first.detach())


def test_nothing_and_specks_cost_nothing_and_can_still_be_differentiated() -> None:
    speck = torch.zeros(1, 24, 24, dtype=torch.int64)
    speck[0, 3, 3] = 1
    for label_map in (torch.zeros(1, 24, 24, dtype=torch.int64), speck):
        logits = torch.randn(1, 6, 24, 24).requires_grad_()
        value = slot_loss(logits, label_map)
        value.backward()
        assert float(value.detach()) == 0


def test_more_structures_than_slots_are_matched_as_far_as_slots_go() -> None:
    label_map = _columns(8)
    assert torch.isfinite(slot_loss(torch.randn(1, 6, 24, 24), label_map))


def test_weights_by_hand() -> None:
    label_map = torch.zeros(1, 100, 100, dtype=torch.uint8)
    label_map[0, :20, :20] = 1  # 4 %
    label_map[0, 50:55, 50:55] = 2  # 25 px of 100: a weight of 2
    label_map[0, 90, 90] = 3  # 1 px of 100: 10, at most 8
    weights = structure_weights(label_map, 0.5)
    found = {label: weights[label_map == label].unique().tolist() for label in range(4)}
    assert found == {0: [1.0], 1: [1.0], 2: [2.0], 3: [8.0]}
    assert structure_weights(label_map, 0.25)[0, 50, 50] == pytest.approx(2**0.5)
