"""Stored values of DICOM frames: decoded, without the bits that do not belong to them, and made HU."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.dataelem import RawDataElement

from ctseg.slices.ct_slice import SliceError
from ctseg.slices.dicom.cells import Layout, layout_of
from ctseg.slices.dicom.codecs import decoded_frames
from ctseg.slices.dicom.frame import FrameFacts
from ctseg.slices.dicom.header import ITEM, UNDEFINED_LENGTH
from ctseg.slices.dicom.syntaxes import NATIVE
from ctseg.slices.dicom.values import numbers, whole

AIR_HU = -1024.0


@dataclass(frozen=True)
class Stored:
    """Stored values of one frame, shape (H, W), and which of them are padding, None where none can be."""

    values: NDArray[np.generic]
    padding: NDArray[np.bool_] | None


def stored_frames(dataset: Dataset, frames: int, wanted: Sequence[int]) -> Iterator[Stored]:
    """Yield the frames ``wanted`` of ``frames``, before any rescaling.

    Raises
    ------
    SliceError
        If the file holds no pixels, or pixels that its header contradicts.
    """
    if "PixelData" not in dataset:
        raise SliceError("This DICOM file holds no image; choose a slice of the CT series.")
    syntax = dataset.file_meta.TransferSyntaxUID
    raw = dataset.get_item("PixelData")
    length = raw.length if isinstance(raw, RawDataElement) else len(dataset.PixelData)
    if length == UNDEFINED_LENGTH or _is_wrapped(dataset, length, frames):
        layout = layout_of(dataset, None, frames)
        for cells, precision, lossy in decoded_frames(dataset, frames, wanted):
            yield _stored(cells, precision, layout, dataset, lossy)
        return
    # By the length that is told: pixels that were cut off must not pass for smaller ones.
    layout = layout_of(dataset, length, frames)
    data = dataset.PixelData
    big = syntax in NATIVE and not syntax.is_little_endian
    for index in wanted:
        cells = _native(data, layout, index, big, dataset["PixelData"].VR)
        yield _stored(cells, layout.allocated, layout, dataset, lossy=False)


def _is_wrapped(dataset: Dataset, length: int, frames: int) -> bool:
    """Whether pixels of a told length are longer than native ones and begin as a sequence of fragments."""
    pixels = (whole(dataset, "Rows") or 0) * (whole(dataset, "Columns") or 0) * frames
    longer = length > pixels * ((whole(dataset, "BitsAllocated") or 16) // 8) + 1
    return longer and dataset.PixelData[:4] == ITEM


def to_hounsfield(stored: Stored, frame: FrameFacts) -> NDArray[np.generic]:
    """Rescale stored values; padding gets the lowest value outside it, or -1024 HU where all is padding.

    MONOCHROME1 says how to display, not what the numbers mean, so HU are not inverted for it.

    Returns
    -------
    ndarray, int32 where all that comes in is whole and fits, which takes half of the time, else float64.
    """
    kind = np.dtype(np.int32 if _stays_whole(stored.values.dtype, frame) else np.float64)
    rescaled = stored.values.astype(kind) * kind.type(frame.slope) + kind.type(frame.intercept)
    padding = stored.padding
    if padding is not None and padding.any():
        rescaled[padding] = rescaled[~padding].min() if not padding.all() else AIR_HU
    return rescaled


def _stays_whole(dtype: np.dtype[np.generic], frame: FrameFacts) -> bool:
    whole = dtype.kind in "iu" and frame.slope.is_integer() and frame.intercept.is_integer()
    return whole and abs(frame.slope) * 2.0 ** (8 * dtype.itemsize) + abs(frame.intercept) < 2.0**31


def _native(data: bytes, layout: Layout, index: int, big: bool, vr: str) -> NDArray[np.generic]:
    count = layout.rows * layout.columns
    size = layout.allocated // 8
    piece = data[index * count * size : (index + 1) * count * size]
    if len(piece) < count * size:
        raise SliceError("This DICOM file is damaged: frames are missing or differ in size; export it again.")
    if big and size == 1 and vr == "OW":  # words of two pixels were swapped as words
        start = index * count
        words = np.frombuffer(data[: len(data) // 2 * 2], "<u2").byteswap().tobytes()
        piece = words[start : start + count]
    # In the processor's own order: signed values are another view of the same bytes.
    cells = np.frombuffer(piece, f"{'>' if big else '<'}u{size}").astype(f"u{size}", copy=False)
    return cells.reshape(layout.rows, layout.columns)


def _stored(
    cells: NDArray[np.generic], precision: int, layout: Layout, dataset: Dataset, lossy: bool
) -> Stored:
    if cells.shape != (layout.rows, layout.columns):
        raise SliceError("This DICOM file is damaged: frames are missing or differ in size; export it again.")
    values = layout.values(cells, precision, lossy)
    return Stored(values, _padding(values, cells, layout, dataset))


def _padding(
    values: NDArray[np.generic], cells: NDArray[np.generic], layout: Layout, dataset: Dataset
) -> NDArray[np.bool_] | None:
    value = _padding_number(dataset, "PixelPaddingValue", layout)
    if value is None:
        return None
    limit = _padding_number(dataset, "PixelPaddingRangeLimit", layout)
    lowest, highest = sorted((value, value if limit is None else limit))
    samples: Any = values
    found = (samples >= lowest) & (samples <= highest)
    if not layout.fits(value):
        # Scanners that pad with -2000 do so in the whole cell, of which 12 bits would be another number.
        cell = int(value) % (1 << layout.allocated)
        found |= np.asarray(cells.astype(np.int64) % (1 << layout.allocated) == cell)
    return np.asarray(found)


def _padding_number(dataset: Dataset, keyword: str, layout: Layout) -> int | None:
    found = numbers(dataset, keyword, 1)
    if found is None:
        return None
    value = int(found[0])
    # Files with a wrong or ambiguous type give a negative padding as a large positive number.
    return value - 65536 if layout.signed and value > 32767 else value
