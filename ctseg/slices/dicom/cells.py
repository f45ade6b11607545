"""From cells, as they lie in a file, to stored values: PS3.5 8.1.1, bits outside BitsStored are not used."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from ctseg.slices.ct_slice import SliceError
from ctseg.slices.dicom.values import whole

CONTRADICTION = (
    "This DICOM file is damaged: its header and its pixels contradict each other; export it again."
)
_CELLS = (8, 16, 32, 64)
# What is written of values in two bytes each where the bits of a value were counted.
_MISCOUNTED = (10, 12, 14)
# Lossy codecs overshoot the largest value a little; what lies further beyond is no value but another bit.
_OVERSHOOT = 16


@dataclass(frozen=True)
class Layout:
    """How values lie in cells of ``allocated`` bits: ``stored`` bits up to ``high_bit``, signed or not."""

    rows: int
    columns: int
    allocated: int
    stored: int
    high_bit: int
    signed: bool

    def fits(self, value: float) -> bool:
        """Whether a number can be a stored value."""
        lowest = -(1 << (self.stored - 1)) if self.signed else 0
        return lowest <= value < lowest + (1 << self.stored)

    def values(self, cells: NDArray[np.generic], precision: int, lossy: bool) -> NDArray[np.generic]:
        """Stored values without the bits that do not belong to them.

        Parameters
        ----------
        cells : ndarray of integers, shape (H, W)
        precision : bits of a sample in the stream they come from; a stream of no more bits than are stored
            holds values already, one of more holds whole cells
        lossy : whether the stream may overshoot the largest value

        Returns
        -------
        ndarray of integers, shape (H, W)
        """
        unsigned = cells.view(f"u{cells.dtype.itemsize}") if cells.dtype.kind == "i" else cells
        width = 8 * cells.dtype.itemsize
        stored = min(self.stored, precision)
        if lossy and precision > self.stored:
            return self._clipped(cells)
        shift = self.high_bit + 1 - self.stored if precision > self.high_bit else 0
        shift = 0 if shift and self._lies_lowest(unsigned, width, shift) else shift
        shifted = np.right_shift(unsigned, unsigned.dtype.type(shift)) if shift else unsigned
        if stored >= width:
            return shifted.view(f"i{cells.dtype.itemsize}") if self.signed else shifted
        mask = unsigned.dtype.type((1 << stored) - 1)
        masked = np.bitwise_and(shifted, mask)
        if not self.signed:
            return masked
        room = unsigned.dtype.type(width - stored)
        return np.right_shift(np.left_shift(masked, room).view(f"i{cells.dtype.itemsize}"), width - stored)

    def _lies_lowest(self, cells: NDArray[np.generic], width: int, shift: int) -> bool:
        """Whether values lie in the lowest bits although HighBit says higher ones.

        So they do where low bits that would mean nothing are in use in most pixels that are not 0 and show
        most of their patterns, which no overlay does, and the highest are nothing but sign.
        """
        low = np.bitwise_and(cells, cells.dtype.type((1 << shift) - 1))
        if 2 * np.count_nonzero(low) <= np.count_nonzero(cells) or 2 * np.unique(low).size <= 1 << shift:
            return False
        room = width - self.stored
        if not self.signed:
            return not np.any(np.right_shift(cells, cells.dtype.type(self.stored)))
        signed = cells.view(f"i{cells.dtype.itemsize}")
        return bool(np.array_equal(np.right_shift(np.left_shift(signed, room), room), signed))

    def _clipped(self, cells: NDArray[np.generic]) -> NDArray[np.generic]:
        span = 1 << self.stored
        lowest = -(span >> 1) if self.signed else 0
        values = cells.astype(np.int64)
        if cells.dtype.kind == "u" and self.signed:
            values -= (values >> (8 * cells.dtype.itemsize - 1)) << (8 * cells.dtype.itemsize)
        margin = max(1, span // _OVERSHOOT)
        near = (values >= lowest - margin) & (values < lowest + span + margin)
        wrapped = (values - lowest) % span + lowest
        return np.where(near, np.clip(values, lowest, lowest + span - 1), wrapped)


def layout_of(dataset: Dataset, length: int | None, frames: int) -> Layout:
    """How the values of a data set lie in its cells; native pixels are believed more than their header.

    Parameters
    ----------
    dataset : header
    length : bytes of native pixels, None where they are encoded
    frames : number of frames

    Raises
    ------
    SliceError
        If the pixels fit no reading of the header.
    """
    rows, columns = whole(dataset, "Rows") or 0, whole(dataset, "Columns") or 0
    declared = whole(dataset, "BitsAllocated")
    stored = whole(dataset, "BitsStored")
    allocated = declared if length is None else _cell_of(rows * columns * frames, length, declared, stored)
    if allocated not in _CELLS:
        raise SliceError(CONTRADICTION)
    if stored is None or not 1 <= stored <= allocated:
        stored = allocated
    high_bit = whole(dataset, "HighBit")
    if high_bit is None or not stored - 1 <= high_bit < allocated:
        high_bit = stored - 1
    sign = whole(dataset, "PixelRepresentation")
    if sign is None:
        raise SliceError(
            "This DICOM file does not say whether its values are signed (PixelRepresentation is missing); "
            "export it again."
        )
    return Layout(rows, columns, allocated, stored, high_bit, sign == 1)


def _cell_of(pixels: int, length: int, declared: int | None, stored: int | None) -> int | None:
    """Bits of a cell: as told where the pixels are long enough, else the one size that fills them."""
    if declared not in (*_CELLS, *_MISCOUNTED):
        return None
    if declared in _CELLS and length >= pixels * declared // 8 and (stored is None or stored <= declared):
        return declared
    fitting = [bits for bits in _CELLS if length - pixels * bits // 8 in (0, 1) and bits >= (stored or 1)]
    return fitting[0] if len(fitting) == 1 else None
