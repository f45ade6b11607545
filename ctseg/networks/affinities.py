"""What a network of affinities gives: pairs of pixels, their channels, and what a mirror does to them.

NumPy only, so that serving and the decoders know it without torch.
"""

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from ctseg.networks.foreground import MULTIPLE, Logits, resize_grey

Offset = tuple[int, int]
Indexable = TypeVar("Indexable", bound=Any)

OFFSETS: tuple[Offset, ...] = (
    (0, 1), (1, 0), (0, 3), (3, 0), (0, 9), (9, 0), (9, 9), (9, -9), (0, 27), (27, 0)
)  # fmt: skip
"""(dy, dx) in px of the network's image. Affinity k at (y, x) tells whether the pixels (y, x) and (y + dy,
x + dx) belong to the same structure; where the second lies outside, it tells nothing."""

CLASSES = 2
"""Channels of background and foreground, which come before the affinities."""

CHANNELS = CLASSES + len(OFFSETS)


def ends(array: Indexable, offset: Offset) -> tuple[Indexable, Indexable]:
    """Return views of the first and the second ends of all pairs that lie inside.

    Parameters
    ----------
    array : ndarray or Tensor, shape (..., H, W)
    offset : (dy, dx)

    Returns
    -------
    first, second : views of shape (..., H - abs(dy), W - abs(dx)); empty where the offset is too long
    """
    dy, dx = offset
    height, width = array.shape[-2:]
    tall, wide = max(0, height - abs(dy)), max(0, width - abs(dx))
    top, left = max(0, -dy), max(0, -dx)
    first = array[..., top : top + tall, left : left + wide]
    top, left = max(0, dy), max(0, dx)
    return first, array[..., top : top + tall, left : left + wide]


def mirrored(affinities: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what the affinities of an image become when the image is mirrored left to right.

    A mirror turns (dy, dx) into (dy, -dx). Where that is an offset of the list, its channel takes the values;
    where it is not, its opposite (-dy, dx) is, and the values move to the other end of their pair.

    Parameters
    ----------
    affinities : ndarray of float32, shape (10, H, W), channels as in ``OFFSETS``

    Returns
    -------
    ndarray of float32, shape (10, H, W); 0 where the second end lies outside.
    """
    result = np.zeros_like(affinities)
    for channel, (dy, dx) in enumerate(OFFSETS):
        flipped = affinities[channel, :, ::-1]
        target = (dy, -dx) if (dy, -dx) in OFFSETS else (-dy, dx)
        first, _ = ends(result[OFFSETS.index(target)], target)
        first[...] = ends(flipped, target)[0 if target == (dy, -dx) else 1]
    return result


def predict_affinities(
    logits: Logits, grey: NDArray[np.uint8], size: int, mirror: bool = False
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the probabilities of foreground and of affinity, both at the network's own size.

    The slice is scaled and padded as in :func:`ctseg.networks.foreground.predict_foreground`.

    Parameters
    ----------
    logits : a network whose channels are ``CLASSES`` and then ``OFFSETS``
    grey : ndarray of uint8, shape (H, W)
    size : side in px at which the network looks
    mirror : also look at the slice mirrored left to right and average the probabilities

    Returns
    -------
    foreground : ndarray of float32, shape (h, w), in [0, 1]; the longer of h and w is ``size``
    affinities : ndarray of float32, shape (10, h, w), in [0, 1]
    """
    resized = resize_grey(grey, size)
    height, width = resized.shape
    side = -(-size // MULTIPLE) * MULTIPLE
    padded = np.zeros((side, side), np.uint8)
    padded[:height, :width] = resized
    image = padded.astype(np.float32) / np.float32(127.5) - np.float32(1)
    foreground, affinities = _look(logits, image)
    if mirror:
        other_foreground, other_affinities = _look(logits, np.ascontiguousarray(image[:, ::-1]))
        foreground = (foreground + other_foreground[:, ::-1]) * np.float32(0.5)
        affinities = (affinities + mirrored(other_affinities)) * np.float32(0.5)
    return foreground[:height, :width], affinities[:, :height, :width]


def _look(logits: Logits, image: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    answer = logits(image[None, None])[0]
    probabilities = expit(np.concatenate([answer[1:2] - answer[:1], answer[CLASSES:]]))
    return probabilities[0], probabilities[1:]
