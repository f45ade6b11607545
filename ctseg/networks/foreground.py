"""From grey levels to a foreground probability with a two-class network, at any size. NumPy only."""

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Logits = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""A network as a function: (1, 1, S, S) in [-1, 1] to logits (1, 2, S, S) of background and foreground."""

MULTIPLE = 32  # the U-Nets halve five times


def input_shape(shape: tuple[int, int], size: int) -> tuple[int, int]:
    """Return height and width after the longer side is brought to ``size`` px, aspect ratio kept."""
    longer = max(shape)
    return max(1, round(shape[0] * size / longer)), max(1, round(shape[1] * size / longer))


def resize_grey(grey: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Scale grey levels (H, W) so that the longer side is ``size`` px, as training saw them.

    Averages over areas where the image shrinks to less than half, bilinear otherwise.
    """
    height, width = input_shape(grey.shape, size)
    shrinks = grey.shape[0] > 2 * height
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(grey, (width, height), interpolation=how), dtype=np.uint8)


def framed(grey: NDArray[np.uint8], size: int) -> tuple[NDArray[np.float32], tuple[int, int]]:
    """Bring a slice to what a network looks at.

    Parameters
    ----------
    grey : ndarray of uint8, shape (H, W)
    size : px that the longer side is brought to

    Returns
    -------
    image : ndarray of float32, shape (S, S), in [-1, 1], S a multiple of 32; black at the lower right
    shape : height and width of the part of it that is the slice
    """
    resized = resize_grey(grey, size)
    height, width = resized.shape
    side = -(-size // MULTIPLE) * MULTIPLE
    padded = np.zeros((side, side), np.uint8)
    padded[:height, :width] = resized
    return padded.astype(np.float32) / np.float32(127.5) - np.float32(1), (height, width)


def predict_foreground(
    logits: Logits, grey: NDArray[np.uint8], size: int, flips: Sequence[tuple[int, ...]] = ((),)
) -> NDArray[np.float32]:
    """Return the probability of foreground at the slice's own size.

    The slice is scaled so that its longer side is ``size`` px, padded at the lower right with black to a
    square whose side is a multiple of 32, predicted, and the probability scaled back bilinearly.

    Parameters
    ----------
    logits : the network
    grey : ndarray of uint8, shape (H, W)
    size : side in px at which the network looks, as in the recipe it was trained with
    flips : axes to mirror, one tuple a look: ``()`` is the slice as it is, ``(1,)`` mirrored left to right.
        Probabilities of all looks are averaged.

    Returns
    -------
    ndarray of float32, shape (H, W), in [0, 1].
    """
    image, (height, width) = framed(grey, size)
    total = np.zeros_like(image)
    for axes in flips:
        background, foreground = logits(np.ascontiguousarray(np.flip(image, axes))[None, None])[0, :2]
        total += np.flip(expit(foreground - background), axes)
    mean = total[:height, :width] / np.float32(len(flips))
    back = cv2.resize(mean, (grey.shape[1], grey.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.clip(np.asarray(back, np.float32), 0, 1)
