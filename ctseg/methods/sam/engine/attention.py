"""Attention between few tokens of prompts and many of an image, without projecting those of the image.

Shapes: B prompts, T tokens of each, N image tokens of C channels, ``heads`` of D channels.
"""

import math

import torch
from torch import Tensor, nn

from ctseg.methods.sam.engine.package import transformer

_PART = 512  # image tokens at once


def heads_first(tokens: Tensor, heads: int) -> Tensor:
    """(B, T, C) to (heads, B * T, C / heads)."""
    return tokens.reshape(-1, heads, tokens.shape[-1] // heads).transpose(0, 1)


def heads_last(per_head: Tensor, batch: int) -> Tensor:
    """(heads, B * T, D) to (B, T, heads * D)."""
    heads, rows, depth = per_head.shape
    return per_head.transpose(0, 1).reshape(batch, rows // batch, heads * depth)


def points_first(per_head: Tensor, batch: int) -> Tensor:
    """(heads, B * T, D) to a view of shape (B, heads, T, D)."""
    heads, rows, depth = per_head.shape
    return per_head.view(heads, batch, rows // batch, depth).transpose(0, 1)


def by_head(weight: Tensor, heads: int) -> Tensor:
    """A projection's weight (heads * D, C) to (heads, D, C)."""
    return weight.view(heads, -1, weight.shape[-1])


def scale(attention: transformer.Attention) -> float:
    return 1.0 / math.sqrt(attention.internal_dim // attention.num_heads)


def scores_of(tokens: Tensor, keys: Tensor, weight: Tensor, positions: Tensor) -> Tensor:
    """Scores (B, heads * T, N) of projected tokens (heads, B * T, D) against keys (B, N, C).

    ``weight`` (heads, D, C) projects the keys; ``positions`` (heads, N, D) is their
    projected position and bias.
    """
    batch = keys.shape[0]
    carried = points_first(torch.bmm(tokens, weight), batch).flatten(1, 2)
    scores = torch.bmm(carried, keys.transpose(1, 2))
    of_positions = points_first(torch.bmm(tokens, positions.transpose(1, 2)), batch)
    scores.view(of_positions.shape).add_(of_positions)
    return scores


def tokens_to_image(
    attention: transformer.Attention, queries: Tensor, keys: Tensor, positions: Tensor
) -> Tensor:
    """``attention(q=queries, k=keys + positions, v=keys)`` without projecting the keys; (B, T, C)."""
    heads, batch = attention.num_heads, keys.shape[0]
    tokens = heads_first(attention.q_proj(queries) * scale(attention), heads)
    key_weight = by_head(attention.k_proj.weight, heads)
    weights = torch.softmax(scores_of(tokens, keys, key_weight, positions), dim=-1)
    mixed = torch.bmm(weights, keys).view(batch, heads, -1, keys.shape[-1])
    mixed = mixed.transpose(0, 1).reshape(heads, -1, keys.shape[-1])
    values = torch.bmm(mixed, by_head(attention.v_proj.weight, heads).transpose(1, 2))
    return attention.out_proj(heads_last(values, batch) + attention.v_proj.bias)


def shared_tokens_to_image(
    attention: transformer.Attention, queries: Tensor, key: Tensor, value: Tensor
) -> Tensor:
    """The same where all points share projected keys and values (heads, N, D); (B, T, C)."""
    tokens = heads_first(attention.q_proj(queries) * scale(attention), attention.num_heads)
    weights = torch.softmax(torch.bmm(tokens, key.transpose(1, 2)), dim=-1)
    return attention.out_proj(heads_last(torch.bmm(weights, value), queries.shape[0]))


def add_tokens(
    attention: transformer.Attention, norm: nn.LayerNorm, scores: Tensor, values: Tensor, keys: Tensor
) -> Tensor:
    """``norm(keys + what the image takes from the tokens)``, given scores (B, heads, T, N); (B, N, C).

    A part of the image tokens after the other: sums of all would go to the memory and back, and fresh memory
    takes longer than the sums.
    """
    heads = attention.num_heads
    weights = torch.softmax(scores, dim=2).flatten(1, 2)
    output = attention.out_proj.weight.t().reshape(heads, -1, keys.shape[-1])
    carried = torch.bmm(heads_first(attention.v_proj(values), heads), output)
    # The weights of one head sum to 1, so each head brings its part of the bias along.
    carried = carried + attention.out_proj.bias / heads
    carried = points_first(carried, values.shape[0]).flatten(1, 2)
    keys, of_tokens = keys.expand(values.shape[0], -1, -1), weights.transpose(1, 2)
    updated = torch.empty_like(keys, memory_format=torch.contiguous_format)
    for start in range(0, keys.shape[1], _PART):
        part = slice(start, start + _PART)
        updated[:, part] = norm(torch.baddbmm(keys[:, part], of_tokens[:, part], carried))
    return updated
