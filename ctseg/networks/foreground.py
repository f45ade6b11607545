"""From grey levels to a foreground probability with a two-class network, at any size."""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

_MULTIPLE = 32  # the U-Nets halve five times


def grey_to_input(grey: Tensor) -> Tensor:
    """Map uint8 grey levels (N, H, W) to float32 (N, 1, H, W) in [-1, 1]."""
    return grey.unsqueeze(1).float() / 127.5 - 1.0


def input_shape(shape: tuple[int, int], size: int) -> tuple[int, int]:
    """Return height and width after the longer side is brought to ``size`` px, aspect ratio kept."""
    longer = max(shape)
    return max(1, round(shape[0] * size / longer)), max(1, round(shape[1] * size / longer))


def resize_grey(grey: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Scale grey levels (H, W) so that the longer side is ``size`` px, as training saw them.

    Averages over areas where the picture shrinks to less than half, bilinear otherwise.
    """
    height, width = input_shape(grey.shape, size)
    shrinks = grey.shape[0] > 2 * height
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(grey, (width, height), interpolation=how), dtype=np.uint8)


def predict_foreground(
    network: nn.Module, grey: NDArray[np.uint8], size: int, flips: Sequence[tuple[int, ...]] = ((),)
) -> NDArray[np.float32]:
    """Return the probability of foreground at the slice's own size.

    The slice is scaled so that its longer side is ``size`` px, padded at the lower right with black to a
    multiple of 32, predicted, and the probability scaled back bilinearly.

    Parameters
    ----------
    network : from (N, 1, H, W) in [-1, 1] to logits (N, 2, H, W), in evaluation mode
    grey : ndarray of uint8, shape (H, W)
    size : side in px at which the network looks, as in the recipe it was trained with
    flips : axes to mirror, one tuple a look: ``()`` is the slice as it is, ``(1,)`` mirrored left to right.
        Probabilities of all looks are averaged.

    Returns
    -------
    ndarray of float32, shape (H, W), in [0, 1].
    """
    resized = resize_grey(grey, size)
    height, width = resized.shape
    padded = np.zeros((-(-height // _MULTIPLE) * _MULTIPLE, -(-width // _MULTIPLE) * _MULTIPLE), np.uint8)
    padded[:height, :width] = resized
    looks = grey_to_input(torch.from_numpy(padded)[None])
    device = next(network.parameters()).device
    with torch.inference_mode():
        total = torch.zeros(looks.shape[-2:], device=device)
        for axes in flips:
            tensor_axes = [axis + 2 for axis in axes]
            look = looks.flip(tensor_axes).to(device)
            probability = network(look).float().softmax(1)[:, 1:]
            total += probability.flip(tensor_axes)[0, 0]
        mean = (total / len(flips))[None, None, :height, :width]
        back = F.interpolate(mean, size=grey.shape, mode="bilinear", align_corners=False)
    return back[0, 0].clamp(0, 1).cpu().numpy()
