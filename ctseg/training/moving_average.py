"""An exponential moving average of a network."""

import copy

import torch
from torch import nn


class MovingAverage:
    """Keeps a copy of a network that follows it slowly; the copy is what gets selected and shipped.

    Early on the decay is ``(1 + updates) / (10 + updates)``, so that the random start is forgotten.
    Floating-point buffers (running statistics) are averaged like weights, counters are copied.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self.decay = decay

    @torch.no_grad()
    def update(self, network: nn.Module, updates: int) -> None:
        """Move the average towards the network; ``updates`` counts the updates before this one."""
        share = 1 - min(self.decay, (1 + updates) / (10 + updates))
        followed = network.state_dict()
        for name, mean in self.network.state_dict().items():
            if mean.is_floating_point():
                mean.lerp_(followed[name].to(mean.dtype), share)
            else:
                mean.copy_(followed[name])
