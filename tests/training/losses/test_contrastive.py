"""NT-Xent against values worked out by hand, its laws, and lightly's."""

import math

import pytest
import torch
from lightly.loss import NTXentLoss

from ctseg.training.losses import nt_xent_loss


def views(count: int = 6, dim: int = 5, dtype=torch.float64):
    generator = torch.Generator().manual_seed(0)
    return (torch.randn(count, dim, generator=generator, dtype=dtype) for _ in range(2))


def test_by_hand() -> None:
    # Unit vectors at 0, 90 (view a) and 0, 60 degrees (view b); lengths do not count. Temperature 0.5.
    view_a = torch.tensor([[2.0, 0.0], [0.0, 3.0]], dtype=torch.float64)
    view_b = torch.tensor([[1.0, 0.0], [0.5, math.sqrt(3) / 2]], dtype=torch.float64)
    e = lambda cosine: math.exp(cosine / 0.5)  # noqa: E731
    near = math.cos(math.radians(30))
    pairs = [
        e(1) / (e(1) + e(0) + e(0.5)),  # a0 to b0; others a1 at 90 degrees, b1 at 60
        e(near) / (e(near) + e(0) + e(0)),  # a1 to b1; others a0, b0
        e(1) / (e(1) + e(0) + e(0.5)),  # b0 to a0; others a1, b1
        e(near) / (e(near) + e(0.5) + e(0.5)),  # b1 to a1; others a0, b0
    ]
    expected = -sum(math.log(pair) for pair in pairs) / 4
    assert nt_xent_loss(view_a, view_b, 0.5).item() == pytest.approx(expected, abs=1e-12)


def test_a_group_of_two_images_by_hand() -> None:
    # Images 0 and 1 are near-duplicates: of them only the own other view and image 2 are in the sum.
    view_a, view_b = views(3)
    units = torch.nn.functional.normalize(torch.cat([view_a, view_b]), dim=1)
    e = (units @ units.T / 0.2).exp()
    pairs = [
        e[0, 3] / (e[0, 3] + e[0, 2] + e[0, 5]),
        e[1, 4] / (e[1, 4] + e[1, 2] + e[1, 5]),
        e[2, 5] / (e[2].sum() - e[2, 2]),
        e[3, 0] / (e[3, 0] + e[3, 2] + e[3, 5]),
        e[4, 1] / (e[4, 1] + e[4, 2] + e[4, 5]),
        e[5, 2] / (e[5].sum() - e[5, 5]),
    ]
    expected = -torch.stack(pairs).log().mean()
    assert torch.allclose(nt_xent_loss(view_a, view_b, 0.2, torch.tensor([7, 7, 3])), expected)


@pytest.mark.parametrize("temperature", [0.1, 0.5])
def test_without_groups_it_is_lightlys(temperature: float) -> None:
    view_a, view_b = views()
    expected = NTXentLoss(temperature)(view_a, view_b)
    assert torch.allclose(nt_xent_loss(view_a, view_b, temperature), expected)


def test_groups_of_one_change_nothing() -> None:
    view_a, view_b = views()
    alone = nt_xent_loss(view_a, view_b, 0.2, torch.tensor([5, 1, 9, 0, 2, 3]))
    assert torch.equal(alone, nt_xent_loss(view_a, view_b, 0.2))


def test_the_views_may_change_places_and_images_their_order() -> None:
    view_a, view_b = views()
    groups, order = torch.tensor([0, 0, 1, 2, 2, 2]), torch.tensor([3, 1, 5, 0, 2, 4])
    loss = nt_xent_loss(view_a, view_b, 0.2, groups)
    assert torch.allclose(nt_xent_loss(view_b, view_a, 0.2, groups), loss)
    assert torch.allclose(nt_xent_loss(view_a[order], view_b[order], 0.2, groups[order]), loss)


def test_a_near_duplicate_does_not_push() -> None:
    view_a, view_b = views(2)
    leaf = view_a.clone().requires_grad_()
    nt_xent_loss(leaf, view_b, 0.2, torch.tensor([4, 4])).backward()
    assert torch.equal(leaf.grad, torch.zeros_like(leaf))


def test_gradients_in_double_precision() -> None:
    view_a, view_b = (view.requires_grad_() for view in views(4, 3))
    groups = torch.tensor([0, 1, 1, 2])
    assert torch.autograd.gradcheck(lambda a, b: nt_xent_loss(a, b, 0.5, groups), (view_a, view_b))


def test_half_precision_is_widened_under_autocast() -> None:
    view_a, view_b = (view.bfloat16().requires_grad_() for view in views(8, 16, torch.float32))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = nt_xent_loss(view_a, view_b, 0.05)
    loss.backward()
    assert loss.dtype == torch.float32
    expected = nt_xent_loss(view_a.detach().double(), view_b.detach().double(), 0.05)
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    assert torch.isfinite(view_a.grad).all()


def test_embeddings_of_length_zero_give_finite_gradients() -> None:
    leaf = torch.zeros(3, 4, requires_grad=True)
    nt_xent_loss(leaf, torch.zeros(3, 4)).backward()
    assert torch.isfinite(leaf.grad).all()


@pytest.mark.parametrize(
    ("shape", "groups"), [((3, 4), None), ((2, 5), None), ((2, 4), torch.tensor([1, 2, 3]))]
)
def test_shapes_that_do_not_fit_are_refused(shape, groups) -> None:
    with pytest.raises(ValueError, match="differ in shape"):
        nt_xent_loss(torch.ones(2, 4), torch.ones(*shape), 0.1, groups)


@pytest.mark.parametrize("temperature", [0.0, -1.0])
def test_temperatures_that_are_none_are_refused(temperature: float) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        nt_xent_loss(torch.ones(2, 4), torch.ones(2, 4), temperature)
