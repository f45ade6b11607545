"""What the methods ask of a network, and how its answer comes to the slice's size."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class AffinityNetwork(Protocol):
    """A network of foreground and affinities, such as ``ctseg.networks.served.ServedNetwork``."""

    size: int
    """Side in px at which it looks at a slice."""

    def logits(self, image: NDArray[np.float32], /) -> NDArray[np.float32]:
        """(1, 1, S, S) in [-1, 1] to (1, 2 + offsets, S, S): background, foreground, affinities."""
        ...


def resized(values: NDArray[np.floating], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Return probabilities (h, w) at another size (H, W), bilinearly, float32."""
    import cv2

    height, width = shape
    source = np.ascontiguousarray(values, np.float32)
    return np.asarray(cv2.resize(source, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
