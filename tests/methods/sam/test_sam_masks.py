"""The fast decoding of Segment Anything gives what the package gives."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from pydicom.data import get_testdata_file
from segment_anything import SamAutomaticMaskGenerator, SamPredictor
from segment_anything.modeling import Sam
from segment_anything.utils.amg import batched_mask_to_box, build_point_grid, calculate_stability_score
from torch import nn
from torchvision.ops import box_iou, nms

from ctseg.methods import NeverStop
from ctseg.methods.base.body import body_mask
from ctseg.methods.sam.engine.candidates import (
    Candidate,
    candidate,
    large_to_small,
    paint,
    without_duplicates,
)
from ctseg.methods.sam.engine.decoder import PointDecoder
from ctseg.methods.sam.engine.frame import encoder_input, framed_points, framed_shape, judged_shape, upscaled
from ctseg.methods.sam.engine.mask_settings import MaskSettings
from ctseg.methods.sam.engine.modules import load_modules
from ctseg.methods.sam.engine.onnx_encoder import OnnxEncoder
from ctseg.methods.sam.engine.points import grid_points, points_on_body
from ctseg.methods.sam.engine.segmenter import AutomaticMasks
from ctseg.methods.sam.sam_vit_t import CARD, DECODER_FILE, ENCODER_FILE
from ctseg.slices import CTSlice, read_slice
from ctseg.slices.windowing import to_uint8
from ctseg.weights import fetch

SHAPES = [(512, 512), (7, 513), (600, 400), (1, 1), (1300, 1100), (1, 4096)]

SETTINGS = MaskSettings(points_per_side=5)


class EncoderModule(nn.Module):
    img_size = 1024

    def __init__(self) -> None:
        super().__init__()
        self.encoder = OnnxEncoder(fetch(ENCODER_FILE))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.encoder.embed(np.ascontiguousarray(image.numpy()), NeverStop())


@pytest.fixture(scope="module")
def sam() -> Sam:
    return Sam(EncoderModule(), *load_modules(fetch(DECODER_FILE))).eval()


@pytest.fixture(scope="module")
def head() -> NDArray[np.uint8]:
    """A CT slice of 512x512 in 8 bits."""
    ct_slice = read_slice(get_testdata_file("J2K_pixelrep_mismatch.dcm", download=False))
    return to_uint8(ct_slice, CARD.input_window)


@pytest.fixture(scope="module")
def embedding(sam: Sam, head: NDArray[np.uint8]) -> torch.Tensor:
    return sam.image_encoder.encoder.embed(encoder_input(head), NeverStop())


BOXES = torch.tensor([[250.0, 400.0, 420.0, 500.0], [100.0, 100.0, 900.0, 900.0], [0.0, 980.0, 40.0, 1024.0]])


@pytest.mark.parametrize("boxes", [None, BOXES], ids=["points", "points and boxes"])
@torch.inference_mode()
def test_decoder_equals_the_packages(boxes: torch.Tensor | None, sam: Sam, embedding: torch.Tensor) -> None:
    points = torch.tensor([[300.0, 420.0], [512.0, 512.0], [20.0, 1000.0]])
    labels = torch.ones(3, 1, dtype=torch.int)
    sparse, dense = sam.prompt_encoder((points[:, None], labels), boxes, None)
    masks, quality = sam.mask_decoder(embedding, sam.prompt_encoder.get_dense_pe(), sparse, dense, True)

    decoder = PointDecoder(sam.prompt_encoder, sam.mask_decoder)
    image_side = decoder.image_side(embedding)
    keys, mask_tokens, ours = decoder.attend(image_side, points, boxes)
    assert masks.abs().max() > 5
    torch.testing.assert_close(ours, quality, rtol=0, atol=1e-4)
    for point in range(3):
        for chosen in ([0, 1, 2], [1], [2, 0]):
            logits = decoder.masks(image_side, keys[point], mask_tokens[point], torch.tensor(chosen))
            torch.testing.assert_close(logits, masks[point, chosen], rtol=0, atol=1e-4)


@pytest.mark.parametrize("shape", SHAPES)
def test_frame_equals_the_predictors(shape: tuple[int, int], sam: Sam) -> None:
    image = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    height, width = framed_shape(shape)
    predictor = SamPredictor(sam)
    if min(shape) * 1024 / max(shape) >= 0.5:
        # The package cannot frame a slice so thin that its shorter side is scaled to nothing.
        assert (height, width) == predictor.transform.get_preprocess_shape(*shape, 1024)
        colour = predictor.transform.apply_image(np.repeat(image[:, :, None], 3, axis=2))
        expected = sam.preprocess(torch.from_numpy(colour).permute(2, 0, 1)[None].float())
        np.testing.assert_allclose(encoder_input(image), expected.numpy(), atol=1e-6)
        points = grid_points(shape, 3)
        np.testing.assert_allclose(
            framed_points(points, shape), predictor.transform.apply_coords(points, shape), rtol=1e-6
        )
    logits = torch.randn(256, 256, generator=torch.Generator().manual_seed(2))
    expected_logits = sam.postprocess_masks(logits[None, None], (height, width), shape)[0, 0]
    torch.testing.assert_close(upscaled(logits, shape), expected_logits, rtol=0, atol=0)


def blob_logits(row: float, column: float, radius: float, steepness: float) -> torch.Tensor:
    rows, columns = torch.meshgrid(torch.arange(256.0), torch.arange(256.0), indexing="ij")
    return steepness * (radius - torch.hypot(rows - row, columns - column))


@pytest.mark.parametrize("steepness", [0.02, 0.3, 0.9, 1.1, 5.0])
def test_candidates_are_those_of_the_package(steepness: float) -> None:
    logits = blob_logits(100, 80, 40, steepness)
    full = upscaled(logits, (512, 400))[None]
    stability = float(calculate_stability_score(full, 0.0, 1.0))
    one = candidate(logits, 0.9, (512, 400), SETTINGS)
    assert (one is not None) == (stability >= 0.95)
    if one is not None:
        assert list(one.box) == batched_mask_to_box(full > 0)[0].tolist()
        assert one.area == int((full > 0).sum())


def test_large_slices_are_judged_at_the_size_the_model_saw() -> None:
    assert judged_shape((512, 1024)) == (512, 1024)
    assert judged_shape((4096, 1024)) == (1024, 256)


def test_an_empty_mask_is_no_candidate() -> None:
    assert candidate(torch.full((256, 256), -9.0), 1.0, (64, 64), SETTINGS) is None


def test_duplicates_go_and_the_surest_stays() -> None:
    def boxed(quality: float, *box: int) -> Candidate:
        return Candidate(torch.zeros(1), quality, (box[0], box[1], box[2], box[3]), 5)

    found = [boxed(0.89, 0, 0, 10, 10), boxed(0.95, 0, 0, 10, 9), boxed(0.9, 0, 0, 10, 6)]
    kept = without_duplicates(found, SETTINGS.box_nms_thresh)
    assert [one.predicted_iou for one in kept] == [0.95, 0.9]
    assert box_iou(torch.tensor([kept[0].box]), torch.tensor([kept[1].box])) < 0.7
    assert without_duplicates([], SETTINGS.box_nms_thresh) == []


CORNER = st.integers(0, 12)
SPAN = st.lists(CORNER, min_size=2, max_size=2).map(sorted)
BOXES = st.lists(st.tuples(st.integers(0, 4), SPAN, SPAN), max_size=12)


@given(BOXES, st.sampled_from([0.0, 0.25, 0.5, 0.7, 1.0]))
def test_the_same_duplicates_are_dropped_as_by_torchvision(
    found: list[tuple[int, list[int], list[int]]], thresh: float
) -> None:
    boxes = [(across[0], down[0], across[1], down[1]) for _, across, down in found]
    qualities = [quarters / 4 for quarters, _, _ in found]
    candidates = [
        Candidate(torch.zeros(1), quality, box, 5) for quality, box in zip(qualities, boxes, strict=True)
    ]
    kept = without_duplicates(candidates, thresh)
    expected = nms(torch.tensor(boxes).float().reshape(-1, 4), torch.tensor(qualities), thresh)
    assert [id(one) for one in kept] == [id(candidates[int(index)]) for index in expected]


def test_small_structures_are_painted_over_large_ones() -> None:
    shape = (256, 256)
    found = [candidate(blob_logits(128, 128, radius, 5.0), 0.9, shape, SETTINGS) for radius in (20, 60)]
    label_map = np.zeros(shape, dtype=np.int32)
    for label, one in enumerate(large_to_small([one for one in found if one is not None]), start=1):
        paint(label_map, one, label)
    assert label_map[128, 128] == 2
    assert label_map[128, 128 + 40] == 1
    assert label_map[128, 128 + 70] == 0


@pytest.mark.slow
def test_label_map_equals_the_reference_generators(sam: Sam, head: NDArray[np.uint8]) -> None:
    points = points_on_body(head, 5) / 512
    generator = SamAutomaticMaskGenerator(sam, points_per_side=None, point_grids=[points], points_per_batch=5)
    masks = generator.generate(np.repeat(head[:, :, None], 3, axis=2))
    expected = np.zeros(head.shape, dtype=np.int32)
    for label, mask in enumerate(sorted(masks, key=lambda one: one["area"], reverse=True), start=1):
        expected[mask["segmentation"]] = label
    method = AutomaticMasks(
        sam.image_encoder.encoder,
        PointDecoder(sam.prompt_encoder, sam.mask_decoder),
        input_window=CARD.input_window,
        settings=SETTINGS,
        encoder_share=0.2,
    )
    label_map = method.segment(CTSlice(head, "8-bit", None, "test"))
    assert len(masks) >= 2
    assert label_map.max() == len(masks)
    # Logits of exactly 0 may fall to either side.
    assert np.mean(label_map != expected) < 1e-4


def test_grid_is_the_packages() -> None:
    np.testing.assert_allclose(grid_points((200, 100), 16) / [100, 200], build_point_grid(16))


def two_discs(air: int) -> NDArray[np.uint8]:
    """A ring with a hole, a table below it, on air of some grey level."""
    rows, columns = np.mgrid[:256, :256]
    distance = np.hypot(rows - 110, columns - 128)
    image = np.full((256, 256), air, dtype=np.uint8)
    image[(distance < 80) & (distance > 50)] = 200
    image[230:234] = 255
    return image


@pytest.mark.parametrize("air", [0, 60])
def test_body_holds_its_holes_and_neither_air_nor_table(air: int) -> None:
    body = body_mask(two_discs(air))
    rows, columns = np.mgrid[:256, :256]
    disc = np.hypot(rows - 110, columns - 128) < 80
    assert np.mean(body != disc) < 0.02
    points = points_on_body(two_discs(air), 16)
    assert 60 < len(points) < 100


def test_body_in_a_large_slice_is_that_of_the_small_one() -> None:
    large = np.asarray(Image.fromarray(two_discs(0)).resize((2000, 2000), Image.Resampling.NEAREST))
    small = body_mask(two_discs(0))
    assert body_mask(large).mean() == pytest.approx(small.mean(), abs=0.01)


@pytest.mark.parametrize("value", [0, 90, 255])
def test_all_points_stay_where_no_body_is_found(value: int) -> None:
    assert len(points_on_body(np.full((100, 60), value, dtype=np.uint8), 16)) == 256


def test_all_points_stay_where_the_body_lies_between_them() -> None:
    image = np.zeros((100, 100), dtype=np.uint8)
    image[40:62, 40:62] = 200
    assert len(points_on_body(image, 2)) == 4
