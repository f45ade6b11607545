"""From arrays to what the viewer in the browser reads: deflated bytes in base64, no file with an address."""

import base64
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ctseg.slices import CTSlice

MOST_SHOWN_PX = 2048
_MOST_STRETCH = 8.0

Packed = dict[str, str]


def pack(array: NDArray[np.generic]) -> Packed:
    """Pack an array for the viewer.

    Parameters
    ----------
    array : ndarray of uint8, int16, uint16 or uint32

    Returns
    -------
    dict with ``type``, and ``data``: the little-endian bytes in C order, deflated, in base64.
    """
    assert array.dtype.name in ("uint8", "int16", "uint16", "uint32"), array.dtype
    little = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False)
    return {"type": array.dtype.name, "data": base64.b64encode(zlib.compress(little.tobytes(), 6)).decode()}


def shown_step(shape: tuple[int, int]) -> int:
    """Return n where every n-th pixel of a slice is shown, so that no side has more than 2048."""
    return -(-max(shape) // MOST_SHOWN_PX)


def slice_pixels(ct_slice: CTSlice) -> Packed:
    """Pack a slice as it is shown: whole HU as int16, or uint8."""
    step = shown_step(ct_slice.shape)
    pixels = ct_slice.pixels[::step, ::step]
    if ct_slice.intensity == "8-bit":
        return pack(pixels.astype(np.uint8))
    finite = np.nan_to_num(pixels.astype(np.float32), nan=-1024.0)
    return pack(np.clip(np.rint(finite), -32768, 32767).astype(np.int16))


def label_pixels(label_map: NDArray[np.integer]) -> Packed:
    """Pack a label map (H, W) as it is shown."""
    step = shown_step((label_map.shape[0], label_map.shape[1]))
    labels = label_map[::step, ::step]
    highest = int(labels.max(initial=0))
    return pack(labels.astype(np.uint16 if highest < 2**16 else np.uint32))


def aspect(spacing_mm: tuple[float, float] | None) -> tuple[float, float]:
    """Return height and width of a pixel relative to the smaller of the two; square where unknown."""
    if spacing_mm is None or min(spacing_mm) <= 0 or max(spacing_mm) / min(spacing_mm) > _MOST_STRETCH:
        return 1.0, 1.0
    smaller = min(spacing_mm)
    return spacing_mm[0] / smaller, spacing_mm[1] / smaller


def slice_message(ct_slice: CTSlice, index: int, slices: int) -> dict[str, Any]:
    """Return what the viewer needs to show a slice, with its badge and facts in words."""
    height, width = ct_slice.shape
    step = shown_step(ct_slice.shape)
    badge = "HU" if ct_slice.intensity == "HU" else "8-bit, window unknown"
    facts = [badge, f"{width} × {height} px", ct_slice.source]
    if ct_slice.spacing_mm is not None:
        facts.insert(2, f"{ct_slice.spacing_mm[0]:.2f} × {ct_slice.spacing_mm[1]:.2f} mm")
    if step > 1:
        facts.append(f"shown at 1/{step} of its size")
    window = ct_slice.window
    return {
        "height": -(-height // step),
        "width": -(-width // step),
        "step": step,
        "aspect": aspect(ct_slice.spacing_mm),
        "intensity": ct_slice.intensity,
        "window": None if window is None else {"width": window.width, "level": window.level},
        "place": f"{index + 1} of {slices}" if slices > 1 else "",
        "facts": facts,
        "pixels": slice_pixels(ct_slice),
    }
