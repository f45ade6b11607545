"""Images and steps for the tests of pre-training."""

import torch
from torch import Tensor


def texture(count: int, side: int) -> Tensor:
    """Return smooth images (count, 1, side, side) in [-1, 1]: waves of random direction."""
    generator = torch.Generator().manual_seed(0)
    rows, columns = torch.meshgrid(torch.arange(side) / 8, torch.arange(side) / 8, indexing="ij")
    turns = torch.rand(count, 3, 1, 1, generator=generator)
    return (torch.sin(rows * turns[:, 0] + columns * turns[:, 1] + 6 * turns[:, 2])).unsqueeze(1)


def losses_of_steps(model: torch.nn.Module, loss, steps: int, learning_rate: float = 3e-3) -> list[float]:
    """Return the losses of AdamW steps on ``loss(model)``; every gradient must be finite."""
    optimiser = torch.optim.AdamW(model.parameters(), lr=learning_rate)
    losses = []
    for _ in range(steps):
        optimiser.zero_grad()
        value = loss(model)
        value.backward()
        assert all(one.grad is None or torch.isfinite(one.grad).all() for one in model.parameters())
        optimiser.step()
        losses.append(value.item())
    return losses
