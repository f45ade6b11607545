"""From arrays to what the stage in the browser reads: one frame of a JSON head and deflated bytes.

Frames travel over routes of the app itself, so that no slice and no label map lies in the framework's state.
"""

import json
import struct
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ctseg.slices import CTSlice
from ctseg.slices.stack import ABOVE, BELOW, HIGHEST_HU, LOWEST_HU

MAX_SHOWN_PX = 2048
SHOWN_AS = {
    ABOVE: "values above 32,767 HU are shown as that",
    BELOW: "values below -32,768 HU are shown as that",
}
"""What is said beside a slice of which a note says that it is not shown as it is stored."""
_MAX_STRETCH = 8.0
_DEFLATE_LEVEL = 1  # a slice in 10 ms; level 6 takes 40 ms and saves an eighth

Message = dict[str, Any]


def frame(message: Mapping[str, Any], arrays: Mapping[str, NDArray[np.generic]]) -> bytes:
    """Pack a message and its arrays.

    Parameters
    ----------
    message : JSON values
    arrays : ndarrays of uint8, int16, uint16 or uint32 by name

    Returns
    -------
    bytes: sizes of head and body (two little-endian uint32), the head as JSON, the body. The head is the
    message, whether arrays are ``deflated``, and ``arrays``: for each name, in the body's order, its type and
    the bytes that it takes there.
    """
    packed = {name: zlib.compress(_little(array), _DEFLATE_LEVEL) for name, array in arrays.items()}
    return _joined({**message, "deflated": True}, arrays, packed)


def plain_frame(message: Mapping[str, Any], arrays: Mapping[str, NDArray[np.generic]]) -> bytes:
    """Pack like `frame`, with bytes as they are: for an answer that is compressed as a whole."""
    return _joined(
        {**message, "deflated": False}, arrays, {name: _little(each) for name, each in arrays.items()}
    )


def _little(array: NDArray[np.generic]) -> bytes:
    assert array.dtype.name in ("uint8", "int16", "uint16", "uint32"), array.dtype
    return np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False).tobytes()


def _joined(
    message: Message, arrays: Mapping[str, NDArray[np.generic]], packed: Mapping[str, bytes]
) -> bytes:
    described = [
        {"name": name, "type": array.dtype.name, "bytes": len(packed[name])} for name, array in arrays.items()
    ]
    head = json.dumps({**message, "arrays": described}).encode()
    return struct.pack("<II", len(head), sum(map(len, packed.values()))) + head + b"".join(packed.values())


def unframe(packed: bytes) -> tuple[Message, dict[str, NDArray[np.generic]]]:
    """Return the message and the flat arrays of the first frame; what the browser does, here and in tests."""
    head_bytes, _ = struct.unpack_from("<II", packed)
    message = json.loads(packed[8 : 8 + head_bytes])
    at, arrays, deflated = 8 + head_bytes, {}, message.pop("deflated")
    for each in message.pop("arrays"):
        raw = packed[at : at + each["bytes"]]
        raw = zlib.decompress(raw) if deflated else raw
        arrays[each["name"]] = np.frombuffer(raw, np.dtype(each["type"]).newbyteorder("<"))
        at += each["bytes"]
    return message, arrays


def unframed(packed: bytes) -> list[tuple[Message, dict[str, NDArray[np.generic]]]]:
    """Return what `unframe` does of each of several frames in a row."""
    held, found = memoryview(packed), []
    while held:
        size = 8 + sum(struct.unpack_from("<II", held))
        found.append(unframe(bytes(held[:size])))
        held = held[size:]
    return found


def shown_step(shape: tuple[int, int]) -> int:
    """Return n where every n-th pixel of a slice is shown, so that no side has more than 2048."""
    return -(-max(shape) // MAX_SHOWN_PX)


def slice_pixels(ct_slice: CTSlice) -> NDArray[np.generic]:
    """Return a slice as it is shown: whole HU as int16, or uint8."""
    step = shown_step(ct_slice.shape)
    pixels = ct_slice.pixels[::step, ::step]
    if ct_slice.intensity == "8-bit":
        return pixels.astype(np.uint8)
    finite = np.nan_to_num(pixels.astype(np.float32), nan=-1024.0)
    return np.clip(np.rint(finite), LOWEST_HU, HIGHEST_HU).astype(np.int16)


def label_pixels(label_map: NDArray[np.integer]) -> NDArray[np.generic]:
    """Return a label map (H, W) as it is shown."""
    step = shown_step((label_map.shape[0], label_map.shape[1]))
    labels = label_map[::step, ::step]
    highest = int(labels.max(initial=0))
    return labels.astype(np.min_scalar_type(highest))


def aspect(spacing_mm: tuple[float, float] | None) -> tuple[float, float]:
    """Return height and width of a pixel relative to the smaller of the two; square where unknown."""
    if spacing_mm is None or min(spacing_mm) <= 0 or max(spacing_mm) / min(spacing_mm) > _MAX_STRETCH:
        return 1.0, 1.0
    smaller = min(spacing_mm)
    return spacing_mm[0] / smaller, spacing_mm[1] / smaller


def slice_head(ct_slice: CTSlice, index: int, slices: int) -> Message:
    """Return what the stage needs beside the pixels to show a slice: sizes, facts in words, window, place."""
    height, width = ct_slice.shape
    step = shown_step(ct_slice.shape)
    badge = "HU" if ct_slice.intensity == "HU" else "8-bit, window unknown"
    facts = [badge, f"{width} × {height} px", ct_slice.source]
    if ct_slice.spacing_mm is not None:
        facts.insert(2, f"{ct_slice.spacing_mm[0]:.2f} × {ct_slice.spacing_mm[1]:.2f} mm")
    facts += [said for note, said in SHOWN_AS.items() if note in ct_slice.notes]
    if step > 1:
        facts.append(f"shown at 1/{step} of its size")
    window = ct_slice.window
    return {
        "height": -(-height // step),
        "width": -(-width // step),
        "step": step,
        "aspect": aspect(ct_slice.spacing_mm),
        "spacing_mm": ct_slice.spacing_mm,
        "intensity": ct_slice.intensity,
        "window": None if window is None else {"width": window.width, "level": window.level},
        "index": index,
        "slices": slices,
        "place": f"{index + 1} of {slices}" if slices > 1 else "",
        "facts": facts,
    }


def slice_frame(ct_slice: CTSlice, index: int, slices: int) -> bytes:
    """Pack a slice for the stage."""
    return frame(slice_head(ct_slice, index, slices), {"pixels": slice_pixels(ct_slice)})
