"""Swin-UNet: a U-Net of window transformers with two output channels, background and foreground."""

import torch
from torch import Tensor, nn

from ctseg.networks.swin import PATCH, SwinEncoder
from ctseg.networks.window_blocks import initialise, window_blocks


class PatchExpanding(nn.Module):
    """Turns each token into factor x factor tokens with fewer channels by one linear map.

    Parameters
    ----------
    dim, dim_out : channels before and after
    factor : how many times finer the grid becomes on each axis

    References
    ----------
    Cao et al., Swin-Unet, 2021, arXiv 2105.05537, section 3.5.
    """

    def __init__(self, dim: int, dim_out: int, factor: int = 2) -> None:
        super().__init__()
        self.factor = factor
        self.expand = nn.Linear(dim, dim_out * factor**2, bias=False)
        self.norm = nn.LayerNorm(dim_out)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return tokens (N, rows * factor, columns * factor, dim_out) of (N, rows, columns, dim)."""
        wide = self.expand(tokens).unflatten(3, (self.factor, self.factor, -1))
        finer: Tensor = self.norm(wide.permute(0, 1, 3, 2, 4, 5).flatten(3, 4).flatten(1, 2))
        return finer


class SwinUNet(nn.Module):
    """Encoder, mirrored decoder, and skips between stages of equal size; logits (N, 2, H, W).

    Parameters
    ----------
    encoder : the Swin Transformer
    depth : number of blocks of each decoder stage

    References
    ----------
    Cao et al., Swin-Unet, 2021, arXiv 2105.05537, sections 3.1 to 3.6.
    """

    def __init__(self, encoder: SwinEncoder, depth: int = 2) -> None:
        super().__init__()
        self.expand = nn.ModuleList()
        self.join = nn.ModuleList()
        self.blocks = nn.ModuleList()
        for dim, heads in zip(encoder.dims[-2::-1], encoder.heads[-2::-1], strict=True):
            self.expand.append(PatchExpanding(2 * dim, dim))
            self.join.append(nn.Linear(2 * dim, dim))
            self.blocks.append(window_blocks(dim, heads, depth))
        self.norm = nn.LayerNorm(encoder.dims[0])
        self.pixels = PatchExpanding(encoder.dims[0], encoder.dims[0], PATCH)
        self.head = nn.Linear(encoder.dims[0], 2)
        self.apply(initialise)
        self.encoder = encoder

    def forward(self, grey: Tensor) -> Tensor:
        """Return logits of background and foreground; H and W are multiples of 32."""
        *skips, tokens = self.encoder.encode(self.encoder.embed(grey))
        for expand, join, blocks in zip(self.expand, self.join, self.blocks, strict=True):
            tokens = blocks(join(torch.cat([expand(tokens), skips.pop()], 3)))
        logits: Tensor = self.head(self.pixels(self.norm(tokens)))
        return logits.permute(0, 3, 1, 2)


def swin_unet(dim: int = 48) -> SwinUNet:
    """Return a Swin-UNet with random weights: one grey channel in [-1, 1] in, two logits out.

    Parameters
    ----------
    dim : channels of the first stage; 96 in the paper, 48 for a compact one

    Returns
    -------
    nn.Module from (N, 1, H, W) to logits (N, 2, H, W), H and W multiples of 32; channel 1 is foreground.
    """
    return SwinUNet(SwinEncoder(dim))
