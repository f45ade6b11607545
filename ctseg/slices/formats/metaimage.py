"""MetaImage, grand-challenge's format: ``.mha``, or a ``.mhd`` header whose ``.raw`` lies in the same ZIP."""

import re
import zlib
from collections.abc import Callable
from functools import partial
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from ctseg.slices.ct_slice import SliceError
from ctseg.slices.formats.inflated import Inflated
from ctseg.slices.formats.volume import Volume
from ctseg.slices.geometry import FROM_LPS, is_place
from ctseg.slices.view import radiological_view

_MAX_LINE = 4096
_MAX_LINES = 500
# MetaIO's own sizes, whatever a C compiler thinks of "long".
_TYPES = {
    "MET_CHAR": "i1",
    "MET_UCHAR": "u1",
    "MET_SHORT": "i2",
    "MET_USHORT": "u2",
    "MET_INT": "i4",
    "MET_UINT": "u4",
    "MET_LONG": "i4",
    "MET_ULONG": "u4",
    "MET_LONG_LONG": "i8",
    "MET_ULONG_LONG": "u8",
    "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}
_DAMAGED = "The header of this MetaImage file is damaged; export or download it again."
_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
_SPACINGS = {"ElementSpacing", "ElementSize"}
_NO_SPACING = "The distance between this MetaImage file's voxels is told as 0 or no number, so it is unknown."
_FUNCTION = {"ElementToIntensityFunctionSlope": 1.0, "ElementToIntensityFunctionOffset": 0.0}
_NO_FUNCTION = "This MetaImage file tells a slope and an offset of its numbers, not applied here nor by ITK."

Beside = Callable[[str], BinaryIO]


def no_file_beside(name: str) -> BinaryIO:
    """Refuse a header that comes without its voxels; ``name`` is what it calls them."""
    del name
    raise SliceError(
        "This MetaImage header comes without its voxels; pack both files into one ZIP, or save the volume "
        "as .mha."
    )


def open_metaimage(file: BinaryIO, beside: Beside = no_file_beside) -> Volume:
    """Judge the header of an open MetaImage file; no voxel is read yet.

    Parameters
    ----------
    file : at its start
    beside : opens the file that the header names, where its voxels are not in the same file

    Raises
    ------
    SliceError
        If it is damaged, holds colours, vectors or text, or several volumes, or its voxels are not there.
    """
    fields = _fields(file)
    axes = _whole(fields, "NDims", 1)[0]
    lengths = _whole(fields, "DimSize", axes)
    if axes < 2 or min(lengths) < 1:
        raise SliceError("This MetaImage file says that it holds no slice; export it again.")
    if any(length > 1 for length in lengths[3:]):
        raise SliceError("This MetaImage file holds several volumes; save the one you want as its own file.")
    i, j, k = (*lengths, 1)[:3]
    dtype = _dtype(fields)
    steps = _steps(fields, axes)
    affine = _affine(fields, axes, steps)
    x, y, z = np.append(np.abs(steps), np.nan)[:3].tolist()
    voxels = file if fields["ElementDataFile"].upper() == "LOCAL" else beside(_one_file(fields))
    if _is_true(fields.get("CompressedData", "")):
        voxels = cast("BinaryIO", Inflated(voxels, partial(zlib.decompressobj, wbits=47)))
    elif "HeaderSize" in fields:
        _pass_header(voxels, fields, i * j * k * dtype.itemsize)
    return Volume(
        "MetaImage",
        (i, j, k),
        dtype,
        voxels,
        radiological_view((i, j, k), _LPS if affine is None else affine),
        affine,
        (x, y, z),
        notes=_notes(fields, steps),
    )


def _notes(fields: dict[str, str], steps: NDArray[np.float64]) -> tuple[str, ...]:
    notes = [] if np.isfinite(steps).all() or not _SPACINGS & fields.keys() else [_NO_SPACING]
    if any(_numbers(fields, (name,), 1) not in (None, usual) for name, usual in _FUNCTION.items()):
        notes.append(_NO_FUNCTION)
    return tuple(notes)


def _one_file(fields: dict[str, str]) -> str:
    """Name of the file of voxels; several may be told by a list, or by a pattern and three numbers."""
    name = fields["ElementDataFile"]
    if name.upper().split() == ["LIST"] or "%" in name:
        raise SliceError(
            "This MetaImage header comes without its voxels, which lie in several files; save the volume as "
            "one .mha file."
        )
    return name


def _fields(file: BinaryIO) -> dict[str, str]:
    fields: dict[str, str] = {}
    for _ in range(_MAX_LINES):
        line = file.readline(_MAX_LINE)
        text = line.decode("latin-1")
        key, separator, value = text.partition("=" if "=" in text else ":")
        if not separator:
            break
        fields[key.strip()] = value.strip()
        if key.strip() == "ElementDataFile":
            return fields
    raise SliceError(_DAMAGED)


def _whole(fields: dict[str, str], name: str, count: int) -> list[int]:
    words = fields.get(name, "").split()
    if (
        len(words) != count
        or not 1 <= count <= 8
        or not all(re.fullmatch(r"-?\d{1,9}", word) for word in words)
    ):
        raise SliceError(_DAMAGED)
    return [int(word) for word in words]


def _numbers(fields: dict[str, str], names: tuple[str, ...], count: int) -> NDArray[np.float64] | None:
    """The numbers of the first of these fields that is there; None where there is none."""
    found = next((fields[name] for name in names if name in fields), None)
    if found is None:
        return None
    try:
        numbers = np.array(found.split(), np.float64)
    except ValueError as error:
        raise SliceError(_DAMAGED) from error
    return numbers if numbers.shape == (count,) and np.isfinite(numbers).all() else None


def _is_true(value: str) -> bool:
    """By the first letter, as MetaIO has it: True, T and 1."""
    return value[:1] in ("T", "t", "1")


def _dtype(fields: dict[str, str]) -> np.dtype:
    code = _TYPES.get(fields.get("ElementType", ""))
    channels = fields.get("ElementNumberOfChannels", "1")
    if code is None or channels != "1":
        raise SliceError(
            "This MetaImage file holds colours or values of an unusual kind; save it as 16-bit integers or "
            "32-bit floats."
        )
    if not _is_true(fields.get("BinaryData", "True")):
        raise SliceError("This MetaImage file holds its voxels as text; save it with BinaryData = True.")
    big = _is_true(fields.get("BinaryDataByteOrderMSB", fields.get("ElementByteOrderMSB", "")))
    return np.dtype((">" if big else "<") + code)


def _steps(fields: dict[str, str], axes: int) -> NDArray[np.float64]:
    """Distance between voxels along each axis in mm, negative where an axis runs back; NaN where not told."""
    told = _numbers(fields, ("ElementSpacing", "ElementSize"), axes)
    return np.full(axes, np.nan) if told is None else np.where(told == 0, np.nan, told)


def _affine(fields: dict[str, str], axes: int, steps: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Voxel to RAS+ mm; the file's own axes are DICOM's, and each row of its matrix is one axis of voxels."""
    matrix = _numbers(fields, ("TransformMatrix", "Rotation", "Orientation"), axes * axes)
    origin = _numbers(fields, ("Offset", "Position", "Origin"), axes)
    if axes < 3 or matrix is None or origin is None or not np.isfinite(steps[:3]).all():
        return None
    affine = np.eye(4)
    affine[:3, :3] = matrix.reshape(axes, axes)[:3, :3].T * steps[:3]
    affine[:3, 3] = origin[:3]
    affine = FROM_LPS @ affine
    return affine if is_place(affine) else None


def _pass_header(voxels: BinaryIO, fields: dict[str, str], needed: int) -> None:
    """HeaderSize bytes of the file come before the voxels; -1 says that the voxels end it, 0 says nothing."""
    [size] = _whole(fields, "HeaderSize", 1)
    if size > 0:
        voxels.seek(size)
    elif size < 0:
        voxels.seek(max(0, voxels.seek(0, 2) - needed))
