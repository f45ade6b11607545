"""What both masked autoencoders do: draw masks from a generator, learn, and fill images in."""

import pytest
import torch
from pretraining import losses_of_steps, texture

from ctseg.networks.swin import SwinEncoder
from ctseg.networks.vit import VisionTransformer
from ctseg.training.tasks.mae import MaskedAutoencoder
from ctseg.training.tasks.masked_pixels import at, divide_at_random, to_patches
from ctseg.training.tasks.swin_mae import SwinMaskedAutoencoder


@pytest.fixture(params=["mae", "swin-mae"])
def model(request) -> torch.nn.Module:
    torch.manual_seed(0)
    if request.param == "mae":
        return MaskedAutoencoder(VisionTransformer(32, 2, 4, 16), dim=32, depth=1)
    return SwinMaskedAutoencoder(SwinEncoder(12))


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_generator_decides(model) -> None:
    model, image = model.eval(), texture(2, 64)
    first, same, other = (model(image, generator(seed)).item() for seed in (1, 1, 2))
    assert first == same != other
    drawn = torch.rand(2, 16, generator=generator(1))
    assert model(image, drawn).item() == first


@pytest.mark.parametrize("shape", [(64, 64), (96, 64), (64, 160)])
def test_reconstructions_keep_what_was_seen(model, shape: tuple[int, int]) -> None:
    model, image = model.eval(), torch.randn(2, 1, *shape)
    given = torch.rand(2, image[0].numel() // 256, generator=generator())
    shown = model.reconstruct(image, given)
    assert shown.shape == image.shape
    visible, masked = divide_at_random(given, 0.75)
    before, after = to_patches(image, 16), to_patches(shown, 16)
    assert torch.equal(at(visible, after), at(visible, before))
    assert not torch.isclose(at(masked, after), at(masked, before)).all()


@pytest.mark.slow
def test_some_steps_lower_the_loss(model) -> None:
    image = texture(4, 64)
    losses = losses_of_steps(model, lambda model: model(image, generator()), steps=40)
    assert losses[-1] < 0.7 * losses[0]


def test_half_precision_gives_finite_gradients(model) -> None:
    image = texture(2, 64)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = model(image, generator())
    assert loss.dtype == torch.float32
    loss.backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
