"""Weights of pixels by the size of their structure, so that small ones are not lost among large ones."""

import torch
from torch import Tensor

_REFERENCE_SHARE = 0.01
_MOST = 8.0


def structure_weights(label_map: Tensor, power: float) -> Tensor:
    """Return the weight of every pixel: 1 for background and for structures of 1 % of the image and more.

    Parameters
    ----------
    label_map : Tensor of integers, shape (N, H, W), 0 = background
    power : of (1 % of the image / area of the pixel's structure)

    Returns
    -------
    Tensor of float32, shape (N, H, W), in [1, 8]
    """
    images, height, width = label_map.shape
    reference = _REFERENCE_SHARE * height * width
    weights = torch.ones(label_map.shape, device=label_map.device)
    for index in range(images):
        flat = label_map[index].flatten().long()
        areas = torch.bincount(flat).clamp(min=1).float()
        of_label = (reference / areas).clamp(min=1).pow(power).clamp(max=_MOST)
        of_label[0] = 1
        weights[index] = of_label[flat].view(height, width)
    return weights
