"""Windows: from HU to 8 bits, for display and, separately, for what a method is fed."""

import numpy as np
from numpy.typing import NDArray

from ctseg.slices.ct_slice import CTSlice, Window

SOFT_TISSUE = Window(400, 40)
WINDOWS: dict[str, Window] = {
    "soft tissue": SOFT_TISSUE,
    "lung": Window(1500, -600),
    "bone": Window(1800, 400),
    "brain": Window(80, 40),
}


def to_uint8(ct_slice: CTSlice, window: Window) -> NDArray[np.uint8]:
    """Map a slice to grey levels 0 to 255.

    HU are clipped to ``[level - width / 2, level + width / 2]``, scaled linearly and rounded half up;
    8-bit pixels of unknown window are returned as they are, as a copy.

    Parameters
    ----------
    ct_slice : CTSlice
    window : Window, in HU

    Returns
    -------
    ndarray of uint8, shape (H, W)
    """
    if ct_slice.intensity == "8-bit":
        return ct_slice.pixels.astype(np.uint8, copy=True)
    lowest = window.level - window.width / 2
    scaled = (ct_slice.pixels.astype(np.float32) - lowest) * (255.0 / window.width)
    return np.floor(np.clip(scaled, 0.0, 255.0) + 0.5).astype(np.uint8)
