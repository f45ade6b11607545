"""Windows: which tokens may look at each other, and the order in which tokens expand."""

import pytest
import torch

from ctseg.networks.swin import SwinEncoder
from ctseg.networks.swin_unet import PatchExpanding
from ctseg.networks.window_blocks import WindowBlock, attention_mask

CPU = torch.device("cpu")


def reach(rows: int, columns: int, shift: int, place: tuple[int, int]) -> torch.Tensor:
    """Which tokens (rows, columns) change when the one at ``place`` does."""
    torch.manual_seed(0)
    block, tokens = WindowBlock(12, 3, shift).double(), torch.randn(1, rows, columns, 12).double()
    other = tokens.clone()
    other[0, *place] = torch.randn(12)
    return (block(tokens) != block(other)).any(3)[0]


def test_padding_is_looked_at_by_padding_only() -> None:
    mask = attention_mask(8, 6, (0, 0), CPU)
    assert mask.shape == (1, 64, 64)
    in_image = torch.arange(64) % 8 < 6
    assert torch.equal(mask[0] == 0, in_image[:, None] == in_image[None, :])


def test_a_whole_grid_needs_no_mask() -> None:
    assert not attention_mask(16, 24, (0, 0), CPU).any()


def test_tokens_look_at_their_window() -> None:
    changed = reach(16, 16, 0, (2, 9))
    expected = torch.zeros(16, 16, dtype=torch.bool)
    expected[:8, 8:] = True
    assert torch.equal(changed, expected)


@pytest.mark.parametrize(
    ("place", "rows", "columns"),
    [
        ((5, 6), (4, 12), (4, 12)),  # a whole window in the middle
        ((0, 0), (0, 4), (0, 4)),  # the corner does not see the opposite corner
        ((15, 5), (12, 16), (4, 12)),
    ],
)
def test_moved_windows_do_not_reach_around_the_edge(place, rows, columns) -> None:
    changed = reach(16, 16, 4, place)
    expected = torch.zeros(16, 16, dtype=torch.bool)
    expected[slice(*rows), slice(*columns)] = True
    assert torch.equal(changed, expected)


@pytest.mark.parametrize(("place", "rows"), [((0, 0), (0, 4)), ((5, 3), (4, 12)), ((13, 2), (12, 14))])
def test_moved_windows_on_a_grid_with_padding(place, rows) -> None:
    # 14 rows are padded to 16; 6 columns are one window, which is never moved.
    changed = reach(14, 6, 4, place)
    expected = torch.zeros(14, 6, dtype=torch.bool)
    expected[slice(*rows)] = True
    assert torch.equal(changed, expected)


def test_how_much_padding_there_is_does_not_matter() -> None:
    torch.manual_seed(0)
    block, tokens = WindowBlock(12, 3, 0).eval(), torch.randn(1, 6, 8, 12)
    masked = block(torch.nn.functional.pad(tokens, (0, 0, 0, 0, 0, 10)))
    # In 16 rows nothing is padding, so the zeros are looked at; in 6 rows they are not.
    assert not torch.allclose(block(tokens), masked[:, :6])
    weights = block.attention
    table = weights.relative_position_bias_table[weights.relative_position_index[:48, :48]].permute(2, 0, 1)
    queries, keys, values = (
        weights.qkv(block.norm1(tokens).view(48, 3 * 4)).view(48, 3, 3, 4).permute(1, 2, 0, 3)
    )
    shares = (queries @ keys.transpose(1, 2) / 2.0 + table).softmax(2)
    attended = tokens + weights.proj((shares @ values).transpose(0, 1).reshape(1, 6, 8, 12))
    assert torch.allclose(block(tokens), attended + block.mlp(block.norm2(attended)), atol=1e-5)


def test_expanding_lays_a_tokens_parts_where_it_was() -> None:
    expand = PatchExpanding(3, 5, 2)
    tokens = torch.randn(1, 2, 3, 3)
    finer = expand(tokens)
    assert finer.shape == (1, 4, 6, 5)
    parts = expand.norm(expand.expand(tokens[0, 1, 2]).view(2, 2, 5))
    assert torch.allclose(finer[0, 2:4, 4:6], parts, atol=1e-6)


def test_each_stage_halves_the_grid_and_doubles_the_channels() -> None:
    features = SwinEncoder(12)(torch.randn(1, 1, 64, 96))
    assert [tuple(one.shape[1:]) for one in features] == [
        (12, 16, 24), (24, 8, 12), (48, 4, 6), (96, 2, 3)
    ]  # fmt: skip


def test_tokens_know_their_patch_only() -> None:
    encoder, image = SwinEncoder(12), torch.zeros(1, 1, 32, 32)
    tokens = encoder.embed(image)
    image[0, 0, 9, 30] = 1.0
    assert (encoder.embed(image) != tokens).any(3)[0].nonzero().tolist() == [[2, 7]]
