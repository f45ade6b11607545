"""Batches: every image once an epoch, the same after a restart."""

import functools

import torch

from ctseg.training.batches import ahead, make_batch, slice_indices
from ctseg.training.tasks.foreground import divide


def test_every_epoch_shows_every_image_once() -> None:
    drawn = [index for step in range(21) for index in slice_indices(3, step, 5, 7)]
    for epoch in range(15):
        assert sorted(drawn[epoch * 7 : (epoch + 1) * 7]) == list(range(7))
    assert drawn[:7] != drawn[7:14]


def test_batches_are_the_same_after_a_restart_and_in_parts(small_split, recipe) -> None:
    images = divide(small_split, recipe).train
    make = functools.partial(make_batch, images, recipe)
    whole = dict(ahead(make, recipe, 0))
    assert list(whole) == list(range(20))
    for step, (grey, mask) in ahead(make, recipe, 12):
        assert torch.equal(grey, whole[step][0])
        assert torch.equal(mask, whole[step][1])
    parts = [make(7, range(first, first + 2))[0] for first in (0, 2)]
    assert torch.equal(torch.cat(parts), whole[7][0])
    assert whole[0][0].shape == (4, 32, 32)
    assert whole[19][0].shape == (4, 64, 64)
