"""NumPy's ``.npy``, alone or in an ``.npz``: images (H, W) or stacks (N, H, W); pickles are never opened."""

from io import BytesIO
from typing import IO, Any, BinaryIO

import numpy as np

from ctseg.slices.ct_slice import SliceError
from ctseg.slices.formats.volume import Volume
from ctseg.slices.view import View

MAX_HEADER = 10_000
_COLOURS = (3, 4)
_LAST_AXIS = (
    "This array is read as {} slices of {} x {} pixels; if its slices lie along the last axis, save "
    "numpy.moveaxis(array, -1, 0)."
)


def read_npy_header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Read an array's shape, whether it is in Fortran order, and its type, without ever unpickling.

    Raises
    ------
    ValueError
        If it is damaged, or longer than an array of numbers needs.
    """
    version = np.lib.format.read_magic(file)
    width, read = {
        (1, 0): (2, np.lib.format.read_array_header_1_0),
        (2, 0): (4, np.lib.format.read_array_header_2_0),
        # As version 2, with names of fields in UTF-8, of which arrays of numbers have none.
        (3, 0): (4, np.lib.format.read_array_header_2_0),
    }.get(version, (0, None))
    if read is None:
        raise ValueError("no array of numbers needs this version")
    prefix = file.read(width)
    length = int.from_bytes(prefix, "little")
    if length > MAX_HEADER:
        raise ValueError("no array of numbers needs such a header")
    return read(BytesIO(prefix + file.read(length)))


def open_npy(file: BinaryIO) -> Volume:
    """Judge the header of an open ``.npy`` file; no number is read yet.

    Raises
    ------
    SliceError
        If it is damaged, of Python objects, complex numbers or colours, or neither (H, W) nor (N, H, W).
    """
    try:
        shape, is_fortran, dtype = read_npy_header(file)
    except Exception as error:  # the header is a Python literal, which fails in every way
        raise SliceError("The header of this NumPy file is damaged; save it again.") from error
    if dtype.hasobject:
        raise SliceError(
            "This NumPy file holds Python objects, which are never opened; save an array of numbers."
        )
    if dtype.kind not in "buif" or dtype.itemsize > 8:
        raise SliceError(f"This NumPy file holds {dtype.name} values; save it as integers or 32-bit floats.")
    if len(shape) not in (2, 3) or min(shape) < 1:
        size = " x ".join(map(str, shape[:6])) or "no"
        raise SliceError(
            f"This NumPy file holds an array of {size} numbers; save one image (rows, columns) or a stack "
            "(slices, rows, columns)."
        )
    if len(shape) == 3 and shape[2] in _COLOURS and dtype == np.uint8 and min(shape[:2]) > max(_COLOURS):
        raise SliceError("This NumPy file holds a colour image; save one number for each pixel.")
    slices, rows, columns = shape if len(shape) == 3 else (1, *shape)
    stored = (slices, rows, columns) if is_fortran else (columns, rows, slices)
    # Stored axes of slices, rows and columns; one slice along any of them is that one image.
    order = [0, 1, 2]
    if slices > 1 and 1 in (rows, columns):
        thin = 1 if rows == 1 else 2
        order.remove(thin)
        order.insert(0, thin)
    a, b, c = order if is_fortran else (2 - axis for axis in order)
    view = View((a, b, c), (False, False, False), stored)
    # Images (H, W, N), as NIfTI's libraries give them: square ones, or of few slices.
    last_axis = (slices == rows > 1 and 1 < columns != rows) or 1 < 4 * columns < min(slices, rows)
    notes = (_LAST_AXIS.format(slices, rows, columns),) if last_axis else ()
    return Volume("NumPy", stored, dtype, file, view, is_array=True, notes=notes)
