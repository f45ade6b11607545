"""Files of voxels, whatever their format: the header is judged before any voxel is read, then they stream."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ctseg.slices.ct_slice import Intensity, SliceError
from ctseg.slices.grey import HOUNSFIELD_FROM, finite_range
from ctseg.slices.limits import MEBIBYTE, check_size, check_stack
from ctseg.slices.stack import Stack
from ctseg.slices.view import View

_INT16 = np.iinfo(np.int16)
_PIECE = 4 * MEBIBYTE


@dataclass(frozen=True, eq=False)
class Volume:
    """What a file says of its voxels, and the stream that holds them.

    Attributes
    ----------
    source : name of the format
    stored : lengths of the axes (I, J, K); voxels are stored with the first axis fastest
    dtype : of the stored numbers, in the file's byte order
    voxels : stream that stands at the first voxel
    view : its slices as they are shown
    affine : ndarray, shape (4, 4), maps voxel (i, j, k) to RAS+ mm, or None where the file does not say
    spacing_mm : distance between voxels along the stored axes; NaN where the file does not say
    slope, intercept : value = stored number * slope + intercept
    notes : one sentence each on what of the file could not be used
    says_unit : False where the spacing's unit is only taken to be mm
    is_array : True where its axes are an array's slices, rows and columns, and no space's
    is_segmentation : True where it says that what it leaves out is background
    """

    source: str
    stored: tuple[int, int, int]
    dtype: np.dtype[Any]
    voxels: BinaryIO
    view: View
    affine: NDArray[np.float64] | None = None
    spacing_mm: tuple[float, float, float] = (np.nan, np.nan, np.nan)
    slope: float = 1.0
    intercept: float = 0.0
    notes: tuple[str, ...] = ()
    says_unit: bool = True
    is_array: bool = False
    is_segmentation: bool = False

    def spacing_in(self, view: View) -> tuple[float, float] | None:
        """(row, column) distance between pixel centres in mm, or None."""
        rows, columns = (self.spacing_mm[axis] for axis in view.axes[1:])
        return (rows, columns) if np.isfinite([rows, columns]).all() else None

    def place_in(self, view: View, index: int) -> NDArray[np.float64] | None:
        """Map (row, column, 0) of slice ``index`` of a view to RAS+ mm, or None."""
        return None if self.affine is None else self.affine @ view.grid(index)

    def read(self) -> NDArray[np.generic]:
        """All stored numbers, shape (I, J, K).

        Raises
        ------
        SliceError
            If the file ends before.
        """
        count = int(np.prod(self.stored, dtype=np.int64))
        return self._next(count).reshape(self.stored, order="F")

    def planes(self) -> Iterator[NDArray[np.generic]]:
        """Stored numbers plane by plane, shape (I, J), so that no more than one is held."""
        across, down, planes = self.stored
        for _ in range(planes):
            yield self._next(across * down).reshape((across, down), order="F")

    def _next(self, count: int) -> NDArray[np.generic]:
        numbers = np.empty(count * self.dtype.itemsize, np.uint8)
        filled = 0
        while filled < numbers.size:
            piece = self.voxels.read(min(_PIECE, numbers.size - filled))
            if not piece:
                raise SliceError(
                    f"This {self.source} file is damaged: it ends before its last voxel; export or download "
                    "it again."
                )
            numbers[filled : filled + len(piece)] = np.frombuffer(piece, np.uint8)
            filled += len(piece)
        return numbers.view(self.dtype)


def stack_of(volume: Volume) -> Stack:
    """All slices of a volume; values are HU if the smallest is -100 or less, else 8 bits by its own range.

    Raises
    ------
    SliceError
        If it is too large, or its file ends too early.
    """
    view = volume.view
    largest = max(volume.dtype.itemsize, 4 if volume.dtype.itemsize > 2 else 2)
    check_stack(*view.shape, largest)
    slices = view.of(volume.read())
    scale = _Scale(volume, *finite_range(slices))
    pixels = np.empty(slices.shape, scale.dtype)
    # float64 copies of the whole volume would not fit the decoder's memory.
    for stored, result in zip(slices, pixels, strict=True):
        result[...] = scale.values(stored)
    return _stack(volume, view, pixels, scale.intensity, range(len(pixels)))


def slice_of(volume: Volume, index: int | None) -> Stack:
    """One slice of a volume, the middle one if ``index`` is None, with the values it has in `stack_of`.

    No more than a plane of voxels and the slice are held. The file is read to its end only where the range of
    its values is needed.

    Raises
    ------
    SliceError
        As in `stack_of`, or if there is no such slice.
    """
    view = volume.view
    slices, height, width = view.shape
    check_size(height, width)
    check_size(*volume.stored[:2])
    index = slices // 2 if index is None else index
    if not 0 <= index < slices:
        raise SliceError(f"There is no slice {index}; choose one from 0 to {slices - 1}.")
    axis = view.axes[0]
    place = slices - 1 - index if view.backwards[0] else index
    held: list[NDArray[np.generic]] = []
    lowest, highest = np.inf, -np.inf
    for number, plane in enumerate(volume.planes()):
        if axis == 2 and number == place:
            held.append(plane)
        elif axis != 2:
            held.append(np.asarray(plane.take(place, axis)))
        if plane.dtype.kind != "f" or np.isfinite(plane).any():
            found = finite_range(plane)
            lowest, highest = min(lowest, found[0]), max(highest, found[1])
        complete = number == volume.stored[2] - 1 if axis != 2 else number >= place
        if complete and not _Scale(volume, lowest, highest).needs_range(held):
            break
    scale = _Scale(volume, lowest, highest)
    whole = held[0] if axis == 2 else np.stack(held, axis=1)
    stored = list(volume.stored)
    stored[axis] = 1
    thin = View(view.axes, (False, *view.backwards[1:]), (stored[0], stored[1], stored[2]))
    pixels = np.asarray(scale.values(thin.of(whole.reshape(stored))[0]), scale.dtype)[np.newaxis]
    return _stack(volume, view, pixels, scale.intensity, range(index, index + 1))


class _Scale:
    """From stored numbers to HU or grey levels, by the range of the whole volume's finite numbers."""

    def __init__(self, volume: Volume, lowest: float, highest: float) -> None:
        if lowest > highest:
            lowest = highest = 0.0
        self._slope, self._intercept = volume.slope, volume.intercept
        ends = [value * self._slope + self._intercept for value in (lowest, highest)]
        self._lowest, self._highest = min(ends), max(ends)
        self._plain = volume.dtype == np.uint8 and self._slope == 1.0 and self._intercept == 0.0
        hounsfield = self._lowest <= HOUNSFIELD_FROM and not self._plain
        self.intensity: Intensity = "HU" if hounsfield else "8-bit"
        whole = self._slope.is_integer() and self._intercept.is_integer() and volume.dtype.kind in "iu"
        self.dtype = np.dtype(np.uint8 if not hounsfield else np.int16 if whole else np.float32)

    def needs_range(self, parts: list[NDArray[np.generic]]) -> bool:
        """Whether the values of these parts would change with numbers that were not seen yet."""
        if self._plain:
            return False
        return self.intensity == "8-bit" or not all(np.isfinite(part).all() for part in parts)

    def values(self, stored: NDArray[np.generic]) -> NDArray[np.generic]:
        """Values of one slice."""
        if self._plain:
            return stored
        values = stored.astype(np.float64) * self._slope + self._intercept
        values = np.nan_to_num(values, nan=self._lowest, posinf=self._highest, neginf=self._lowest)
        if self.intensity == "HU":
            return np.clip(values, _INT16.min, _INT16.max)
        if self._highest <= self._lowest:
            return np.zeros(values.shape, np.uint8)
        return np.floor((values - self._lowest) / (self._highest - self._lowest) * 255.0 + 0.5)


def _stack(
    volume: Volume, view: View, pixels: NDArray[np.generic], intensity: Intensity, shown: range
) -> Stack:
    affines = [affine for index in shown if (affine := volume.place_in(view, index)) is not None]
    return Stack(
        pixels,
        intensity,
        spacing_mm=volume.spacing_in(view),
        source=volume.source,
        affines=np.stack(affines) if affines else None,
        notes=volume.notes,
        grid=None if volume.is_array else view.grid(shown.start),
    )
