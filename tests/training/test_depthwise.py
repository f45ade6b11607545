"""Depthwise convolutions keep float32 under autocast, and nothing else changes."""

import copy

import torch

from ctseg.networks.registry import build_network
from ctseg.training.depthwise import keep_depthwise_in_float32


def test_depthwise_weights_get_their_gradients_in_float32() -> None:
    torch.manual_seed(0)
    layers = torch.nn.Sequential(
        torch.nn.Conv2d(1, 8, 1), torch.nn.Conv2d(8, 8, 3, groups=8), torch.nn.Conv2d(8, 2, 1)
    )
    seen = []
    layers[1].register_forward_hook(lambda _module, _inputs, output: seen.append(output.dtype))
    keep_depthwise_in_float32(layers)
    image = torch.randn(2, 1, 16, 16)
    with torch.autocast("cpu", torch.bfloat16):
        last = layers(image)
    assert seen == [torch.float32]
    assert last.dtype == torch.bfloat16
    last.float().sum().backward()
    assert layers[1].weight.grad.abs().sum() > 0


def test_without_autocast_and_in_its_state_the_network_is_the_same() -> None:
    torch.manual_seed(0)
    network = build_network("unet-lite0").eval()
    changed = copy.deepcopy(network)
    keep_depthwise_in_float32(changed)
    image = torch.randn(1, 1, 32, 32)
    assert torch.equal(network(image), changed(image))
    assert network.state_dict().keys() == changed.state_dict().keys()
    with torch.no_grad():
        changed.encoder.model.blocks[0][0].conv_dw.weight.mul_(2)
    assert not torch.equal(network(image), changed(image))
