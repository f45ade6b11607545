"""Samples of one TIFF page as they are stored, the same whatever compression, predictor and byte order.

Libraries that read TIFF differ in what compression changes: Pillow swaps bytes of some compressed types and
inverts some of WhiteIsZero, tifffile alone lacks LZW. Here codecs only unpack bytes; what the bytes mean is
decided once, below (TIFF 6.0, sections 4 to 8 and 14, and Adobe's note 3 on the predictor of floats).
"""

import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

from ctseg.slices.ct_slice import SliceError

_NONE, _LZW, _PACKBITS = 1, 5, 32773
_DEFLATE = (8, 32946)
# Bytes of any meaning go through the codecs of Pillow's libtiff as if they were grey pixels of 8 bits.
_BY_LIBTIFF = (_LZW, _PACKBITS, 34925, 50000)
FAX = (2, 3, 4)
# A predictor belongs to these codecs; behind others its tag is a leftover, which libtiff passes over too.
_PREDICTED = (_LZW, *_DEFLATE, 34925, 50000)
_FAX_OPTIONS = (292, 293)
_WHOLE_BYTES = (8, 16, 32, 64)
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_LOSSLESS = "save it without compression, or with LZW or deflate"


def page_samples(page: Any) -> NDArray[np.generic]:
    """Read the samples of a page.

    Parameters
    ----------
    page : a page of an open `tifffile.TiffFile`, whose size the caller has checked

    Returns
    -------
    ndarray, shape (H, W) or (H, W, C), in native byte order and as stored: nothing is inverted or scaled;
    bool for 1 bit a sample

    Raises
    ------
    SliceError
        If its compression or kind of numbers is not read here, or it ends early.
    """
    _check_kind(page)
    if not any(page.dataoffsets) and not any(page.databytecounts):
        raise SliceError("This TIFF holds no pixels: whoever wrote it stopped before them; export it again.")
    planes = int(page.samplesperpixel) if int(page.planarconfig) == 2 else 1
    together = int(page.samplesperpixel) // planes
    height, width = int(page.imagelength), int(page.imagewidth)
    samples = np.zeros((planes, height, width, together), page.dtype)
    for plane, row, column, part in _segments(page, together):
        rows, columns = min(part.shape[0], height - row), min(part.shape[1], width - column)
        samples[plane, row : row + rows, column : column + columns] = part[:rows, :columns]
    merged = np.moveaxis(samples, 0, 2).reshape(height, width, planes * together)
    return merged[..., 0] if planes * together == 1 else merged


def compression_name(page: Any) -> str:
    """What a page's compression is called."""
    try:
        return tifffile.COMPRESSION(int(page.compression)).name.replace("_", " ")
    except ValueError:
        return f"number {int(page.compression)}"


def _check_kind(page: Any) -> None:
    compression, bits = int(page.compression), int(page.bitspersample)
    read = (_NONE, *_DEFLATE, *_BY_LIBTIFF, *(FAX if bits == 1 else ()))
    if compression not in read:
        raise SliceError(
            f"This TIFF is compressed as {compression_name(page)}, which is not read here; {_LOSSLESS}."
        )
    unusual = page.dtype is None or page.dtype.kind not in "buif"
    if unusual or (bits not in _WHOLE_BYTES and (bits > 16 or page.dtype.kind not in "bu")):
        dtype = "an unusual kind" if page.dtype is None else f"kind {page.dtype}"
        raise SliceError(
            f"This TIFF holds numbers of {dtype}, not read here; save it as 8-bit or 16-bit grey."
        )
    predictor = _predictor(page)
    if predictor not in (1, 2, 3) or (predictor != 1 and bits not in _WHOLE_BYTES):
        raise SliceError("This TIFF is packed with an unusual predictor; save it without compression.")


def _predictor(page: Any) -> int:
    return int(page.predictor) if int(page.compression) in _PREDICTED else 1


def _segments(page: Any, together: int) -> Iterator[tuple[int, int, int, NDArray[np.generic]]]:
    """Yield plane, first row, first column and samples (rows, columns, C) of each strip or tile."""
    height, width = int(page.imagelength), int(page.imagewidth)
    if page.is_tiled:
        rows, columns = int(page.tilelength), int(page.tilewidth)
    else:
        rows, columns = min(int(page.rowsperstrip) or height, height), width
    if rows < 1 or columns < 1:
        raise SliceError("This TIFF is damaged: its tiles have no size; export it again.")
    across, down = -(-width // columns), -(-height // rows)
    file = page.parent.filehandle
    for index, (offset, length) in enumerate(zip(page.dataoffsets, page.databytecounts, strict=True)):
        plane, place = divmod(index, across * down)
        row, column = place // across * rows, place % across * columns
        held = rows if page.is_tiled else min(rows, height - row)
        # Without place and length a segment was never written: it is 0, as GDAL leaves it.
        if plane * together >= int(page.samplesperpixel) or (length == 0 and offset == 0):
            continue
        row_bytes = -(-columns * together * int(page.bitspersample) // 8)
        packed = _packed(page, file, offset, length, held * row_bytes)
        yield plane, row, column, _unpacked(page, packed, held, columns, together)


def _packed(page: Any, file: Any, offset: int, length: int, unpacked: int) -> bytes:
    """Bytes of one segment, whose length is not believed where it is 0, or of plain samples cannot be."""
    plain = int(page.compression) == _NONE
    if plain and (len(page.dataoffsets) == 1 or length == 0 or length > unpacked):
        length = unpacked
    elif length == 0:
        length = min((each for each in page.dataoffsets if each > offset), default=file.size) - offset
    file.seek(offset)
    packed: bytes = file.read(length)
    if len(packed) < length:
        raise SliceError("This TIFF ends before its last pixel; export or download it again.")
    return packed


def _unpacked(page: Any, packed: bytes, rows: int, columns: int, together: int) -> NDArray[np.generic]:
    bits = int(page.bitspersample)
    row_bytes = -(-columns * together * bits // 8)
    data = _decompressed(page, packed, rows, row_bytes, columns)
    if len(data) < rows * row_bytes:
        raise SliceError("This TIFF ends before its last pixel; export or download it again.")
    table = np.frombuffer(data, np.uint8, rows * row_bytes).reshape(rows, row_bytes)
    if bits not in _WHOLE_BYTES:
        return _numbers_of_bits(table, bits, page.dtype)[:, : columns * together].reshape(
            rows, columns, together
        )
    size = bits // 8
    if _predictor(page) == 3:
        numbers = _by_significance(table, size, together).view(page.dtype)
        return numbers.reshape(rows, columns, together)
    words = table.view(f"{page.parent.byteorder}u{size}").astype(f"u{size}").reshape(rows, columns, together)
    if _predictor(page) == 2:
        words = np.cumsum(words, axis=1, dtype=words.dtype)
    return words.view(np.dtype(page.dtype).newbyteorder("="))


def _decompressed(page: Any, packed: bytes, rows: int, row_bytes: int, columns: int) -> bytes:
    compression = int(page.compression)
    reverse = int(page.fillorder) == 2
    if compression in FAX:
        options = {tag: int(page.tags[tag].value) for tag in _FAX_OPTIONS if tag in page.tags}
        return _by_libtiff(packed, compression, columns, rows, 1, {266: int(page.fillorder), **options})
    if reverse:
        packed = packed.translate(_REVERSED)
    if compression == _NONE:
        return packed
    if compression in _DEFLATE:
        # No more than is wanted: a segment that goes on is cut there.
        return zlib.decompressobj().decompress(packed, rows * row_bytes)
    return _by_libtiff(packed, compression, row_bytes, rows, 8, {})


def _by_libtiff(
    packed: bytes, compression: int, columns: int, rows: int, bits: int, more: dict[int, int]
) -> bytes:
    """Unpack one segment as the only strip of a grey TIFF of its own, in which nothing has a meaning."""
    tags = {
        256: columns, 257: rows, 258: bits, 259: compression, 262: 1, 273: 0, 277: 1, 278: rows,
        279: len(packed), **more,
    }  # fmt: skip
    start = 8 + 2 + 12 * len(tags) + 4
    tags[273] = start
    entries = b"".join(struct.pack("<HHLL", tag, 4, 1, value) for tag, value in sorted(tags.items()))
    head = b"II*\0" + struct.pack("<LH", 8, len(tags)) + entries + bytes(4)
    try:
        with Image.open(BytesIO(head + packed), formats=["TIFF"]) as image:
            image.load()
            return image.tobytes()
    except (OSError, KeyError) as error:
        name = tifffile.COMPRESSION(compression).name
        raise SliceError(
            f"This TIFF is damaged, or its compression, {name}, is not read here; {_LOSSLESS}."
        ) from error


def _numbers_of_bits(table: NDArray[np.uint8], bits: int, dtype: Any) -> NDArray[np.generic]:
    """Numbers of 1 to 15 bits, the highest bit first; rows begin at a byte. Shape (rows, numbers)."""
    single = np.unpackbits(table, axis=1)
    if bits == 1:
        return single.astype(dtype)
    count = single.shape[1] // bits
    grouped = single[:, : count * bits].reshape(len(table), count, bits)
    numbers = np.zeros((len(table), count), np.uint16)
    for place in range(bits):
        numbers = numbers << np.uint16(1) | grouped[..., place]
    return numbers.astype(dtype)


def _by_significance(table: NDArray[np.uint8], size: int, together: int) -> NDArray[np.generic]:
    """Words whose bytes were sorted by significance and stored as differences. Shape (rows, numbers).

    Meant for floats; tifffile packs whole numbers of 64 bits so too.
    """
    rows, row_bytes = table.shape
    differences = table.reshape(rows, row_bytes // together, together)
    summed = np.cumsum(differences, axis=1, dtype=np.uint8).reshape(rows, size, row_bytes // size)
    return np.ascontiguousarray(np.moveaxis(summed, 1, 2)).view(f">u{size}")[..., 0].astype(f"u{size}")
