"""Random changes of a CT slice and its mask that keep it a CT slice."""

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ctseg.training.recipe import Augmentation

_REFERENCE_SIDE = 512.0  # the recipe's lengths are in px of such a slice
_GRID = 5


def augment(
    grey: NDArray[np.uint8], mask: NDArray[np.uint8], size: int, strength: Augmentation, rng: Generator
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return a random view of a slice and of its mask, both ``size`` x ``size``.

    One resampling carries mirror, turn, scaling, shift, elastic bend and the change of size, so nothing is
    blurred twice; what lies outside the slice is black. Grey levels are then re-windowed and made noisy.

    Parameters
    ----------
    grey : ndarray of uint8, shape (H, W)
    mask : ndarray of uint8, shape (H, W), 1 = foreground, 0 = background
    size : side of the result in px
    strength : how far each change may go
    rng : source of all randomness

    Returns
    -------
    grey, mask : ndarrays of uint8, shape (size, size)
    """
    rows, columns = _sampling_grid(grey.shape, size, strength, rng)
    moved = cv2.remap(grey, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
    moved_mask = cv2.remap(
        mask * np.uint8(255), columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0
    )
    changed = change_grey(np.asarray(moved, np.uint8), strength, rng)
    return changed, (np.asarray(moved_mask) >= 128).astype(np.uint8)


def augment_label_map(
    grey: NDArray[np.floating | np.uint8],
    label_map: NDArray[np.uint8],
    size: int,
    strength: Augmentation,
    rng: Generator,
    outside: float = 0.0,
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Return a random view of a slice and of its label map, both ``size`` x ``size``, grey levels unchanged.

    The label of the nearest pixel is taken, so no label is invented; the image is interpolated at the same
    places. :func:`change_grey` is left to the caller, who may have to window or paint first.

    Parameters
    ----------
    grey : ndarray of uint8 or float32, shape (H, W)
    label_map : ndarray of uint8, shape (H, W), 0 = background
    size : side of the result in px
    strength : how far each change may go
    rng : source of all randomness
    outside : grey level of what lies outside the slice

    Returns
    -------
    grey : ndarray of float32, shape (size, size)
    label_map : ndarray of uint8, shape (size, size)
    """
    rows, columns = _sampling_grid(grey.shape, size, strength, rng)
    moved = cv2.remap(
        grey, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=outside
    )
    moved_labels = cv2.remap(
        label_map, columns, rows, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT, borderValue=0
    )
    return np.asarray(moved, np.float32), np.asarray(moved_labels, np.uint8)


def change_grey(grey: NDArray[np.uint8], strength: Augmentation, rng: Generator) -> NDArray[np.uint8]:
    """Return a view with other grey levels, noise, and perhaps a blanked square; shape (S, S) stays."""
    changed = _change_grey(grey, strength, rng)
    if strength.cutout and rng.random() < 0.5:
        _cut_out(changed, strength.cutout, rng)
    return changed


def _sampling_grid(
    shape: tuple[int, ...], size: int, strength: Augmentation, rng: Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    height, width = shape
    side = float(max(height, width))
    unit = side / _REFERENCE_SIDE
    angle = np.deg2rad(rng.uniform(-strength.rotation, strength.rotation))
    if rng.random() < strength.quarter_turns:
        angle += np.pi / 2 * rng.integers(1, 4)
    magnification = strength.scale ** rng.uniform(-1.0, 1.0)
    shift_row, shift_column = rng.uniform(-strength.shift, strength.shift, 2) * unit
    mirror = -1.0 if rng.random() < strength.flip else 1.0
    if strength.crop < 1:
        seen = np.sqrt(rng.uniform(strength.crop, 1.0))
        magnification /= seen
        shift_row, shift_column = rng.uniform(-0.5, 0.5, 2) * (1 - seen) * side
    bend = rng.normal(0.0, strength.elastic * unit, (2, _GRID, _GRID)).astype(np.float32)

    # Source position of each result pixel, in px from the slice's centre.
    steps = ((np.arange(size, dtype=np.float32) + 0.5) / size - 0.5) * np.float32(side / magnification)
    row, column = steps[:, None], steps[None, :] * np.float32(mirror)
    cosine, sine = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    rows = cosine * row - sine * column + np.float32((height - 1) / 2 + shift_row)
    columns = sine * row + cosine * column + np.float32((width - 1) / 2 + shift_column)
    rows += cv2.resize(bend[0], (size, size), interpolation=cv2.INTER_CUBIC)
    columns += cv2.resize(bend[1], (size, size), interpolation=cv2.INTER_CUBIC)
    return rows.astype(np.float32), columns.astype(np.float32)


def _cut_out(grey: NDArray[np.uint8], largest: float, rng: Generator) -> None:
    """Blank a square in place with the view's mean grey level."""
    side = int(rng.uniform(0, largest) * len(grey))
    row, column = rng.integers(0, len(grey) - side + 1, 2)
    grey[row : row + side, column : column + side] = round(float(grey.mean()))


def _change_grey(grey: NDArray[np.uint8], strength: Augmentation, rng: Generator) -> NDArray[np.uint8]:
    gamma = strength.gamma ** rng.uniform(-1.0, 1.0)
    contrast = strength.contrast ** rng.uniform(-1.0, 1.0)
    shift = rng.uniform(-strength.brightness, strength.brightness)
    levels = np.linspace(0.0, 1.0, 256) ** gamma
    # Another window moves and stretches the grey levels, but what was below it stays black.
    table = np.where(levels > 0, np.clip((levels - 0.5) * contrast + 0.5 + shift, 0.0, 1.0), 0.0)
    deviation = rng.uniform(0.0, strength.noise)
    if rng.random() < strength.blur:
        grey = np.asarray(cv2.GaussianBlur(grey, (0, 0), rng.uniform(0.3, 1.0)), np.uint8)
    noisy = table.astype(np.float32)[grey] + rng.standard_normal(grey.shape, np.float32) * np.float32(
        deviation
    )
    return (np.clip(noisy, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)
