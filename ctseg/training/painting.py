"""Grey levels that teach outlines and not organs: random windows, and label maps painted at random."""

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

_WIDE = 0.2
"""How often a window is as wide as for lungs or bones."""

_LABELS = 256
_COARSE, _FINE = 12, 64  # points a side of the two textures' grids
_COARSE_DEVIATION, _FINE_DEVIATION = 13.0, 8.0


def random_window(hounsfield: NDArray[np.float32], rng: Generator) -> NDArray[np.uint8]:
    """Return grey levels of a slice in a random window: mostly of soft tissue, sometimes wide.

    Parameters
    ----------
    hounsfield : ndarray of float32, shape (H, W), in HU
    rng : source of all randomness

    Returns
    -------
    ndarray of uint8, shape (H, W)
    """
    if rng.random() < _WIDE:
        lowest, width = rng.uniform(-1100.0, -600.0), rng.uniform(1000.0, 1800.0)
    else:
        lowest, width = rng.uniform(-250.0, -50.0), rng.uniform(250.0, 650.0)
    return (np.clip((hounsfield - lowest) / width, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)


def paint(label_map: NDArray[np.uint8], rng: Generator) -> NDArray[np.uint8]:
    """Return an image of a label map in which every structure has a random grey level, SynthSeg's way.

    The background has a level of its own; in half of the images it is black from a random distance to the
    structures on, as air around a body is. Two textures, one coarse and one fine, and a random blur follow.

    Parameters
    ----------
    label_map : ndarray of uint8, shape (S, S), 0 = background
    rng : source of all randomness

    Returns
    -------
    ndarray of uint8, shape (S, S)

    References
    ----------
    Billot et al., SynthSeg, Medical Image Analysis 2023, arXiv 2107.09559, section 3.2.
    """
    levels = rng.uniform(25.0, 230.0, _LABELS).astype(np.float32)
    levels[0] = rng.uniform(0.0, 128.0)
    image = levels[label_map]
    if rng.random() < 0.5:
        side = len(label_map)
        reach = rng.uniform(0.01, 0.15) * side
        distance = cv2.distanceTransform((label_map == 0).astype(np.uint8), cv2.DIST_L2, 3)
        image[np.asarray(distance) > reach] = 0.0
    inside = image > 0
    textures = ((_COARSE, _COARSE_DEVIATION), (_FINE, _FINE_DEVIATION * rng.random()))
    for points, deviation in textures:
        grid = rng.standard_normal((points, points), np.float32) * np.float32(deviation)
        texture = cv2.resize(grid, label_map.shape[::-1], interpolation=cv2.INTER_CUBIC)
        image += np.asarray(texture) * inside
    blurred = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.6))
    return (np.clip(np.asarray(blurred), 0.0, 255.0) + 0.5).astype(np.uint8)
