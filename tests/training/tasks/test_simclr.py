"""SimCLR: two views as one batch, groups, and that it learns."""

import pytest
import torch
from pretraining import losses_of_steps, texture

from ctseg.networks.registry import build_network
from ctseg.training.losses import nt_xent_loss
from ctseg.training.tasks.simclr import SimCLR


def lite0() -> SimCLR:
    torch.manual_seed(0)
    return SimCLR(build_network("unet-lite0").encoder)


def test_the_loss_is_taken_between_the_views_of_one_slice() -> None:
    model = lite0().eval()
    view_a, view_b = texture(3, 64), texture(3, 64) + 0.3 * torch.randn(3, 1, 64, 64)
    groups = torch.tensor([0, 0, 1])
    projected = [model.projection(model.embed(view)) for view in (view_a, view_b)]
    assert projected[0].shape == (3, 128)
    expected = nt_xent_loss(*projected, 0.1, groups).item()
    assert model(view_a, view_b, groups).item() == pytest.approx(expected, rel=1e-4)
    assert model(view_a, view_b).item() != pytest.approx(expected, rel=1e-4)


@pytest.mark.thorough
def test_some_steps_lower_the_loss() -> None:
    images = texture(6, 64)
    generator = torch.Generator().manual_seed(0)
    view_a, view_b = (images + 0.1 * torch.randn(6, 1, 64, 64, generator=generator) for _ in range(2))
    losses = losses_of_steps(lite0(), lambda model: model(view_a, view_b), steps=12, learning_rate=1e-3)
    assert losses[-1] < 0.7 * losses[0]


@pytest.mark.thorough
def test_half_precision_gives_finite_gradients() -> None:
    model, images = lite0(), texture(4, 64)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = model(images, images.flip(3), torch.tensor([0, 1, 2, 2]))
    assert loss.dtype == torch.float32
    loss.backward()
    assert all(one.grad is not None and torch.isfinite(one.grad).all() for one in model.parameters())


@pytest.mark.thorough
def test_the_reports_encoder_takes_a_step() -> None:
    model = SimCLR(build_network("unet-resnet50").encoder)
    losses = losses_of_steps(model, lambda model: model(texture(2, 64), texture(2, 64).flip(2)), steps=1)
    assert model.embed(texture(2, 64)).shape == (2, 2048)
    assert losses[0] > 0
