"""Depthwise convolutions in full precision on a CPU, where their half-precision gradients are slow."""

from collections.abc import Callable
from functools import wraps

import torch
from torch import Tensor, nn


def keep_depthwise_in_float32(network: nn.Module) -> None:
    """Let the depthwise convolutions of a network compute in float32 under autocast, in place.

    On a CPU their gradients in bfloat16 take 5 to 15 times as long as in float32, which is a third of a step
    of the EfficientNet U-Net. Weights and names stay as they are.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d) and module.groups == module.in_channels > 1:
            module.forward = _in_float32(module.forward)  # type: ignore[method-assign, assignment]


def _in_float32(forward: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    @wraps(forward)
    def call(value: Tensor) -> Tensor:
        with torch.autocast(value.device.type, enabled=False):
            return forward(value.float())

    return call
