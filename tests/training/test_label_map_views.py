"""Random views of slices with label maps, painted label maps, and batches of several kinds of images."""

import dataclasses

import numpy as np
import pytest
import torch
from scipy.ndimage import maximum_filter, minimum_filter

from ctseg.training.augmentation import augment_label_map
from ctseg.training.batches import SliceSet
from ctseg.training.mix import Source, make_mixed_batch, sources
from ctseg.training.painting import paint, random_window
from ctseg.training.recipe import Augmentation, Data, Recipe, RecipeError
from ctseg.training.shapes import enlarged_label_map, phantoms

STILL = Augmentation(
    flip=0.0, rotation=0.0, scale=1.0, shift=0.0, elastic=0.0, contrast=1.0, brightness=0.0, gamma=1.0,
    noise=0.0, blur=0.0,
)  # fmt: skip
STRONG = Augmentation(rotation=30.0, scale=1.5, shift=80.0, elastic=15.0, quarter_turns=0.5, crop=0.5)


def label_map(side: int = 96, seed: int = 0) -> np.ndarray:
    values = np.random.default_rng(seed).choice([0, 3, 77, 200, 255], (6, 6))
    return np.kron(values, np.ones((side // 6, side // 6))).astype(np.uint8)


def test_a_view_invents_no_label_and_lies_where_its_image_lies() -> None:
    labels = label_map()
    for seed in range(20):
        # The image is the label map itself: away from borders, both views must say the same.
        grey, moved = augment_label_map(labels, labels, 128, STRONG, np.random.default_rng(seed))
        assert set(np.unique(moved)) <= set(np.unique(labels))
        assert grey.shape == moved.shape == (128, 128)
        border = maximum_filter(moved, 11, mode="nearest") != minimum_filter(moved, 11, mode="nearest")
        border[:6], border[-6:], border[:, :6], border[:, -6:] = True, True, True, True
        assert (~border).mean() > 0.05
        assert np.array_equal(grey[~border], moved[~border])


def test_without_changes_a_view_is_the_slice() -> None:
    labels = label_map()
    grey, moved = augment_label_map(labels, labels, 96, STILL, np.random.default_rng(0))
    assert np.array_equal(moved, labels)
    assert np.array_equal(grey, labels)


def test_a_painted_structure_has_one_level_and_equal_seeds_paint_equal_images() -> None:
    labels = label_map(192)
    one, other = (paint(labels, np.random.default_rng(seed)) for seed in (5, 5))
    assert np.array_equal(one, other)
    assert one.dtype == np.uint8
    levels = [float(np.median(one[labels == value])) for value in np.unique(labels)]
    assert np.std(levels) > 10
    assert not np.array_equal(one, paint(labels, np.random.default_rng(6)))


def test_windows_keep_the_order_of_tissues() -> None:
    hounsfield = np.linspace(-1024, 2000, 100, dtype=np.float32)[None]
    for seed in range(10):
        grey = random_window(hounsfield, np.random.default_rng(seed))
        assert (np.diff(grey.astype(int)) >= 0).all()
        assert (grey[0, 0], grey[0, -1]) == (0, 255)


def test_enlarging_keeps_labels_and_areas() -> None:
    labels = label_map(48)
    larger = enlarged_label_map(labels, 3)
    assert larger.shape == (144, 144)
    assert set(np.unique(larger)) == set(np.unique(labels))
    for value in np.unique(labels):
        assert (larger == value).mean() == pytest.approx((labels == value).mean(), abs=0.03)


def recipe(**changes) -> Recipe:
    return Recipe("mix", "seconds", 10, task="partition", network="tiny-unet-affinities", batch=4,
                  sizes=((0, 32),), **changes)  # fmt: skip


def two_kinds() -> tuple[Source, Source]:
    maps = tuple(label_map(96, seed) for seed in range(5))
    images = SliceSet(maps, maps)
    return (
        Source(images, lambda moved, labels, rng: paint(labels, rng)),
        Source(images, lambda moved, labels, rng: moved.astype(np.uint8), annotated=True),
    )


def test_a_batch_depends_on_seed_and_step_and_not_on_what_came_before_or_who_makes_it() -> None:
    kinds = two_kinds()
    whole = make_mixed_batch(kinds, recipe(), 7, range(4))
    make_mixed_batch(kinds, recipe(), 3, range(4))
    again = make_mixed_batch(two_kinds(), recipe(), 7, range(4))
    halves = [make_mixed_batch(kinds, recipe(), 7, places) for places in (range(2), range(2, 4))]
    for one, other, parts in zip(whole, again, zip(*halves, strict=True), strict=True):
        assert torch.equal(one, other)
        assert torch.equal(one, torch.cat(parts))
    assert whole[2].tolist() == [False, True, False, True]
    for other in (make_mixed_batch(kinds, recipe(), 8, range(4)),
                  make_mixed_batch(kinds, recipe(seed=1), 7, range(4))):  # fmt: skip
        assert not torch.equal(whole[0], other[0])


def test_every_annotated_slice_is_seen_once_an_epoch() -> None:
    maps = tuple(np.full((8, 8), value, np.uint8) for value in range(1, 7))
    kind = Source(SliceSet(maps, maps), lambda moved, labels, rng: labels, annotated=True)
    still = dataclasses.replace(recipe(), batch=2, augmentation=STILL)
    seen = torch.cat([make_mixed_batch([kind], still, step, range(2))[1][:, 16, 16] for step in range(3)])
    assert sorted(seen.tolist()) == [1, 2, 3, 4, 5, 6]


def test_phantoms_come_from_seeds_and_are_in_hounsfield_units() -> None:
    one, other = phantoms(1), phantoms(2)
    assert len(other) == 2
    assert np.array_equal(one.grey[0], other.grey[0])
    assert other.grey[0].dtype == np.int16
    assert other.grey[0].min() < -900


@pytest.mark.parametrize(
    ("names", "named"),
    [
        (("phantoms",), 'must have "annotated"'),
        (("annotated", "phantoms", "example"), "divide the batch of 4 equally"),
        (("annotated", "photographs"), "no source 'photographs'; choose among annotated, phantoms"),
    ],
)
def test_sources_that_cannot_be_are_refused(names, named) -> None:
    maps = (label_map(),)
    with pytest.raises(RecipeError, match=named):
        sources(recipe(data=Data(sources=names, phantoms=1)), SliceSet(maps, maps))
