"""The losses against values worked out by hand, their laws, and their gradients in double precision."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ctseg.training.losses import (
    AdaptiveTvmfDiceLoss,
    CosineDiceLoss,
    DiceLoss,
    cosine_dice_loss,
    cosine_similarity,
    dice_loss,
    tvmf_dice_loss,
    tvmf_similarity,
)

cosines = st.floats(-1, 1, width=32)
inner_cosines = st.floats(-0.99, 0.99)
kappas = st.floats(0, 64, width=32)

# Two pixels, two classes. Class 0: A = (0.6, 0.2), B = (1, 0). Class 1: A = (0.4, 0.8), B = (0, 1).
PREDICTION = torch.tensor([[[0.6, 0.2], [0.4, 0.8]]], dtype=torch.float64)
TARGET = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]], dtype=torch.float64)
COSINES = (0.6 / math.sqrt(0.40), 0.8 / math.sqrt(0.80))


def phi(cosine: float, kappa: float) -> float:
    return (1 + cosine) / (1 + kappa * (1 - cosine)) - 1


def test_dice_by_hand() -> None:
    # Class 0: 1 - (1.2 + 1)/(0.4 + 1 + 1) = 1/12; class 1: 1 - (1.6 + 1)/(0.8 + 1 + 1) = 1/14.
    assert dice_loss(PREDICTION, TARGET, gamma=1.0).item() == pytest.approx((1 / 12 + 1 / 14) / 2, abs=1e-12)


def test_cosine_by_hand() -> None:
    assert cosine_similarity(PREDICTION, TARGET).tolist() == pytest.approx(COSINES, abs=1e-12)
    expected = 1 - sum(COSINES) / 2
    assert cosine_dice_loss(PREDICTION, TARGET).item() == pytest.approx(expected, abs=1e-12)


def test_tvmf_similarity_by_hand() -> None:
    # 1.5 / (1 + 2 * 0.5) - 1 = -0.25, and 1 / (1 + 32) - 1 = -32/33.
    assert tvmf_similarity(torch.tensor(0.5), 2.0).item() == pytest.approx(-0.25)
    assert tvmf_similarity(torch.tensor(0.0), 32.0).item() == pytest.approx(-32 / 33)


def test_tvmf_dice_by_hand_with_a_concentration_for_each_class() -> None:
    expected = ((1 - phi(COSINES[0], 4.0)) ** 2 + (1 - phi(COSINES[1], 32.0)) ** 2) / 2
    loss = tvmf_dice_loss(PREDICTION, TARGET, torch.tensor([4.0, 32.0], dtype=torch.float64))
    assert loss.item() == pytest.approx(expected, abs=1e-12)


def test_sums_run_over_the_batch_and_not_image_by_image() -> None:
    batch, target = torch.cat([PREDICTION, TARGET]), torch.cat([TARGET, TARGET])
    together = (0.6 + 1) / math.sqrt((0.40 + 1) * 2)
    assert cosine_similarity(batch, target)[0].item() == pytest.approx(together, abs=1e-12)


@given(cosines)
def test_without_concentration_the_similarity_is_the_cosine(cosine: float) -> None:
    assert tvmf_similarity(torch.tensor(cosine), 0.0).item() == pytest.approx(cosine, abs=1e-6)


@given(kappas)
def test_equal_directions_are_similar_by_one_at_every_concentration(kappa: float) -> None:
    assert tvmf_similarity(torch.tensor(1.0), kappa).item() == 1.0
    assert tvmf_similarity(torch.tensor(-1.0), kappa).item() == -1.0


@given(inner_cosines, st.floats(1e-3, 1e-2), kappas)
def test_similarity_rises_with_the_cosine(cosine: float, step: float, kappa: float) -> None:
    nearer, farther = torch.tensor([min(cosine + step, 1.0), cosine], dtype=torch.float64)
    assert tvmf_similarity(nearer, kappa) > tvmf_similarity(farther, kappa)


@given(inner_cosines, kappas, st.floats(0.01, 10))
def test_similarity_falls_with_the_concentration(cosine: float, kappa: float, more: float) -> None:
    value = torch.tensor(cosine, dtype=torch.float64)
    assert tvmf_similarity(value, kappa + more) < tvmf_similarity(value, kappa)


@given(st.integers(0, 2**31), st.floats(0.1, 10))
def test_cosine_is_blind_to_scale(seed: int, factor: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    prediction = torch.rand(2, 2, 3, 3, dtype=torch.float64, generator=generator) + 0.01
    target = torch.rand(2, 2, 3, 3, dtype=torch.float64, generator=generator) + 0.01
    assert torch.allclose(
        cosine_similarity(prediction, target), cosine_similarity(prediction * factor, target)
    )


@pytest.mark.parametrize("loss", [dice_loss, cosine_dice_loss, lambda a, b: tvmf_dice_loss(a, b, 20.0)])
def test_gradients_in_double_precision(loss) -> None:
    generator = torch.Generator().manual_seed(3)
    prediction = torch.rand(2, 2, 4, 5, dtype=torch.float64, generator=generator).requires_grad_()
    target = (torch.rand(2, 2, 4, 5, generator=generator) > 0.5).double()
    assert torch.autograd.gradcheck(lambda p: loss(p, target), (prediction,))


@pytest.mark.parametrize("loss", [dice_loss, cosine_dice_loss, lambda a, b: tvmf_dice_loss(a, b, 32.0)])
@pytest.mark.parametrize(
    ("prediction", "target", "bounds"),
    [
        (torch.zeros(1, 2, 4, 4), torch.zeros(1, 2, 4, 4), (0.0, 0.0)),  # both empty: nothing to lose
        (torch.zeros(1, 2, 4, 4), torch.ones(1, 2, 4, 4), (0.9, 4.0)),
        (torch.ones(1, 2, 4, 4), torch.zeros(1, 2, 4, 4), (0.9, 4.0)),
        (torch.ones(1, 2, 4, 4), torch.ones(1, 2, 4, 4), (0.0, 0.0)),
    ],
)
def test_empty_and_full_maps_give_finite_losses_and_gradients(loss, prediction, target, bounds) -> None:
    leaf = prediction.clone().requires_grad_()
    value = loss(leaf, target)
    value.backward()
    assert bounds[0] - 1e-6 <= value.item() <= bounds[1]
    assert torch.isfinite(leaf.grad).all()


@pytest.mark.parametrize("loss", [DiceLoss(), CosineDiceLoss(), AdaptiveTvmfDiceLoss()])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("full", [0.0, 1.0])
def test_half_precision_neither_overflows_nor_loses_the_value(loss, dtype, full) -> None:
    # 512 x 512 ones add up to 262144, beyond float16's largest number.
    half = (
        (torch.randn(1, 2, 512, 512, generator=torch.Generator().manual_seed(0)) * 20)
        .to(dtype)
        .requires_grad_()
    )
    foreground = torch.full((1, 512, 512), full)
    target = torch.stack([1 - foreground, foreground], 1)
    value = loss(half, target.to(dtype))
    value.backward()
    assert value.item() == pytest.approx(loss(half.detach().float(), target).item(), rel=1e-3)
    assert torch.isfinite(half.grad).all()


def test_similarity_widens_half_precision() -> None:
    assert tvmf_similarity(torch.tensor(0.5, dtype=torch.float16), 2.0).dtype == torch.float32


def test_kappa_follows_the_dice_of_each_class() -> None:
    loss = AdaptiveTvmfDiceLoss(2, lambda_=32.0)
    assert loss.kappa.tolist() == [0.0, 0.0]
    loss.update([0.5, 1.0])
    assert loss.kappa.tolist() == [16.0, 32.0]


def test_kappa_is_in_the_state() -> None:
    loss, other = AdaptiveTvmfDiceLoss(), AdaptiveTvmfDiceLoss()
    loss.update([0.25, 0.75])
    other.load_state_dict(loss.state_dict())
    assert other.kappa.tolist() == [8.0, 24.0]


def test_a_higher_kappa_costs_more_for_the_same_fault() -> None:
    loss, logits = AdaptiveTvmfDiceLoss(), PREDICTION.log()
    before = loss(logits, TARGET).item()
    loss.update([0.9, 0.9])
    assert loss(logits, TARGET).item() > before


@pytest.mark.parametrize("dice", [[0.5], [0.5, 1.5], [-0.1, 0.5], [0.5, float("nan")]])
def test_dice_that_is_none_is_refused(dice) -> None:
    with pytest.raises(ValueError, match="not one Dice"):
        AdaptiveTvmfDiceLoss(2).update(dice)


def test_a_negative_lambda_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 0"):
        AdaptiveTvmfDiceLoss(2, lambda_=-1.0)


def test_shapes_that_differ_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in shape"):
        dice_loss(torch.zeros(1, 2, 4, 4), torch.zeros(1, 2, 4, 5))
