"""What a network of affinities gives: pairs of pixels, their channels, and its prediction for a slice.

NumPy only, so that serving and the decoders know it without torch.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from ctseg.networks.foreground import Logits, framed
from ctseg.partition.affinities import Offset, mirrored

OFFSETS: tuple[Offset, ...] = (
    (0, 1), (1, 0), (0, 3), (3, 0), (0, 9), (9, 0), (9, 9), (9, -9), (0, 27), (27, 0)
)  # fmt: skip
"""(dy, dx) in px of the network's image. Affinity k at (y, x) tells whether the pixels (y, x) and (y + dy,
x + dx) belong to the same structure; where the second lies outside, it tells nothing."""

CLASSES = 2
"""Channels of background and foreground, which come before the affinities."""

CHANNELS = CLASSES + len(OFFSETS)

SLOTS = 24
"""Channels after these of networks that were trained with slots; no decoder looks at them."""

EMBEDDING = 8
"""Channels after the affinities of networks that were trained with embeddings."""


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
    image, (height, width) = framed(grey, size)
    foreground, affinities = _look(logits, image)
    if mirror:
        other_foreground, other_affinities = _look(logits, np.ascontiguousarray(image[:, ::-1]))
        foreground = (foreground + other_foreground[:, ::-1]) * np.float32(0.5)
        affinities = (affinities + mirrored(other_affinities, OFFSETS, 1)) * np.float32(0.5)
    return foreground[:height, :width], affinities[:, :height, :width]


def _look(logits: Logits, image: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    answer = logits(image[None, None])[0]
    probabilities = expit(np.concatenate([answer[1:2] - answer[:1], answer[CLASSES:CHANNELS]]))
    return probabilities[0], probabilities[1:]
