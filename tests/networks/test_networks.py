"""Networks by name, ImageNet weights for one channel, prediction at any size."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from ctseg.networks.affinities import CHANNELS, EMBEDDING, SLOTS
from ctseg.networks.foreground import input_shape, predict_foreground, resize_grey
from ctseg.networks.registry import NETWORKS, build_network
from ctseg.networks.stored import load_network
from ctseg.networks.tensors import torch_logits
from ctseg.networks.unet import load_imagenet_encoder


class Grey(torch.nn.Module):
    """Probability of foreground equals grey level / 255."""

    def __init__(self) -> None:
        super().__init__()
        self.none = torch.nn.Parameter(torch.zeros(1))

    def forward(self, grey):
        assert grey.shape[2] % 32 == 0
        assert grey.shape[3] % 32 == 0
        share = (grey + 1) / 2
        return torch.cat([(1 - share).clamp(min=1e-9).log(), share.clamp(min=1e-9).log()], 1)


def test_an_unknown_network_lists_the_known_ones() -> None:
    with pytest.raises(
        ValueError, match="unet-lite0, unet-lite0-affinities, unet-lite0-slots-affinities, unet-lite0-emb"
    ):
        build_network("resnet")


@pytest.mark.thorough
@pytest.mark.parametrize("name", NETWORKS)
def test_logits_at_the_size_of_the_input(name: str) -> None:
    network = build_network(name).eval()
    channels = (CHANNELS if name.endswith("-affinities") else 2) + SLOTS * ("-slots" in name)
    channels += EMBEDDING * ("-embedding" in name)
    assert network(torch.zeros(1, 1, 64, 96)).shape == (1, channels, 64, 96)


def test_one_grey_channel_equals_three_equal_ones() -> None:
    torch.manual_seed(0)
    network = build_network("unet-lite0")
    weights = {name.removeprefix("model."): torch.rand_like(value.float()) for name, value in
               network.encoder.state_dict().items()}  # fmt: skip
    weights["conv_stem.weight"] = torch.randn(32, 3, 3, 3)
    weights["classifier.weight"] = torch.zeros(3)
    load_imagenet_encoder(network, weights)
    stem = network.encoder.model.conv_stem
    grey = torch.randn(1, 1, 32, 32)
    three = torch.nn.functional.conv2d(grey.repeat(1, 3, 1, 1), weights["conv_stem.weight"], padding=1)
    assert torch.allclose(torch.nn.functional.conv2d(grey, stem.weight, padding=1), three, atol=1e-4)


@pytest.mark.parametrize("fault", ["missing", "shape"])
def test_weights_that_do_not_fit_are_refused(fault: str) -> None:
    network = build_network("unet-lite0")
    weights = {name.removeprefix("model."): value for name, value in network.encoder.state_dict().items()}
    if fault == "missing":
        del weights["bn1.weight"]
    else:
        weights["bn1.weight"] = torch.zeros(3)
    with pytest.raises(ValueError, match=r"model\.bn1\.weight is missing or has another shape"):
        load_imagenet_encoder(network, weights)


@pytest.mark.parametrize("shape", [(1, 1), (7, 513), (64, 48), (130, 200), (600, 600)])
def test_prediction_has_the_shape_of_the_slice(shape: tuple[int, int]) -> None:
    grey = np.full(shape, 102, np.uint8)
    before = grey.copy()
    probability = predict_foreground(torch_logits(Grey()), grey, 64)
    assert probability.shape == shape
    assert probability.dtype == np.float32
    assert np.allclose(probability, 0.4, atol=1e-5)
    assert np.array_equal(grey, before)


def test_prediction_stays_in_place_through_scaling() -> None:
    rows, columns = np.mgrid[:128, :192]
    grey = (columns + rows / 2).astype(np.uint8)
    probability = predict_foreground(torch_logits(Grey()), grey, 96)
    assert np.abs(probability * 255 - grey)[2:-2, 2:-2].max() < 1.6


def test_looks_in_a_mirror_are_turned_back_before_the_mean() -> None:
    grey = np.random.default_rng(0).integers(0, 256, (32, 64)).astype(np.uint8)
    plain = predict_foreground(torch_logits(Grey()), grey, 64)
    averaged = predict_foreground(torch_logits(Grey()), grey, 64, flips=((), (1,), (0,), (0, 1)))
    assert np.allclose(plain, grey / 255, atol=1e-5)
    assert np.allclose(averaged, plain, atol=1e-5)


def test_sizes_keep_the_aspect_ratio() -> None:
    assert input_shape((512, 512), 256) == (256, 256)
    assert input_shape((100, 50), 256) == (256, 128)
    assert input_shape((1, 4096), 256) == (1, 256)


def test_shrinking_far_averages_instead_of_skipping() -> None:
    stripes = np.tile(np.array([0, 0, 0, 255], np.uint8), (64, 16))
    assert set(np.unique(resize_grey(stripes, 16))) <= {63, 64}


def test_files_that_are_no_networks(tmp_path) -> None:
    path = tmp_path / "net.safetensors"
    path.write_bytes(b"nothing")
    with pytest.raises(ValueError, match="is no safetensors file"):
        load_network(path)
    save_file({"w": torch.zeros(1)}, path)
    with pytest.raises(ValueError, match="does not say which network"):
        load_network(path)
    save_file({"w": torch.zeros(1)}, path, metadata={"network": "tiny-unet", "size": "64"})
    with pytest.raises(ValueError, match="does not fit tiny-unet"):
        load_network(path)
