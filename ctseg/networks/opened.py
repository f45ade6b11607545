"""Any network in a safetensors file: by ONNX Runtime where its graph is there, else by torch."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ctseg.networks.foreground import Logits
from ctseg.networks.served import ServedNetwork, graph_of, larger


class TorchNetwork:
    """As :class:`ctseg.networks.served.ServedNetwork`, for networks and sizes without a graph."""

    def __init__(self, path: Path, times: float = 1.0) -> None:
        from ctseg.networks.stored import load_network
        from ctseg.networks.tensors import torch_logits

        stored = load_network(path)
        self.size = stored.size if times == 1 else larger(stored.size, times)
        self._logits: Logits = torch_logits(stored.network)

    def logits(self, image: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return logits (1, C, S, S) of an image (1, 1, S, S) in [-1, 1]."""
        return self._logits(image)


def open_network(path: Path, times: float = 1.0) -> ServedNetwork | TorchNetwork:
    """Return the network of a file, such as ``best.safetensors`` of a training run.

    Parameters
    ----------
    path : safetensors file with ``network`` and ``size`` in its metadata
    times : so many times as large as the file says it looks at a slice

    Raises
    ------
    ValueError
        If the file is no safetensors file, lacks those facts, or does not fit its network.
    """
    kind = ServedNetwork if graph_of(path, times).is_file() else TorchNetwork
    return kind(path, times)
