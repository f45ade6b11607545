"""Between a slice and the 1024 px square that the image encoder sees, as ``SamPredictor`` does it."""

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

SIDE = 1024
MEAN = np.array([123.675, 116.28, 103.53], dtype=np.float32)
DEVIATION = np.array([58.395, 57.12, 57.375], dtype=np.float32)
"""Of the grey levels of the natural images that SAM was trained on, red, green and blue."""


def framed_shape(shape: tuple[int, int]) -> tuple[int, int]:
    """Height and width in px, at least 1, after the longer side was scaled to 1024."""
    scale = SIDE / max(shape)
    height, width = (max(1, int(length * scale + 0.5)) for length in shape)
    return height, width


def judged_shape(shape: tuple[int, int]) -> tuple[int, int]:
    """Height and width in px at which masks of a slice are judged: its own, at most those of the square.

    The package always judges at the slice's size; above 1024 px that takes most of the time and tells no
    more, for the square is all that the model saw.
    """
    return shape if max(shape) <= SIDE else framed_shape(shape)


def encoder_input(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Scale a slice bilinearly, normalise it in three equal channels and pad with 0 on the right and below.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W)

    Returns
    -------
    ndarray of float32, shape (1, 3, 1024, 1024)
    """
    height, width = framed_shape((image.shape[0], image.shape[1]))
    scaled = np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR))
    padded = np.zeros((1, 3, SIDE, SIDE), dtype=np.float32)
    padded[0, :, :height, :width] = (scaled - MEAN[:, None, None]) / DEVIATION[:, None, None]
    return padded


def framed_points(points: NDArray[np.float64], shape: tuple[int, int]) -> Tensor:
    """Move points (N, 2), (x, y) in px of an (H, W) slice, into the 1024 px square; float32."""
    height, width = framed_shape(shape)
    return torch.from_numpy(points * [width / shape[1], height / shape[0]]).float()


def upscaled(logits: Tensor, shape: tuple[int, int]) -> Tensor:
    """Logits (256, 256) of the square as logits of the slice.

    Twice bilinear, padding cut off in between, as the package does it: one step would give other masks.

    Returns
    -------
    Tensor of float32, shape (H, W)
    """
    height, width = framed_shape(shape)
    square = F.interpolate(logits[None, None], (SIDE, SIDE), mode="bilinear", align_corners=False)
    cut = square[..., :height, :width]
    return F.interpolate(cut, shape, mode="bilinear", align_corners=False)[0, 0]
