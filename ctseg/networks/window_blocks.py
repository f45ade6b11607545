"""Transformer blocks whose tokens look at each other within windows, for grids of any size."""

import torch
import torch.nn.functional as F
from timm.layers import Mlp
from timm.models.swin_transformer import WindowAttention, window_partition, window_reverse
from torch import Tensor, nn

WINDOW = 8  # with patches of 4 px, sides that are multiples of 32 px need no padding in the finest stage


def attention_mask(rows: int, columns: int, shift: tuple[int, int], device: torch.device) -> Tensor:
    """Return what keeps apart, within a window, tokens that only padding or the shift brought together.

    The grid is padded at its end to whole windows, then rolled by ``shift`` towards its start.

    Parameters
    ----------
    rows, columns : size of the grid before padding
    shift : how far it is rolled on each axis, less than a window

    Returns
    -------
    Tensor of float32, shape (windows, 64, 64): 0 where one token may look at the other, else -100.
    """
    regions = []
    for count, rolled in ((rows, shift[0]), (columns, shift[1])):
        places = torch.arange(-(-count // WINDOW) * WINDOW, device=device)
        # 0: image; 1: image that the roll brings from the start to the end; 2: padding.
        region = torch.where(places < count, (places < rolled).long(), 2)
        regions.append(region.roll(-rolled))
    # Windows are cut after the roll, so tokens of different regions meet in the last windows only.
    region = (3 * regions[0][:, None] + regions[1]).float()
    windows = window_partition(region[None, :, :, None], (WINDOW, WINDOW)).flatten(1)
    apart = windows[:, :, None] != windows[:, None, :]
    return torch.zeros(apart.shape, device=device).masked_fill(apart, -100.0)


class WindowBlock(nn.Module):
    """Attention within windows of 8x8 tokens, then two linear maps, each with layer norm and a shortcut.

    Parameters
    ----------
    dim : channels of a token
    heads : attention heads
    shift : 0, or by how many tokens the windows are moved; an axis of one window only is never moved

    References
    ----------
    Liu et al., Swin Transformer, ICCV 2021, arXiv 2103.14030, equation (3) and figure 4.
    """

    def __init__(self, dim: int, heads: int, shift: int) -> None:
        super().__init__()
        self.shift = shift
        self.norm1 = nn.LayerNorm(dim)
        self.attention = WindowAttention(dim, heads, window_size=WINDOW)
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = Mlp(dim, 4 * dim)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return tokens of the shape given, (N, rows, columns, dim)."""
        tokens = tokens + self._attend(self.norm1(tokens))
        changed: Tensor = tokens + self.mlp(self.norm2(tokens))
        return changed

    def _attend(self, tokens: Tensor) -> Tensor:
        rows, columns = tokens.shape[1:3]
        shift = (self.shift if rows > WINDOW else 0, self.shift if columns > WINDOW else 0)
        padding = (-rows % WINDOW, -columns % WINDOW)
        mask = attention_mask(rows, columns, shift, tokens.device) if any(shift + padding) else None
        padded = F.pad(tokens, (0, 0, 0, padding[1], 0, padding[0]))
        rolled = padded.roll((-shift[0], -shift[1]), (1, 2)) if any(shift) else padded
        windows = window_partition(rolled, (WINDOW, WINDOW)).flatten(1, 2)
        attended = self.attention(windows, mask).unflatten(1, (WINDOW, WINDOW))
        whole = window_reverse(attended, (WINDOW, WINDOW), *rolled.shape[1:3])
        whole = whole.roll(shift, (1, 2)) if any(shift) else whole
        kept: Tensor = whole[:, :rows, :columns]
        return kept


def window_blocks(dim: int, heads: int, depth: int) -> nn.Sequential:
    """Return ``depth`` blocks, every second one with windows moved by half their side."""
    return nn.Sequential(*(WindowBlock(dim, heads, WINDOW // 2 * (index % 2)) for index in range(depth)))


def initialise(module: nn.Module) -> None:
    """Give linear maps weights from a truncated normal of 0.02 and no bias, as Swin has; for ``apply``."""
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
