"""PNG files of every colour type and bit depth, which no library writes all of (PNG, 8 and 11)."""

import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

GREY, RGB, PALETTE, GREY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6
# Adam7: first row, first column, steps between rows and between columns of each pass.
_PASSES = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))


def write_png(
    path: Path,
    samples: NDArray[np.integer],
    colour: int,
    bits: int,
    chunks: dict[bytes, bytes] | None = None,
    interlaced: bool = False,
) -> Path:
    """Write samples (H, W, C) as they are; ``chunks`` stand before the pixels in their order."""
    height, width, _ = samples.shape
    parts = [samples[a::c, b::d] for a, b, c, d in _PASSES] if interlaced else [samples]
    content = b"\x89PNG\r\n\x1a\n"
    content += _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, int(interlaced)))
    content += b"".join(_chunk(name, data) for name, data in (chunks or {}).items())
    packed = zlib.compress(b"".join(_rows(part, bits) for part in parts if part.size))
    path.write_bytes(content + _chunk(b"IDAT", packed) + _chunk(b"IEND", b""))
    return path


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _rows(samples: NDArray[np.integer], bits: int) -> bytes:
    """Each row after its filter, 0, the highest bit first; rows begin at a byte."""
    rows = samples.reshape(len(samples), -1).astype(np.uint16)
    each = (rows[..., np.newaxis] >> np.arange(bits - 1, -1, -1, dtype=np.uint16)) & 1
    packed = np.packbits(each.reshape(len(rows), -1).astype(np.uint8), axis=1)
    return b"".join(b"\0" + row.tobytes() for row in packed)
