"""SAM's mask decoder for many points of one image: the same results as the package's, with far less work.

Three observations make it cheap (Kirillov et al. 2023, arXiv 2304.02643, describe the decoder itself):

* in the first block all points share the image side, so its projections are computed once an image;
* ``softmax(q (W x)^T) V x`` needs neither ``W x`` nor ``V x`` of 4096 image tokens: with 7 prompt tokens it
  is cheaper to carry the weights over to the tokens' side;
* the predicted quality does not depend on the upscaled mask, so masks are upscaled only where it is high.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from ctseg.methods.sam.engine.attention import (
    add_tokens,
    by_head,
    heads_first,
    points_first,
    scale,
    scores_of,
    shared_tokens_to_image,
    tokens_to_image,
)
from ctseg.methods.sam.engine.package import modeling, transformer

Window = tuple[slice, slice]
"""Rows and columns of the 64 x 64 image tokens."""

CLEAR = -8.0
"""Logit of what is not looked at: surely no mask."""

SINGLE_MASK_TOKEN = 1
"""Position of the token of the one-mask answer, which automatic masks do not use."""


@dataclass(frozen=True)
class ImageSide:
    """What all points share: ``N`` tokens of an image, or of a window of it; projections as (heads, N, D)."""

    window: Window
    keys: Tensor
    first_key: Tensor
    first_value: Tensor
    first_query: Tensor
    second_key: Tensor
    second_query: Tensor
    final_key: Tensor

    def within(self, window: Window) -> "ImageSide":
        """Return a whole image's tokens (64 x 64) that lie in a window, as if the image ended there."""
        sides = tuple(part.stop for part in self.window)
        rows, columns = window
        tokens = (one for name, one in vars(self).items() if name != "window")
        return ImageSide(window, *(one.unflatten(1, sides)[:, rows, columns].flatten(1, 2) for one in tokens))


class PointDecoder:
    """Decodes points, or points with boxes, by the modules of ``segment_anything``; three masks each.

    Parameters
    ----------
    prompt_encoder, mask_decoder : the package's modules with their weights, in eval mode, float32.
    """

    def __init__(self, prompt_encoder: modeling.PromptEncoder, mask_decoder: modeling.MaskDecoder) -> None:
        self._prompts = prompt_encoder
        self._decoder = mask_decoder
        transformer = mask_decoder.transformer
        self._first, self._second = transformer.layers
        self._final = transformer.final_attn_token_to_image
        self._final_norm = transformer.norm_final_attn
        with torch.inference_mode():
            self._position = prompt_encoder.get_dense_pe().flatten(2).transpose(1, 2)
            self._second_key = self._project(self._second.cross_attn_token_to_image, "k_proj", self._position)
            self._second_query = self._project(
                self._second.cross_attn_image_to_token, "q_proj", self._position
            )
            self._final_key = self._project(self._final, "k_proj", self._position)

    @staticmethod
    def _project(attention: transformer.Attention, projection: str, image: Tensor) -> Tensor:
        return heads_first(getattr(attention, projection)(image), attention.num_heads).contiguous()

    def image_side(self, embedding: Tensor) -> ImageSide:
        """Project an image embedding (1, 256, 64, 64) once for all its points."""
        height, width = embedding.shape[-2:]
        keys = embedding.flatten(2).transpose(1, 2) + self._prompts.no_mask_embed.weight
        placed = keys + self._position
        to_image, to_tokens = self._first.cross_attn_token_to_image, self._first.cross_attn_image_to_token
        return ImageSide(
            window=(slice(0, height), slice(0, width)),
            keys=keys,
            first_key=self._project(to_image, "k_proj", placed),
            first_value=self._project(to_image, "v_proj", keys),
            first_query=self._project(to_tokens, "q_proj", placed),
            second_key=self._second_key,
            second_query=self._second_query,
            final_key=self._final_key,
        )

    def attend(
        self, image: ImageSide, points: Tensor, boxes: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Run the two-way transformer.

        Parameters
        ----------
        points : float, shape (B, 2): (x, y) in the encoder's 1024 px frame.
        boxes : float, shape (B, 4): a box around each, (x, y, x, y) of two corners in the same frame.

        Returns
        -------
        keys (B, N, 256), mask_tokens (B, 3, 256), predicted_iou (B, 3)
        """
        prompts = self._embed(points, boxes)
        queries, keys = self._first_block(image, prompts)
        queries, keys = self._second_block(image, queries, keys, prompts)
        used = torch.cat(
            [torch.arange(1), torch.arange(SINGLE_MASK_TOKEN + 1, self._decoder.num_mask_tokens + 1)]
        )
        queries = queries[:, used]
        attended = tokens_to_image(self._final, queries + prompts[:, used], keys, image.final_key)
        queries = self._final_norm(queries + attended)
        quality = self._decoder.iou_prediction_head(queries[:, 0])
        return keys, queries[:, 1:], quality[:, SINGLE_MASK_TOKEN:]

    def _embed(self, points: Tensor, boxes: Tensor | None) -> Tensor:
        labels = torch.ones(len(points), 1, dtype=torch.int)
        sparse, _ = self._prompts(points=(points[:, None], labels), boxes=boxes, masks=None)
        learnt = torch.cat([self._decoder.iou_token.weight, self._decoder.mask_tokens.weight])
        return torch.cat([learnt.expand(len(points), -1, -1), sparse], dim=1)

    def _first_block(self, image: ImageSide, prompts: Tensor) -> tuple[Tensor, Tensor]:
        block = self._first
        queries = block.norm1(block.self_attn(q=prompts, k=prompts, v=prompts))
        to_image = block.cross_attn_token_to_image
        attended = shared_tokens_to_image(to_image, queries + prompts, image.first_key, image.first_value)
        queries = block.norm2(queries + attended)
        queries = block.norm3(queries + block.mlp(queries))
        to_tokens = block.cross_attn_image_to_token
        tokens = to_tokens.k_proj(queries + prompts) * scale(to_tokens)
        scores = torch.bmm(heads_first(tokens, to_tokens.num_heads), image.first_query.transpose(1, 2))
        scores = points_first(scores, len(prompts))
        return queries, add_tokens(to_tokens, block.norm4, scores, queries, image.keys)

    def _second_block(
        self, image: ImageSide, queries: Tensor, keys: Tensor, prompts: Tensor
    ) -> tuple[Tensor, Tensor]:
        block = self._second
        placed = queries + prompts
        queries = block.norm1(queries + block.self_attn(q=placed, k=placed, v=queries))
        to_image = block.cross_attn_token_to_image
        queries = block.norm2(queries + tokens_to_image(to_image, queries + prompts, keys, image.second_key))
        queries = block.norm3(queries + block.mlp(queries))
        to_tokens, batch = block.cross_attn_image_to_token, len(prompts)
        heads = to_tokens.num_heads
        tokens = heads_first(to_tokens.k_proj(queries + prompts) * scale(to_tokens), heads)
        weight = by_head(to_tokens.q_proj.weight, heads)
        scores = scores_of(tokens, keys, weight, image.second_query).view(batch, heads, -1, keys.shape[1])
        return queries, add_tokens(to_tokens, block.norm4, scores, queries, keys)

    def masks(self, image: ImageSide, keys: Tensor, mask_tokens: Tensor, chosen: Tensor) -> Tensor:
        """Upscale the chosen masks of one point.

        Parameters
        ----------
        keys : shape (N, 256)
        mask_tokens : shape (3, 256)
        chosen : int64, shape (M,), which of the three masks

        Returns
        -------
        Logits of shape (M, 256, 256), ``CLEAR`` outside the image side's window.
        """
        side = math.isqrt(self._position.shape[1])
        rows, columns = image.window
        height, width = rows.stop - rows.start, columns.stop - columns.start
        keys = keys.view(height, width, -1)
        first, norm, _, second, _ = self._decoder.output_upscaling
        fine = F.gelu(
            F.layer_norm(_doubled(keys, first), norm.weight.shape, norm.weight, norm.bias, norm.eps)
        )
        finest = F.gelu(_doubled(fine, second))
        heads = [self._decoder.output_hypernetworks_mlps[SINGLE_MASK_TOKEN + int(index)] for index in chosen]
        filters = torch.stack([head(mask_tokens[index]) for head, index in zip(heads, chosen, strict=True)])
        logits = finest.view(-1, finest.shape[-1]) @ filters.t()
        split = logits.view(height, width, 2, 2, 2, 2, len(filters))
        seen = split.permute(6, 0, 2, 4, 1, 3, 5).reshape(len(filters), 4 * height, 4 * width)
        if (height, width) == (side, side):
            return seen
        whole = seen.new_full((len(filters), 4 * side, 4 * side), CLEAR)
        whole[:, 4 * rows.start : 4 * rows.stop, 4 * columns.start : 4 * columns.stop] = seen
        return whole


def _doubled(tokens: Tensor, convolution: torch.nn.ConvTranspose2d) -> Tensor:
    """Apply a 2x2 transposed convolution of stride 2 to tokens (..., C): (..., 4, C'), row by row."""
    weight = convolution.weight.permute(2, 3, 1, 0).reshape(-1, tokens.shape[-1])
    assert convolution.bias is not None
    outputs = F.linear(tokens, weight, convolution.bias.repeat(4))
    return outputs.view(*tokens.shape[:-1], 4, convolution.out_channels)
