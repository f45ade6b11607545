"""Networks by name, as recipes and weights files call them."""

from collections.abc import Callable

from torch import nn

from ctseg.networks.tiny import TinyUNet
from ctseg.networks.unet import unet

NETWORKS: dict[str, Callable[[], nn.Module]] = {"unet-lite0": unet, "tiny-unet": TinyUNet}


def build_network(name: str) -> nn.Module:
    """Return the network of this name with random weights.

    Raises
    ------
    ValueError
        If there is none; the message lists the names.
    """
    if name not in NETWORKS:
        raise ValueError(f"There is no network {name!r}; choose one of {', '.join(NETWORKS)}.")
    return NETWORKS[name]()
