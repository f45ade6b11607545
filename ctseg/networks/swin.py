"""Swin Transformer for one grey channel: the encoder that Swin-MAE pre-trains and Swin-UNet uses."""

from collections.abc import Sequence

from timm.models.swin_transformer import PatchMerging
from torch import Tensor, nn

from ctseg.networks.window_blocks import initialise, window_blocks

PATCH = 4


class SwinEncoder(nn.Module):
    """Four stages; each but the first halves the grid and doubles the channels.

    Parameters
    ----------
    dim : channels of the first stage, a multiple of the 3 heads it has
    depths : number of blocks of each stage

    References
    ----------
    Liu et al., Swin Transformer, ICCV 2021, arXiv 2103.14030; windows of 8 instead of 7 tokens.
    """

    def __init__(self, dim: int, depths: Sequence[int] = (2, 2, 2, 2)) -> None:
        super().__init__()
        self.dims = [dim * 2**stage for stage in range(len(depths))]
        self.heads = [3 * 2**stage for stage in range(len(depths))]
        self.patches = nn.Conv2d(1, dim, PATCH, stride=PATCH)
        self.patches_norm = nn.LayerNorm(dim)
        self.stages = nn.ModuleList(
            nn.Sequential(
                PatchMerging(self.dims[stage - 1]) if stage else nn.Identity(),
                window_blocks(self.dims[stage], self.heads[stage], depth),
            )
            for stage, depth in enumerate(depths)
        )
        self.norm = nn.LayerNorm(self.dims[-1])
        self.apply(initialise)

    def embed(self, image: Tensor) -> Tensor:
        """Return tokens (N, H / 4, W / 4, dim) of images (N, 1, H, W), each of its 4x4 px alone."""
        tokens: Tensor = self.patches_norm(self.patches(image).permute(0, 2, 3, 1))
        return tokens

    def encode(self, tokens: Tensor) -> list[Tensor]:
        """Return the tokens after each stage, (N, H / 4 / 2**i, W / 4 / 2**i, dim * 2**i), fine to coarse."""
        features = []
        for stage in self.stages:
            tokens = stage(tokens)
            features.append(tokens)
        features[-1] = self.norm(tokens)
        return features

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return the maps (N, C, h, w) of each stage, fine to coarse; H and W are multiples of 32."""
        return [tokens.permute(0, 3, 1, 2) for tokens in self.encode(self.embed(image))]
