"""Training batches: the whole set in memory as bytes, the next batches made while the network works."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor

from ctseg.datasets.split import Split
from ctseg.slices.windowing import SOFT_TISSUE, to_uint8
from ctseg.training.augmentation import augment
from ctseg.training.recipe import Recipe

Tensors = tuple[Tensor, ...]

_AHEAD = 3
_ORDER, _VIEW = 0, 1  # first words of the random streams' seeds, so that no two streams coincide


@dataclass(frozen=True)
class SliceSet:
    """Slices with their label maps, all in memory.

    Attributes
    ----------
    grey : one uint8 array (H, W) a slice
    label_maps : one integer array (H, W) a slice; none where labels are not looked at
    """

    grey: tuple[NDArray[np.uint8], ...]
    label_maps: tuple[NDArray[np.integer], ...]

    def __len__(self) -> int:
        """Return the number of slices."""
        return len(self.grey)


def load_slices(split: Split) -> SliceSet:
    """Read all annotated slices of a split; HU are shown in the soft-tissue window."""
    grey, label_maps = [], []
    for index in range(len(split)):
        label_map = split.label_map(index)
        if label_map is not None:
            grey.append(to_uint8(split.slice(index), SOFT_TISSUE))
            label_maps.append(label_map)
    return SliceSet(tuple(grey), tuple(label_maps))


def slice_indices(seed: int, step: int, batch: int, slices: int) -> list[int]:
    """Return which slices make the batch of a step: shuffled epochs, one after the other without a gap."""
    indices = []
    for position in range(step * batch, (step + 1) * batch):
        epoch, place = divmod(position, slices)
        order = np.random.default_rng([seed, _ORDER, epoch]).permutation(slices)
        indices.append(int(order[place]))
    return indices


def make_batch(slices: SliceSet, recipe: Recipe, step: int, places: range) -> tuple[Tensor, Tensor]:
    """Make the part of a step's batch that lies at ``places``.

    Every image has a random stream of its own, from seed, step and place, so the batch is the same after
    a restart and however many processes share it.

    Returns
    -------
    grey : Tensor of uint8, shape (N, S, S)
    mask : Tensor of uint8, shape (N, S, S), 1 = foreground
    """
    views = []
    for chosen, rng in drawn(len(slices), recipe, step, places):
        mask = (slices.label_maps[chosen] > 0).astype(np.uint8)
        views.append(augment(slices.grey[chosen], mask, recipe.size_at(step), recipe.augmentation, rng))
    greys, masks = zip(*views, strict=True)
    return torch.from_numpy(np.stack(greys)), torch.from_numpy(np.stack(masks))


def drawn(slices: int, recipe: Recipe, step: int, places: range) -> Iterator[tuple[int, Generator]]:
    """Yield which image stands at each place of a step's batch, and the random stream of its views."""
    chosen = slice_indices(recipe.seed, step, recipe.batch, slices)
    for place in places:
        yield chosen[place], np.random.default_rng([recipe.seed, _VIEW, step, place])


def ahead(
    make: Callable[[int, range], Tensors],
    recipe: Recipe,
    first_step: int,
    process: int = 0,
    processes: int = 1,
) -> Iterator[tuple[int, Tensors]]:
    """Yield (step, batch) from ``first_step`` to the recipe's end, made ahead by one worker thread.

    Parameters
    ----------
    make : makes the part of a step's batch that lies at some places, such as :func:`make_batch`
    recipe : steps and batch
    first_step : step to begin with
    process, processes : this process gets its equal share of every batch

    Raises
    ------
    ValueError
        If the batch cannot be shared equally.
    """
    if recipe.batch % processes:
        raise ValueError(
            f"A batch of {recipe.batch} cannot be shared by {processes} processes; change one of them."
        )
    share = recipe.batch // processes
    places = range(process * share, (process + 1) * share)
    with ThreadPoolExecutor(1) as worker:
        waiting: list[Future[Tensors]] = []
        asked = first_step
        for step in range(first_step, recipe.steps):
            while asked < recipe.steps and len(waiting) < _AHEAD:
                waiting.append(worker.submit(make, asked, places))
                asked += 1
            yield step, waiting.pop(0).result()
