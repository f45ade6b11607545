"""Segment Anything asked where merge trees found something: points, what is kept, and stopping."""

import threading
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

from ctseg.labelmaps import connected_regions, relabel
from ctseg.methods import NeverStop, StopFlag, Stopped
from ctseg.methods.base.hierarchical import FromTree
from ctseg.methods.base.method import Progress, ignore_progress, raise_if_stopped
from ctseg.methods.sam.engine.decoder import CLEAR, PointDecoder, Window
from ctseg.methods.sam.engine.mask_settings import SeedSettings
from ctseg.methods.sam.engine.modules import build_mask_decoder, build_prompt_encoder
from ctseg.methods.sam.engine.seeded import SeededMasks
from ctseg.methods.sam.engine.seeds import LOGITS_SIDE, Seed, in_square, overlap, seeds
from ctseg.partition import MergeTree
from ctseg.slices import CTSlice
from ctseg.slices.windowing import SOFT_TISSUE

SETTINGS = SeedSettings(min_share=0, max_share=0.9, max_seeds=12)
NOTHING = np.zeros((64, 64), np.int32)


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 999))
def test_a_seed_lies_in_its_region_and_there_are_not_too_many(height: int, width: int, seed: int) -> None:
    coarse = np.random.default_rng(seed).integers(0, 6, (-(-height // 7), -(-width // 7)))
    label_map = np.kron(coarse, np.ones((7, 7), np.int32))[:height, :width].astype(np.int32)
    found = seeds(label_map, label_map, SETTINGS)
    labels = [int(label_map[int(seed.point[1]), int(seed.point[0])]) for seed in found]
    assert len(found) <= SETTINGS.max_seeds
    assert 0 not in labels
    assert len(set(labels)) == len(labels)  # the second label map says nothing new
    square = in_square(label_map)
    for label, one in zip(labels, found, strict=True):
        assert np.array_equal(one.region, square == label)


def test_the_last_bits_of_distances_do_not_move_a_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    # OpenCV's differ with the place in memory that the result comes to lie at.
    label_map = np.zeros((60, 60), np.int32)
    label_map[3:24, 5:56], label_map[31:50, 9:50] = 1, 2
    exact = cv2.distanceTransform
    chance = np.random.default_rng(0)

    def other_last_bits(*given: Any) -> NDArray[np.float32]:
        away = exact(*given)
        return np.where(chance.random(away.shape) < 0.5, away, np.nextafter(away, np.float32(np.inf)))

    monkeypatch.setattr(cv2, "distanceTransform", other_last_bits)
    points = {tuple(seed.point for seed in seeds(label_map, NOTHING, SETTINGS)) for _ in range(20)}
    assert points == {((15.5, 13.5), (18.5, 40.5))}


def test_structures_come_first_and_sizes_are_kept_to() -> None:
    structures, regions = NOTHING.copy(), NOTHING.copy()
    structures[4:12, 4:12] = 1
    regions[:, :40], regions[:, 40:] = 1, 2
    regions[50:52, 10:12] = 3
    asked = seeds(structures, regions, SeedSettings(min_share=0.005, max_share=0.5))
    assert tuple(map(int, asked[0].point)) == (7, 7)
    assert len(asked) == 2
    assert len(seeds(structures, structures, SETTINGS)) == 1
    # 64 px of the slice are 1024 of the encoder's square.
    assert asked[0].box == (64, 64, 192, 192)


def test_the_square_is_the_slice_scaled_and_padded() -> None:
    label_map = relabel(np.kron(np.arange(1, 9).reshape(2, 4), np.ones((20, 10), np.int32)))
    square = in_square(label_map)
    assert square.shape == (LOGITS_SIDE, LOGITS_SIDE)
    assert np.array_equal(square[::128, ::64], [[1, 2, 3, 4], [5, 6, 7, 8]])
    assert np.count_nonzero(in_square(label_map[:10])) == LOGITS_SIDE * 64


def test_a_question_within_a_window_is_the_packages_about_that_part_of_the_image() -> None:
    torch.manual_seed(0)
    prompts, package = build_prompt_encoder().eval(), build_mask_decoder().eval()
    decoder = PointDecoder(prompts, package)
    embedding, point = torch.randn(1, 256, 64, 64), torch.tensor([[200.0, 300.0]])
    box = torch.tensor([[100.0, 250.0, 420.0, 500.0]])
    rows, columns = slice(3, 40), slice(5, 64)
    with torch.inference_mode():
        image = decoder.image_side(embedding).within((rows, columns))
        keys, tokens, quality = decoder.attend(image, point, box)
        seen = decoder.masks(image, keys[0], tokens[0], torch.tensor([0, 2]))
        sparse, dense = prompts(points=(point[:, None], torch.ones(1, 1)), boxes=box, masks=None)
        masks, their_quality = package.predict_masks(
            embedding[..., rows, columns],
            prompts.get_dense_pe()[..., rows, columns],
            sparse,
            dense[..., rows, columns],
        )
    torch.testing.assert_close(quality, their_quality[:, 1:], rtol=1e-4, atol=1e-4)
    assert seen.shape == (2, LOGITS_SIDE, LOGITS_SIDE)
    torch.testing.assert_close(seen[:, 12:160, 20:], masks[0, [1, 3]], rtol=1e-4, atol=1e-4)
    outside = torch.ones(LOGITS_SIDE, LOGITS_SIDE, dtype=torch.bool)
    outside[12:160, 20:] = False
    assert bool((seen[:, outside] == CLEAR).all())


def test_a_window_holds_the_box_and_a_margin_within_the_image() -> None:
    region = np.zeros((LOGITS_SIDE, LOGITS_SIDE), bool)
    region[40:80, 0:10] = True  # tokens 10 to 20 and 0 to 2.5
    seed = Seed((0.0, 0.0), region)
    assert seed.window(1.0) == (slice(0, 30), slice(0, 13))
    assert seed.window(0.0) == (slice(2, 28), slice(0, 11))
    assert seed.window(9.0) == (slice(0, 64), slice(0, 64))


class _Tree(FromTree):
    """Says that two blocks are there."""

    def __init__(self, label_map: NDArray[np.int32]) -> None:
        self._label_map = label_map

    def tree(
        self, ct_slice: CTSlice, stop: StopFlag = NeverStop(), progress: Progress = ignore_progress
    ) -> MergeTree:
        count = int(self._label_map.max(initial=0))
        nodes = np.arange(2 * count - 1)
        parents = np.minimum(count + nodes // 2, 2 * count - 2)
        return MergeTree(self._label_map, parents, np.arange(1, count) / count)


class _Encoder:
    def embed(self, pixels: NDArray[np.float32], stop: StopFlag) -> Tensor:
        raise_if_stopped(stop)
        return torch.from_numpy(pixels[:, :1])


class _Side:
    """An image side that is the square itself, and where one may look."""

    def __init__(self, square: Tensor, window: Window = (slice(0, 64), slice(0, 64))) -> None:
        self.square, self.window = square, window

    def within(self, window: Window) -> "_Side":
        return _Side(self.square, window)


class _Decoder:
    """Knows the bright blocks: of its three masks the second is the block under the point."""

    def __init__(self, quality: float) -> None:
        self._quality = quality

    def image_side(self, embedding: Tensor) -> _Side:
        return _Side(embedding[0, 0, 2::4, 2::4])

    def attend(self, image: _Side, points: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        assert bool(((boxes[:, :2] <= points) & (points <= boxes[:, 2:])).all())
        blocks = connected_regions((image.square.numpy() > 0).astype(np.int32))
        masks = []
        for x, y in (points // 4).int().tolist():
            block = torch.from_numpy(blocks == blocks[y, x]).float() * 2 - 1
            masks.append(torch.stack([torch.ones_like(block), block, -torch.ones_like(block)]))
        quality = torch.tensor([0.3, self._quality, 0.3]).expand(len(points), -1)
        return torch.stack(masks), torch.zeros(len(points), 3), quality

    def masks(self, image: _Side, keys: Tensor, mask_tokens: Tensor, chosen: Tensor) -> Tensor:
        rows, columns = (slice(4 * one.start, 4 * one.stop) for one in image.window)
        seen = torch.full_like(keys[chosen], CLEAR)
        seen[:, rows, columns] = keys[chosen][:, rows, columns]
        return seen


def _method(quality: float = 0.9) -> tuple[SeededMasks, CTSlice, NDArray[np.int32]]:
    truth = NOTHING.copy()
    truth[8:24, 8:24], truth[30:50, 28:60] = 1, 2
    pixels = (truth > 0).astype(np.uint8) * 220
    method = SeededMasks(
        _Encoder(), _Decoder(quality), _Tree(truth), _Tree(truth), input_window=SOFT_TISSUE, settings=SETTINGS
    )  # type: ignore[arg-type]
    return method, CTSlice(pixels, "8-bit", None, "test"), truth


def test_the_mask_that_agrees_with_the_region_is_painted() -> None:
    method, ct_slice, truth = _method()
    told: list[float] = []
    label_map = method.segment(ct_slice, progress=told.append)
    assert np.array_equal(label_map > 0, truth > 0)
    assert label_map.max() == 2
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0.0, 1.0)


def test_a_mask_below_the_sum_is_not_painted() -> None:
    method, ct_slice, _ = _method(quality=0.1)
    assert not method.segment(ct_slice).any()


def test_a_constant_slice_has_no_structure_and_a_flag_ends_it() -> None:
    method, ct_slice, _ = _method()
    flat = CTSlice(np.full((20, 30), 7, np.uint8), "8-bit", None, "test")
    assert not method.segment(flat).any()
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        method.segment(ct_slice, stop)


def test_overlap_of_nothing_is_nothing() -> None:
    assert overlap(np.zeros((2, 2), bool), np.zeros((2, 2), bool)) == 0
    assert overlap(np.ones((2, 2), bool), np.eye(2, dtype=bool)) == 0.5
