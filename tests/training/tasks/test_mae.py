"""Masked autoencoder: what is masked, what the encoder sees, and the loss by hand."""

import pytest
import torch

from ctseg.networks.vit import VisionTransformer
from ctseg.training.tasks.mae import MaskedAutoencoder
from ctseg.training.tasks.masked_pixels import (
    at,
    divide_at_random,
    fill_in,
    masked_pixel_loss,
    masking_noise,
    to_image,
    to_patches,
)


def small(patch: int = 16) -> MaskedAutoencoder:
    torch.manual_seed(0)
    return MaskedAutoencoder(VisionTransformer(32, 2, 4, patch), dim=32, depth=1)


def noise(image, patch=16, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(len(image), image[0].numel() // patch**2, generator=generator)


def test_patches_run_row_by_row_and_back() -> None:
    image = torch.arange(24.0).view(1, 1, 4, 6)
    patches = to_patches(image, 2)
    assert patches.shape == (1, 6, 4)
    assert patches[0, 1].tolist() == [2, 3, 8, 9]
    assert patches[0, 3].tolist() == [12, 13, 18, 19]
    assert torch.equal(to_image(patches, 4, 6), image)


@pytest.mark.parametrize("places", [16, 24, 256])
def test_three_quarters_are_masked_and_every_place_is_one_or_the_other(places: int) -> None:
    visible, masked = divide_at_random(torch.rand(3, places), 0.75)
    assert visible.shape == (3, places // 4)
    assert masked.shape == (3, places * 3 // 4)
    assert torch.equal(torch.cat([visible, masked], 1).sort(1).values, torch.arange(places).expand(3, -1))


def test_noise_decides_the_mask() -> None:
    visible, masked = divide_at_random(torch.tensor([[0.5, 0.1, 0.9, 0.3]]), 0.5)
    assert visible.tolist() == [[1, 3]]
    assert masked.tolist() == [[0, 2]]


def test_loss_by_hand() -> None:
    # One image of two 2x2 patches; the second, 0 0 2 2, is masked: mean 1, variance 4/3 (n - 1).
    image = torch.tensor([[[[9.0, 7, 0, 0], [5, 3, 2, 2]]]])
    prediction = torch.tensor([[[100.0] * 4, [0.0, -1.0, 0.0, 1.0]]])
    one = (3 / 4) ** 0.5
    expected = ((0 + one) ** 2 + (-1 + one) ** 2 + (0 - one) ** 2 + (1 - one) ** 2) / 4
    assert masked_pixel_loss(prediction, image, torch.tensor([[1]])).item() == pytest.approx(expected, 1e-5)


def test_a_perfect_prediction_costs_nothing_and_fills_the_image_in() -> None:
    image = torch.randn(2, 1, 8, 12)
    patches = to_patches(image, 4)
    variance, mean = torch.var_mean(patches, 2, keepdim=True)
    perfect = (patches - mean) / (variance + 1e-6).sqrt()
    masked = torch.tensor([[0, 3, 5], [1, 2, 4]])
    assert masked_pixel_loss(perfect, image, masked).item() < 1e-10
    assert torch.allclose(fill_in(perfect, image, masked), image, atol=1e-5)


def test_filling_in_leaves_visible_patches_alone() -> None:
    image = torch.randn(1, 1, 8, 8)
    filled = fill_in(torch.zeros(1, 4, 16), image, torch.tensor([[2]]))
    assert torch.equal(filled[..., :4, :], image[..., :4, :])
    assert torch.equal(filled[..., 4:, 4:], image[..., 4:, 4:])
    assert torch.allclose(filled[..., 4:, :4], image[..., 4:, :4].mean().expand(1, 1, 4, 4))


def test_the_encoder_sees_visible_patches_only() -> None:
    model, image = small().eval(), torch.randn(2, 1, 64, 96)
    visible, masked = divide_at_random(noise(image), model.mask_ratio)
    hidden = torch.zeros(2, 24, 256).scatter(1, masked.unsqueeze(2).expand(-1, -1, 256), 1.0)
    other = torch.where(to_image(hidden, 64, 96) > 0, torch.randn_like(image), image)
    assert not torch.equal(image, other)
    assert torch.equal(model.encode_visible(image, visible), model.encode_visible(other, visible))
    assert torch.equal(model.predict(image, visible), model.predict(other, visible))
    seen = torch.where(to_image(hidden, 64, 96) > 0, image, torch.randn_like(image))
    assert not torch.equal(model.encode_visible(image, visible), model.encode_visible(seen, visible))


def test_the_encoder_works_on_a_quarter_of_the_tokens() -> None:
    model, lengths = small(), []
    model.encoder.blocks[0].register_forward_hook(lambda block, given, result: lengths.append(given[0].shape))
    model(torch.randn(2, 1, 64, 96), torch.Generator().manual_seed(0))
    assert lengths == [(2, 6, 32)]


def test_noise_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\(2, 5\); it must be \(2, 16\)"):
        masking_noise(2, 16, torch.rand(2, 5))


def test_rows_by_index() -> None:
    values = torch.arange(12.0).view(1, 4, 3)
    assert torch.equal(at(torch.tensor([[2, 0]]), values), values[:, [2, 0]])
