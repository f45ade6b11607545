"""The transformers: sizes, positions, half precision, what a file of them weighs."""

import pytest
import torch

from ctseg.networks.registry import build_network
from ctseg.networks.swin_unet import swin_unet
from ctseg.networks.vit import VisionTransformer, position_embedding, vit_segmenter

SHAPES = [(64, 64), (96, 64), (128, 224), (256, 192)]


def millions(network: torch.nn.Module) -> float:
    return sum(one.numel() for one in network.parameters()) / 1e6


def small_vit(patch: int = 16) -> torch.nn.Module:
    torch.manual_seed(0)
    return vit_segmenter(32, 2, 4, patch)


def small_swin() -> torch.nn.Module:
    torch.manual_seed(0)
    return swin_unet(12)


NETWORKS = {"vit-16": small_vit, "vit-8": lambda: small_vit(8), "swin": small_swin}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("build", NETWORKS.values(), ids=NETWORKS)
def test_logits_have_the_size_of_the_image(build, shape: tuple[int, int]) -> None:
    logits = build()(torch.randn(2, 1, *shape))
    assert logits.shape == (2, 2, *shape)
    assert torch.isfinite(logits).all()


@pytest.mark.parametrize("build", NETWORKS.values(), ids=NETWORKS)
def test_channels_last_changes_the_layout_only(build) -> None:
    network, image = build().eval(), torch.randn(2, 1, 64, 96)
    plain = network(image)
    network = network.to(memory_format=torch.channels_last)
    assert torch.allclose(network(image.contiguous(memory_format=torch.channels_last)), plain, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("build", NETWORKS.values(), ids=NETWORKS)
def test_half_precision_trains_and_is_near(build) -> None:
    network, image = build(), torch.randn(2, 1, 64, 96)
    plain = network(image)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = network(image)
    assert (logits.float() - plain).abs().max() < 0.1 * plain.abs().max() + 0.02
    torch.nn.functional.cross_entropy(logits.float(), torch.ones(2, 64, 96, dtype=torch.long)).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name


@pytest.mark.parametrize("build", NETWORKS.values(), ids=NETWORKS)
def test_images_of_a_batch_do_not_touch(build) -> None:
    network, images = build().eval(), torch.randn(2, 1, 64, 64)
    alone = torch.cat([network(images[:1]), network(images[1:])])
    assert torch.allclose(network(images), alone, atol=1e-5)


@pytest.mark.parametrize("build", NETWORKS.values(), ids=NETWORKS)
def test_training_after_prediction_in_inference_mode(build) -> None:
    network, image = build(), torch.randn(1, 1, 64, 64)
    with torch.inference_mode():
        network(image)
    network(image).sum().backward()


@pytest.mark.parametrize(("name", "most"), [("vit-mae", 10.0), ("vit-mae-8", 10.0), ("swin-unet", 12.0)])
def test_compact_networks_fit_their_file(name: str, most: float) -> None:
    assert 1.0 < millions(build_network(name)) < most


@pytest.mark.slow
@pytest.mark.parametrize(("name", "at_least"), [("vit-base", 85.0), ("swin-unet-96", 24.0)])
def test_papers_sizes_take_a_step(name: str, at_least: float) -> None:
    network = build_network(name)
    assert millions(network) > at_least
    network(torch.randn(1, 1, 64, 64)).square().mean().backward()
    assert all(torch.isfinite(one.grad).all() for one in network.parameters())


def test_positions_by_hand() -> None:
    # Four steps along the longer side of a 2 x 4 grid; dim 4 has one frequency, 1, for each axis.
    found = position_embedding(2, 4, 4, 4.0, torch.device("cpu"))
    row, column = torch.tensor(1.0), torch.tensor(3.0)
    assert torch.allclose(found[1 * 4 + 3], torch.stack([row.sin(), row.cos(), column.sin(), column.cos()]))
    assert torch.equal(found[0], torch.tensor([0.0, 1.0, 0.0, 1.0]))


def test_a_place_keeps_its_position_at_another_size() -> None:
    coarse = position_embedding(4, 4, 8, 16.0, torch.device("cpu")).view(4, 4, 8)
    fine = position_embedding(12, 12, 8, 16.0, torch.device("cpu")).view(12, 12, 8)
    assert torch.allclose(coarse, fine[1::3, 1::3], atol=1e-5)


def test_tokens_know_their_place_and_their_patch_only() -> None:
    encoder = VisionTransformer(32, 2, 4, 16)
    image = torch.zeros(1, 1, 64, 64)
    tokens = encoder.embed(image)
    assert tokens[0].unique(dim=0).shape[0] == 16
    image[0, 0, 20, 40] = 1.0  # patch at row 1, column 2
    changed = (encoder.embed(image) != tokens).any(2)[0]
    assert changed.nonzero().flatten().tolist() == [1 * 4 + 2]


def test_features_lie_as_the_image_lies() -> None:
    encoder = VisionTransformer(32, 1, 4, 16).eval()
    image = torch.randn(1, 1, 64, 96)
    features = encoder(image)
    assert features.shape == (1, 32, 4, 6)
    assert torch.allclose(features[0, :, 1, 2], encoder.encode(encoder.embed(image))[0, 1 * 6 + 2])
