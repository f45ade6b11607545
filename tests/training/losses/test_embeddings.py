"""Embeddings: what lies as it should costs nothing, what does not costs what the papers say."""

import pytest
import torch

from ctseg.training.losses import embedding_agreement, embedding_loss, same_structure
from ctseg.training.losses.embeddings import PULL, PUSH

LABELS = torch.zeros(1, 8, 9, dtype=torch.uint8)
LABELS[0, :4, :4], LABELS[0, 4:, 5:] = 7, 3


def _placed(first: float, second: float, background: float) -> torch.Tensor:
    """Embeddings (1, 2, 8, 9) on a line: one place for each structure and one for the background."""
    image = torch.full((1, 2, 8, 9), background)
    image[:, 1] = 0.0
    image[0, 0][LABELS[0] == 7], image[0, 0][LABELS[0] == 3] = first, second
    return image


def test_structures_far_apart_and_from_the_background_cost_nothing() -> None:
    assert float(embedding_loss(_placed(0.0, 2 * PUSH + 0.1, -PUSH - 0.1), LABELS)) == pytest.approx(
        0, abs=1e-6
    )


def test_costs_are_squares_of_what_is_missing() -> None:
    near_means = float(embedding_loss(_placed(0.0, 2 * PUSH - 1, -9.0), LABELS))
    assert near_means == pytest.approx(1.0, rel=1e-3)
    # Half of all pairs of background pixel and structure miss 0.5.
    near_background = float(embedding_loss(_placed(0.0, 9.0, -PUSH + 0.5), LABELS))
    assert near_background == pytest.approx(0.125, rel=1e-3)
    spread = _placed(0.0, 9.0, -9.0)
    spread[0, 1, :2, :4], spread[0, 1, 2:4, :4] = 1.0, -1.0
    assert float(embedding_loss(spread, LABELS)) == pytest.approx((1 - PULL) ** 2 / 2, rel=1e-3)


def test_numbers_of_structures_mean_nothing_and_small_ones_have_no_say() -> None:
    torch.manual_seed(0)
    image = torch.randn(1, 4, 8, 9)
    renumbered = LABELS.clone()
    renumbered[LABELS == 7], renumbered[LABELS == 3] = 1, 200
    torch.testing.assert_close(embedding_loss(image, LABELS), embedding_loss(image, renumbered))
    few = torch.zeros_like(LABELS)
    few[0, 0, :7] = 1
    assert float(embedding_loss(image, few)) == 0


def test_gradients_are_finite_where_pixels_are_the_same() -> None:
    image = torch.zeros(1, 2, 8, 9, requires_grad=True)
    (embedding_loss(image, LABELS) + embedding_agreement(image, torch.zeros(1, 2, 8, 9))).backward()
    assert image.grad is not None
    assert bool(torch.isfinite(image.grad).all())


def test_agreement_is_complete_with_itself_and_blind_to_where_structures_lie() -> None:
    torch.manual_seed(0)
    image = torch.randn(2, 3, 6, 6) * 3
    assert float(embedding_agreement(image, image)) == pytest.approx(0, abs=1e-5)
    assert float(embedding_agreement(image, image + 5)) == pytest.approx(0, abs=1e-4)
    assert float(embedding_agreement(image, torch.zeros_like(image))) > 0.3
    assert float(same_structure(torch.tensor(PULL))) == pytest.approx(0.9)
