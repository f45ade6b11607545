"""A U-Net small enough for tests and quick trials: about 6,000 parameters, group norm."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def _block(channels_in: int, channels_out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False),
        nn.GroupNorm(4, channels_out),
        nn.SiLU(),
    )


class TinyUNet(nn.Module):
    """Two levels; logits (N, C, H, W) from (N, 1, H, W) with even H and W.

    Group norm looks at one image at a time, so a batch divided over processes gives the same as a whole one.
    """

    def __init__(self, channels: int = 2) -> None:
        super().__init__()
        self.fine = _block(1, 8)
        self.coarse = nn.Sequential(_block(8, 16), _block(16, 16))
        self.up = _block(24, 8)
        self.head = nn.Conv2d(8, channels, 1)

    def forward(self, grey: Tensor) -> Tensor:
        """Return logits; the first two are background and foreground."""
        fine = self.fine(grey)
        coarse = F.interpolate(self.coarse(F.max_pool2d(fine, 2)), scale_factor=2.0, mode="nearest")
        logits: Tensor = self.head(self.up(torch.cat([fine, coarse], 1)))
        return logits
