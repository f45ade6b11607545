"""SAM's ViT encoder on a ZeroGPU Space, where a GPU is lent to one decorated function for each call.

Such a call runs in a process of its own, so what it gets and returns must pickle: a file name and pixels, not
a module. The package ``spaces`` is there on such a Space only; everywhere else nothing here asks for it.
https://huggingface.co/docs/hub/spaces-zerogpu
"""

import importlib
import logging
import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ctseg.methods.base.fetching import stoppably
from ctseg.methods.base.method import StopFlag, Stopped
from ctseg.methods.sam.engine.package import build_sam, image_encoder
from ctseg.methods.sam.engine.segmenter import ImageEncoder

GPU_SECONDS = 15
"""What one call asks of the visitor's daily share at most: loading 375 MB and one pass of the encoder."""

_logger = logging.getLogger(__name__)


def on_zero_gpu() -> bool:
    """Whether this runs on that hardware, which sets ``SPACES_ZERO_GPU``."""
    return os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")


def _decorated(function: Callable[..., Any]) -> Callable[..., Any]:
    if not on_zero_gpu():
        return function
    decorated: Callable[..., Any] = importlib.import_module("spaces").GPU(duration=GPU_SECONDS)(function)
    return decorated


@_decorated
def embed_on_gpu(file: str, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Embed a normalised, padded image on the GPU, or on the CPU where torch sees none.

    Parameters
    ----------
    file : safetensors of SAM ViT-B, in Meta's layout
    pixels : ndarray of float32, shape (1, 3, 1024, 1024)

    Returns
    -------
    ndarray of float32, shape (1, 256, 64, 64)
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    with torch.inference_mode():
        embedding = _encoder(file, device)(torch.from_numpy(pixels).to(device)).cpu()
    return np.asarray(embedding)


@lru_cache(maxsize=1)
def _encoder(file: str, device: str) -> image_encoder.ImageEncoderViT:
    from safetensors import safe_open

    prefix = "image_encoder."
    with safe_open(file, framework="pt") as stored:
        tensors = {name: stored.get_tensor(name) for name in stored.keys() if name.startswith(prefix)}  # noqa: SIM118
    with torch.device("meta"):
        module: image_encoder.ImageEncoderViT = build_sam.build_sam_vit_b().image_encoder
    module.load_state_dict({name.removeprefix(prefix): each for name, each in tensors.items()}, assign=True)
    return module.eval().requires_grad_(False).to(device)


class ZeroGpuEncoder:
    """Embeds images by the decorated function, and on the CPU where no GPU is to be had.

    Parameters
    ----------
    file : safetensors of SAM ViT-B
    spare : encoder for when the visitor's share is used up or the GPU fails
    """

    def __init__(self, file: Path, spare: ImageEncoder) -> None:
        self._file = file
        self._spare = spare

    def embed(self, pixels: NDArray[np.float32], stop: StopFlag) -> Tensor:
        """As `ViTEncoder.embed`; a stop does not end the call on the GPU, but nobody waits for it."""
        try:
            embedding = stoppably(lambda: embed_on_gpu(str(self._file), pixels), stop, lambda: None)
        except Stopped:
            raise
        except Exception as error:  # a used up share, a lost GPU: whatever it is, there is another way
            _logger.warning("No GPU for the encoder (%s); the CPU does it.", type(error).__name__)
            return self._spare.embed(pixels, stop)
        return torch.from_numpy(embedding)
