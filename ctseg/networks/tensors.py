"""Networks of torch, and what they take."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ctseg.networks.foreground import Logits


def grey_to_input(grey: Tensor) -> Tensor:
    """Map uint8 grey levels (N, H, W) to float32 (N, 1, H, W) in [-1, 1]."""
    return grey.unsqueeze(1).float() / 127.5 - 1.0


def torch_logits(network: nn.Module) -> Logits:
    """Return a two-class network in evaluation mode as a function of arrays."""
    device = next(network.parameters()).device

    def logits(image: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode():
            return np.asarray(network(torch.from_numpy(image).to(device)).float().cpu().numpy())

    return logits
