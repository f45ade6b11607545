"""The ViT image encoder of ``segment_anything``, computed so that it can be stopped and needs little memory.

Kirillov et al. 2023, arXiv 2304.02643, appendix A. The package's own forward pass holds the attention maps of
all heads at once, 0.8 GB each time, and cannot be stopped; this one goes head by head with the same weights.
"""

import torch
from numpy import float32
from numpy.typing import NDArray
from torch import Tensor

from ctseg.methods.base.method import StopFlag, raise_if_stopped
from ctseg.methods.sam.engine.package import image_encoder

TOKENS_AT_ONCE = 1024
"""Tokens that pass the two dense layers of a block between two looks at the stop flag."""


class ViTEncoder:
    """Embeds images with the package's module, in eval mode, float32; several threads may use one object."""

    def __init__(self, module: image_encoder.ImageEncoderViT) -> None:
        self._module = module

    @torch.inference_mode()
    def embed(self, pixels: NDArray[float32], stop: StopFlag) -> Tensor:
        """Embed a normalised, padded image.

        Parameters
        ----------
        pixels : ndarray of float32, shape (1, 3, 1024, 1024)

        Returns
        -------
        Tensor of float32, shape (1, 256, 64, 64)

        Raises
        ------
        Stopped
            If ``stop`` is set meanwhile.
        """
        raise_if_stopped(stop)
        tokens = self._module.patch_embed(torch.from_numpy(pixels)) + self._module.pos_embed
        for block in self._module.blocks:
            tokens = tokens + _attended(block, tokens, stop)
            tokens = tokens + _mixed(block, tokens, stop)
        raise_if_stopped(stop)
        return self._module.neck(tokens.permute(0, 3, 1, 2))


def _attended(block: image_encoder.Block, tokens: Tensor, stop: StopFlag) -> Tensor:
    """Self-attention of a block (B, H, W, C), within its windows where it has them."""
    normed = block.norm1(tokens)
    if block.window_size == 0:
        return _attention(block.attn, normed, stop)
    windows, padded = image_encoder.window_partition(normed, block.window_size)
    attended = _attention(block.attn, windows, stop)
    return image_encoder.window_unpartition(
        attended, block.window_size, padded, (tokens.shape[1], tokens.shape[2])
    )


def _attention(attention: image_encoder.Attention, tokens: Tensor, stop: StopFlag) -> Tensor:
    batch, height, width, channels = tokens.shape
    raise_if_stopped(stop)
    qkv = attention.qkv(tokens).view(batch, height * width, 3, attention.num_heads, -1)
    of_rows = image_encoder.get_rel_pos(height, height, attention.rel_pos_h)
    of_columns = image_encoder.get_rel_pos(width, width, attention.rel_pos_w)
    outputs = torch.empty(batch, height * width, attention.num_heads, channels // attention.num_heads)
    for head in range(attention.num_heads):
        raise_if_stopped(stop)
        query, key, value = qkv[:, :, :, head].unbind(2)
        scores = torch.bmm(query * attention.scale, key.transpose(1, 2))
        placed = query.reshape(batch, height, width, -1)
        grid = scores.view(batch, height, width, height, width)
        grid += torch.einsum("bhwc,hkc->bhwk", placed, of_rows)[..., :, None]
        grid += torch.einsum("bhwc,wkc->bhwk", placed, of_columns)[..., None, :]
        outputs[:, :, head] = torch.bmm(torch.softmax(scores, dim=-1), value)
    return attention.proj(outputs.view(batch, height, width, channels))


def _mixed(block: image_encoder.Block, tokens: Tensor, stop: StopFlag) -> Tensor:
    """The dense layers of a block (B, H, W, C)."""
    rows = []
    for some in tokens.flatten(0, 2).split(TOKENS_AT_ONCE):
        raise_if_stopped(stop)
        rows.append(block.mlp(block.norm2(some)))
    return torch.cat(rows).view(tokens.shape)
