"""Colours that tell structures apart, also to eyes that lack red or green."""

import numpy as np
from numpy.typing import NDArray

# The seven colours of Okabe and Ito (2008), in an order that sets neighbours far apart, then lighter and
# darker versions of them: each the one farthest from all before it, seen normally and with simulated
# protanopia and deuteranopia (Machado 2009), and at least 28 CIELAB units from the three before it.
_HEX = (
    "e69f00 cc79a7 d55e00 56b4e9 f0e442 0072b2 009e73 f8eda2 6f3815 bff7de 762a58 b6ad66 "
    "a3deff fbee7b 005337 59d6a8 a17a40 126083 f3b656 efaed0 944103 896276 004c87 cbf0ff"
)
_PALETTE: NDArray[np.uint8] = np.frombuffer(bytes.fromhex(_HEX), dtype=np.uint8).reshape(-1, 3)
PALETTE_SIZE = len(_PALETTE)


def colours(n: int) -> NDArray[np.uint8]:
    """Return the colours of labels 1 to n.

    Parameters
    ----------
    n : number of colours, at least 0

    Returns
    -------
    ndarray of uint8, shape (n, 3), RGB; row k is the colour of label k + 1. They repeat after 24; each
    differs clearly from the next, for normal and for red-green blind eyes.
    """
    return _PALETTE[np.arange(n) % PALETTE_SIZE]


_RAMP_HEX = "440154 3b528b 21918c 5ec962 fde725"  # of viridis: evenly lighter, also to colour-blind eyes
RAMP_STEPS = 64


def ramp() -> NDArray[np.uint8]:
    """Return colours of a quantity from 0 to 1, dark violet to yellow: uint8, shape (RAMP_STEPS, 3), RGB."""
    stops = np.frombuffer(bytes.fromhex(_RAMP_HEX), dtype=np.uint8).reshape(-1, 3)
    places = np.linspace(0, len(stops) - 1, RAMP_STEPS)
    channels = [np.interp(places, np.arange(len(stops)), channel) for channel in stops.T]
    return np.rint(np.stack(channels, axis=1)).astype(np.uint8)


def colour_index(label_map: NDArray[np.integer]) -> NDArray[np.intp]:
    """Return for each pixel the row of ``colours(PALETTE_SIZE)`` that its label has; label 0 has the last."""
    return ((label_map.astype(np.int64, copy=False) - 1) % PALETTE_SIZE).astype(np.intp, copy=False)
