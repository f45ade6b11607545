"""Batches of several kinds of images with their label maps, for the task ``partition``."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor

from ctseg.training.augmentation import augment_label_map, change_grey
from ctseg.training.batches import SliceSet, slice_indices
from ctseg.training.painting import paint, random_window
from ctseg.training.recipe import Recipe, RecipeError
from ctseg.training.shapes import atlas_label_maps, example_slices, phantoms

_VIEW = 1  # first word of the random streams' seeds, as in batches
_AIR = -1024.0

Colour = Callable[[NDArray[np.float32], NDArray[np.uint8], Generator], NDArray[np.uint8]]
"""From a moved image (S, S) and its label map to grey levels."""


@dataclass(frozen=True)
class Source:
    """One kind of images.

    Attributes
    ----------
    slices : grey levels or HU, and label maps of uint8
    colour : gives a moved image its grey levels
    annotated : whether background means that nobody would annotate it, so that foreground can be learnt
    outside : value of what lies outside the image
    """

    slices: SliceSet
    colour: Colour
    annotated: bool = False
    outside: float = 0.0


def sources(recipe: Recipe, annotated: SliceSet) -> tuple[Source, ...]:
    """Return the kinds of images that the recipe names, in its order.

    Parameters
    ----------
    recipe : whose ``data.sources`` and ``data.phantoms`` decide
    annotated : annotated training slices

    Raises
    ------
    RecipeError
        If the batch cannot be shared equally, or nothing annotated is among the kinds.
    DatasetError
        If files are missing.
    """
    names = recipe.data.sources
    if "annotated" not in names or recipe.batch % len(names):
        raise RecipeError(
            f'data.sources must have "annotated" and divide the batch of {recipe.batch} equally, not {names}.'
        )
    drawn = phantoms(recipe.data.phantoms) if {"phantoms", "painted"} & set(names) else SliceSet((), ())
    example = example_slices() if {"example", "painted"} & set(names) else SliceSet((), ())
    atlases = atlas_label_maps() if recipe.data.atlases and "painted" in names else ()
    made: dict[str, Callable[[], Source]] = {
        "annotated": lambda: Source(annotated, _as_it_is, annotated=True),
        "phantoms": lambda: Source(drawn, _windowed, outside=_AIR),
        "example": lambda: Source(example, _windowed, outside=_AIR),
        "painted": lambda: _painted((*drawn.label_maps, *example.label_maps, *atlases)),
    }
    unknown = sorted(set(names) - set(made))
    if unknown:
        raise RecipeError(f"There is no source {unknown[0]!r}; choose among {', '.join(made)}.")
    return tuple(made[name]() for name in names)


def make_mixed_batch(
    kinds: Sequence[Source], recipe: Recipe, step: int, places: range
) -> tuple[Tensor, Tensor, Tensor]:
    """Make the part of a step's batch that lies at ``places``; the kinds take turns from place to place.

    Every image has a random stream of its own, from seed, step and place, so the batch is the same after
    a restart and however many processes share it.

    Returns
    -------
    grey : Tensor of uint8, shape (N, S, S)
    label_map : Tensor of uint8, shape (N, S, S)
    annotated : Tensor of bool, shape (N,)
    """
    share = recipe.batch // len(kinds)
    size = recipe.size_at(step)
    greys, label_maps, annotated = [], [], []
    for place in places:
        turn, which = divmod(place, len(kinds))
        kind = kinds[which]
        index = slice_indices(recipe.seed, step, share, len(kind.slices))[turn]
        rng = np.random.default_rng([recipe.seed, _VIEW, step, place])
        moved, label_map = augment_label_map(
            kind.slices.grey[index], kind.slices.label_maps[index].astype(np.uint8, copy=False), size,
            recipe.augmentation, rng, kind.outside,
        )  # fmt: skip
        greys.append(change_grey(kind.colour(moved, label_map, rng), recipe.augmentation, rng))
        label_maps.append(label_map)
        annotated.append(kind.annotated)
    return torch.from_numpy(np.stack(greys)), torch.from_numpy(np.stack(label_maps)), torch.tensor(annotated)


def _painted(label_maps: tuple[NDArray[np.integer], ...]) -> Source:
    maps = tuple(np.asarray(one, np.uint8) for one in label_maps)
    return Source(SliceSet(maps, maps), _from_labels)


def _as_it_is(moved: NDArray[np.float32], _labels: NDArray[np.uint8], _rng: Generator) -> NDArray[np.uint8]:
    return np.rint(moved).astype(np.uint8)


def _windowed(moved: NDArray[np.float32], _labels: NDArray[np.uint8], rng: Generator) -> NDArray[np.uint8]:
    return random_window(moved, rng)


def _from_labels(
    _moved: NDArray[np.float32], label_map: NDArray[np.uint8], rng: Generator
) -> NDArray[np.uint8]:
    return paint(label_map, rng)
