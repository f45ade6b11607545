"""What the pixels of each structure of an image have in common: the mean of what a network says of them."""

import torch
from torch import Tensor

SMALLEST = 8
"""Structures below so many px have no say in losses of structures."""


def structure_means(pixels: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the mean over the pixels of each structure, how many these are, and whose each pixel is.

    Parameters
    ----------
    pixels : Tensor of floats, shape (P, C)
    labels : Tensor of integers, shape (P,)

    Returns
    -------
    means : Tensor, shape (S, C), by rising label
    sizes : Tensor of int64, shape (S,)
    members : Tensor of int64, shape (P,), rows of ``means``
    """
    values, members, sizes = torch.unique(labels, return_inverse=True, return_counts=True)
    sums = pixels.new_zeros(len(values), pixels.shape[1]).index_add(0, members, pixels)
    return sums / sizes[:, None], sizes, members
