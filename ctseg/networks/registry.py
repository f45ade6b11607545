"""Networks by name, as recipes and weights files call them."""

from collections.abc import Callable
from functools import partial

from torch import nn

from ctseg.networks.affinities import CHANNELS, EMBEDDING, SLOTS
from ctseg.networks.tiny import TinyUNet
from ctseg.networks.unet import unet


# timm takes seconds to import, so only those who ask for a transformer wait for it.
def _vit(dim: int, depth: int, heads: int, patch: int) -> nn.Module:
    from ctseg.networks.vit import vit_segmenter

    return vit_segmenter(dim, depth, heads, patch)


def _swin(dim: int) -> nn.Module:
    from ctseg.networks.swin_unet import swin_unet

    return swin_unet(dim)


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "unet-lite0": unet,
    "unet-lite0-affinities": partial(unet, channels=CHANNELS),
    "unet-lite0-slots-affinities": partial(unet, channels=CHANNELS + SLOTS),
    "unet-lite0-embedding-affinities": partial(unet, channels=CHANNELS + EMBEDDING),
    "tiny-unet": TinyUNet,
    "tiny-unet-affinities": partial(TinyUNet, CHANNELS),
    "tiny-unet-slots-affinities": partial(TinyUNet, CHANNELS + SLOTS),
    "tiny-unet-embedding-affinities": partial(TinyUNet, CHANNELS + EMBEDDING),
    "unet-resnet50": partial(unet, "resnet50"),
    "vit-mae": partial(_vit, 256, 8, 8, 16),
    "vit-mae-8": partial(_vit, 256, 8, 8, 8),
    "vit-base": partial(_vit, 768, 12, 12, 16),
    "swin-unet": partial(_swin, 48),
    "swin-unet-96": partial(_swin, 96),
}


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
