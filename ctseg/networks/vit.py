"""Vision transformers for one grey channel: an encoder that can be pre-trained, and a segmenter around it."""

import torch
import torch.nn.functional as F
from timm.models.vision_transformer import Block
from torch import Tensor, nn

_REFERENCE_SIDE = 256  # longer side in px at which positions count patches one by one
_WIDTHS = {8: 128, 4: 64, 2: 32, 1: 16}  # channels of the convolutions by stride in px


def position_embedding(rows: int, columns: int, dim: int, longer: float, device: torch.device) -> Tensor:
    """Return the fixed sine-cosine embedding of positions in a grid, half of the channels for each axis.

    Positions are counted so that the longer side is ``longer`` steps, whatever the grid: a place in the body
    keeps its embedding when the same slice is looked at with more pixels. A grid of that size has the
    integer positions of the paper.

    Parameters
    ----------
    rows, columns : size of the grid
    dim : channels, a multiple of 4
    longer : steps along the longer side

    Returns
    -------
    Tensor of float32, shape (rows * columns, dim), row by row, in [-1, 1].

    References
    ----------
    Vaswani et al., Attention is all you need, 2017, arXiv 1706.03762, section 3.5; on two axes as in
    He et al., 2021, arXiv 2111.06377, appendix A.
    """
    step = longer / max(rows, columns)
    frequencies = 10_000.0 ** -(torch.arange(dim // 4, device=device, dtype=torch.float32) / (dim // 4))
    axes = []
    for count in (rows, columns):
        places = (torch.arange(count, device=device, dtype=torch.float32) + 0.5) * step - 0.5
        angles = places[:, None] * frequencies
        axes.append(torch.cat([angles.sin(), angles.cos()], 1))
    down = axes[0][:, None, :].expand(rows, columns, dim // 2)
    across = axes[1][None, :, :].expand(rows, columns, dim // 2)
    return torch.cat([down, across], 2).reshape(rows * columns, dim)


def initialise(module: nn.Module) -> None:
    """Give linear maps Xavier's uniform weights and no bias, as He et al. 2021 do; for ``Module.apply``."""
    if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


class VisionTransformer(nn.Module):
    """The encoder: patches of one grey channel become tokens that look at each other.

    Parameters
    ----------
    dim : channels of a token
    depth : number of transformer blocks
    heads : attention heads of a block
    patch : side of a patch in px

    References
    ----------
    Dosovitskiy et al., An image is worth 16x16 words, ICLR 2021, arXiv 2010.11929; without class token.
    """

    def __init__(self, dim: int, depth: int, heads: int, patch: int) -> None:
        super().__init__()
        self.dim, self.patch = dim, patch
        self.patches = nn.Conv2d(1, dim, patch, stride=patch)
        self.blocks = nn.Sequential(*(Block(dim, heads, qkv_bias=True) for _ in range(depth)))
        self.norm = nn.LayerNorm(dim)
        self.apply(initialise)
        nn.init.xavier_uniform_(self.patches.weight.view(dim, -1))

    def positions(self, height: int, width: int, dim: int, device: torch.device) -> Tensor:
        """Return the embedding of the positions of an image's patches, shape (L, dim)."""
        grid = (height // self.patch, width // self.patch)
        return position_embedding(*grid, dim, _REFERENCE_SIDE / self.patch, device)

    def embed(self, image: Tensor) -> Tensor:
        """Return tokens (N, L, dim) with their positions; a token knows the pixels of its patch only."""
        height, width = image.shape[-2:]
        tokens: Tensor = self.patches(image).flatten(2).transpose(1, 2)
        return tokens + self.positions(height, width, self.dim, image.device)

    def encode(self, tokens: Tensor) -> Tensor:
        """Return tokens (N, K, dim) after they have looked at each other; K may be a part of all patches."""
        encoded: Tensor = self.norm(self.blocks(tokens))
        return encoded

    def forward(self, image: Tensor) -> Tensor:
        """Return features (N, dim, H / patch, W / patch) of images (N, 1, H, W)."""
        rows, columns = (side // self.patch for side in image.shape[-2:])
        return self.encode(self.embed(image)).transpose(1, 2).unflatten(2, (rows, columns))


def _convolution(channels_in: int, channels_out: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, 3, stride=stride, padding=1, bias=False),
        nn.GroupNorm(8, channels_out),
        nn.SiLU(),
    )


class ViTSegmenter(nn.Module):
    """A vision transformer and a light convolutional decoder, logits (N, 2, H, W) from (N, 1, H, W).

    The decoder doubles the tokens' grid until it is the image's. A token of 16 px cannot hold where an
    edge runs, so convolutions of the image itself join on the way, as in UNETR.

    Parameters
    ----------
    encoder : the transformer, on patches of 8 or 16 px

    References
    ----------
    Hatamizadeh et al., UNETR, WACV 2022, arXiv 2103.10504, for the joining image.
    """

    def __init__(self, encoder: VisionTransformer) -> None:
        super().__init__()
        self.encoder = encoder
        self.fine = nn.ModuleList(
            [_convolution(1, _WIDTHS[1]), _convolution(_WIDTHS[1], _WIDTHS[2], stride=2),
             _convolution(_WIDTHS[2], _WIDTHS[4], stride=2)]
        )  # fmt: skip
        self.up = nn.ModuleList()
        channels, stride = encoder.dim, encoder.patch
        while stride > 1:
            stride //= 2
            joining = _WIDTHS[stride] if stride < 8 else 0
            self.up.append(_convolution(channels + joining, _WIDTHS[stride]))
            channels = _WIDTHS[stride]
        self.head = nn.Conv2d(channels, 2, 1)

    def forward(self, grey: Tensor) -> Tensor:
        """Return logits of background and foreground; H and W are multiples of 32."""
        details = [grey]
        for convolution in self.fine:
            details.append(convolution(details[-1]))
        features = self.encoder(grey)
        for level, convolution in enumerate(self.up):
            features = F.interpolate(features, scale_factor=2.0, mode="bilinear", align_corners=False)
            left = len(self.up) - level  # 1 at the image's own size
            if left < len(details):
                features = torch.cat([features, details[left].to(features.dtype)], 1)
            features = convolution(features)
        logits: Tensor = self.head(features)
        return logits


def vit_segmenter(dim: int = 256, depth: int = 8, heads: int = 8, patch: int = 16) -> ViTSegmenter:
    """Return a segmenter with random weights: one grey channel in [-1, 1] in, two logits out.

    The defaults are a compact one; ViT-B/16 of the papers is (768, 12, 12, 16).

    Parameters
    ----------
    dim, depth, heads, patch : see :class:`VisionTransformer`; the patch is 8 or 16 px

    Returns
    -------
    nn.Module from (N, 1, H, W) to logits (N, 2, H, W), H and W multiples of 32; channel 1 is foreground.
    """
    return ViTSegmenter(VisionTransformer(dim, depth, heads, patch))
