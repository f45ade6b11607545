"""Swin-MAE: masks in blocks of 4x4 patches, and the learnt token in place."""

import pytest
import torch

from ctseg.networks.swin import SwinEncoder
from ctseg.training.tasks.masked_pixels import divide_at_random, to_image
from ctseg.training.tasks.swin_mae import SwinMaskedAutoencoder


def small() -> SwinMaskedAutoencoder:
    torch.manual_seed(0)
    return SwinMaskedAutoencoder(SwinEncoder(12))


def noise(image, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(len(image), image[0].numel() // 256, generator=generator)


def hidden_pixels(image, masked):
    hidden = torch.zeros(len(image), image[0].numel() // 256, 256)
    hidden = hidden.scatter(1, masked.unsqueeze(2).expand(-1, -1, 256), 1.0)
    return to_image(hidden, *image.shape[-2:]) > 0


@pytest.mark.parametrize("shape", [(64, 64), (96, 64), (64, 224)])
def test_the_learnt_token_fills_blocks_of_4x4_patches(shape: tuple[int, int]) -> None:
    model, image = small(), torch.randn(2, 1, *shape)
    _, masked = divide_at_random(noise(image), model.mask_ratio)
    tokens = model.embed_masked(image, masked)
    learnt = (tokens == model.mask_token).all(3)
    assert learnt.shape == (2, shape[0] // 4, shape[1] // 4)
    assert learnt.float().mean().item() == 0.75
    blocks = learnt.unflatten(2, (-1, 4)).unflatten(1, (-1, 4))
    assert torch.equal(blocks.any(4).any(2), blocks.all(4).all(2))
    assert torch.equal(learnt, hidden_pixels(image, masked)[:, 0, ::4, ::4])
    assert torch.equal(tokens[~learnt], model.encoder.embed(image)[~learnt])


def test_masked_pixels_play_no_part() -> None:
    model, image = small().eval(), torch.randn(2, 1, 64, 96)
    _, masked = divide_at_random(noise(image), model.mask_ratio)
    hidden = hidden_pixels(image, masked)
    other = torch.where(hidden, torch.randn_like(image), image)
    assert torch.equal(model.predict(image, masked), model.predict(other, masked))
    seen = torch.where(hidden, image, torch.randn_like(image))
    assert not torch.equal(model.predict(image, masked), model.predict(seen, masked))
