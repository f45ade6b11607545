"""To grey levels: colour, alpha, 16 bits and floating point to uint8, by the image's own range."""

import numpy as np
from numpy.typing import NDArray

# Air is near -1000 HU; scales other than HU seldom go this far below zero.
HOUNSFIELD_FROM = -100.0
# ITU-R BT.601 luma: equal channels keep their value.
_LUMA = np.array([0.299, 0.587, 0.114])


def to_grey(samples: NDArray[np.generic]) -> NDArray[np.generic]:
    """Reduce colour to one channel.

    Parameters
    ----------
    samples : ndarray, shape (H, W) or (H, W, C)
        C is 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGB, alpha). Where alpha says transparent, black.

    Returns
    -------
    ndarray, shape (H, W), of the same dtype
    """
    if samples.ndim == 2:
        return samples
    channels = samples.shape[2]
    colour = channels - 1 if channels in (2, 4) else channels
    grey = samples[..., 0].astype(np.float64)
    if colour >= 3:
        grey = samples[..., :3].astype(np.float64) @ _LUMA
    if channels in (2, 4):
        opaque = float(2 ** (8 * samples.dtype.itemsize) - 1) if samples.dtype.kind in "ui" else 1.0
        grey = grey * (samples[..., -1].astype(np.float64) / opaque)
    if samples.dtype.kind in "ui":
        grey = np.floor(grey + 0.5)
    return grey.astype(samples.dtype)


def to_8_bit(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Map values to [0, 255] by their own minimum and maximum; uint8 stays as it is.

    NaN counts as the minimum; an array of one value becomes 0. Any shape.
    """
    if values.dtype == np.uint8:
        return np.ascontiguousarray(values, np.uint8)
    if values.dtype == np.bool_:
        return values.astype(np.uint8) * np.uint8(255)
    lowest, highest = finite_range(values)
    if highest <= lowest:
        return np.zeros(values.shape, np.uint8)
    mapped = np.empty(values.shape, np.uint8)
    # One slice at a time: float64 copies of a whole volume would not fit the decoder's memory.
    for part, result in _parts(values, mapped):
        finite = np.nan_to_num(part.astype(np.float64), nan=lowest, posinf=highest, neginf=lowest)
        result[...] = np.floor((finite - lowest) / (highest - lowest) * 255.0 + 0.5)
    return mapped


def finite_range(values: NDArray[np.generic]) -> tuple[float, float]:
    """Smallest and largest finite value; (0, 0) where there is none."""
    if values.dtype.kind != "f":
        return float(values.min()), float(values.max())
    lowest, highest = np.inf, -np.inf
    for part, _ in _parts(values, values):
        finite = part[np.isfinite(part)]
        if finite.size:
            lowest, highest = min(lowest, float(finite.min())), max(highest, float(finite.max()))
    return (lowest, highest) if lowest <= highest else (0.0, 0.0)


def _parts(
    values: NDArray[np.generic], mapped: NDArray[np.generic]
) -> list[tuple[NDArray[np.generic], NDArray[np.generic]]]:
    if values.ndim < 3:
        return [(values, mapped)]
    return list(zip(values, mapped, strict=True))
