"""Networks in safetensors files, with the facts that are needed to use them."""

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import nn

from ctseg.networks.registry import NETWORKS, build_network


@dataclass(frozen=True)
class StoredNetwork:
    """A network ready to predict.

    Attributes
    ----------
    network : in evaluation mode, float32, on the CPU
    size : side in px at which it looks at a slice
    """

    network: nn.Module
    size: int


def load_network(path: Path) -> StoredNetwork:
    """Read a two-class network whose file names its architecture and size; half precision is widened.

    Parameters
    ----------
    path : safetensors file with ``network`` and ``size`` in its metadata, as the export writes it

    Raises
    ------
    ValueError
        If the file is no safetensors file, lacks those facts, or does not fit the architecture it names.
    """
    try:
        with safe_open(path, framework="pt") as file:
            facts = file.metadata() or {}
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  not a dict
    except SafetensorError as error:
        raise ValueError(f"{path.name} is no safetensors file; fetch it again.") from error
    if facts.get("network") not in NETWORKS or not facts.get("size", "").isdigit():
        raise ValueError(f"{path.name} does not say which network it belongs to; export it again.")
    network = build_network(facts["network"])
    widened = {
        name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in weights.items()
    }
    try:
        network.load_state_dict(widened)
    except RuntimeError as error:
        raise ValueError(f"{path.name} does not fit {facts['network']}; export it again.") from error
    network = network.to(memory_format=torch.channels_last).eval().requires_grad_(False)
    return StoredNetwork(network, int(facts["size"]))
