"""NRRD, 3D Slicer's format, with ``.seg.nrrd``: fields as in the format's definition (teem, NRRD0005)."""

import bz2
import re
import zlib
from functools import partial
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from ctseg.slices.ct_slice import SliceError
from ctseg.slices.formats.inflated import Inflated
from ctseg.slices.formats.volume import Volume
from ctseg.slices.geometry import FROM_LPS, across, is_place
from ctseg.slices.limits import MEBIBYTE
from ctseg.slices.view import radiological_view

_MAX_LINE = 65536
_MAX_LINES = 20_000
_MAX_HEADER = 4 * MEBIBYTE
_TYPES = {
    "i1": ("signed char", "int8", "int8_t"),
    "u1": ("uchar", "unsigned char", "uint8", "uint8_t"),
    "i2": ("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
    "u2": ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
    "i4": ("int", "signed int", "int32", "int32_t"),
    "u4": ("uint", "unsigned int", "uint32", "uint32_t"),
    "i8": ("longlong", "long long", "long long int", "signed long long", "int64", "int64_t"),
    "u8": ("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"),
    "f4": ("float",),
    "f8": ("double",),
}
_SPACES = {
    "left-posterior-superior": FROM_LPS,
    "lps": FROM_LPS,
    "right-anterior-superior": np.eye(4),
    "ras": np.eye(4),
    "left-anterior-superior": np.diag([-1.0, 1.0, 1.0, 1.0]),
    "las": np.diag([-1.0, 1.0, 1.0, 1.0]),
}
_MILLIMETRES = {"": 1.0, "mm": 1.0, "cm": 10.0, "m": 1000.0, "um": 0.001, "µm": 0.001, "μm": 0.001}
_OF_SLICER = "Segmentation_ReferenceImageExtentOffset"
_DETACHED = {"data file", "datafile"}
_NO_UNIT = "The unit of this NRRD file's space is not known here, so its place and spacing count as unknown."
_DAMAGED = "The header of this NRRD file is damaged; export or download it again."


def open_nrrd(file: BinaryIO) -> Volume:
    """Judge the header of an open NRRD file; no voxel is read yet.

    Parameters
    ----------
    file : at its start

    Raises
    ------
    SliceError
        If it is damaged, a header without its voxels, of colours, vectors or text, or of several volumes.
    """
    fields = _fields(file)
    if _DETACHED & fields.keys():
        raise SliceError("This NRRD header comes without its voxels; save the volume as one .nrrd file.")
    lengths = _whole(fields.get("sizes", ""))
    if [len(lengths)] != _whole(fields.get("dimension", "")) or len(lengths) < 2 or min(lengths) < 1:
        raise SliceError(_DAMAGED)
    directions = _directions(fields, len(lengths))
    lengths, directions = _one_volume(lengths, directions, fields.get("kinds", "").lower().split())
    i, j, k = (*lengths, 1)[:3]
    affine = _affine(fields, directions)
    known = bool(np.isfinite(_millimetres(fields, "units", 8)).all())
    spacing = _spacing(fields, directions, len(lengths))
    return Volume(
        "NRRD",
        (i, j, k),
        _dtype(fields),
        _voxels(file, fields),
        radiological_view((i, j, k), FROM_LPS if affine is None else affine),
        affine,
        spacing,
        notes=() if np.isfinite(_units(fields)).all() and known else (_NO_UNIT,),
        is_segmentation=_OF_SLICER in fields,
    )


def _fields(file: BinaryIO) -> dict[str, str]:
    """Fields up to the blank line behind them; of the keys and values of users only `_OF_SLICER` is kept."""
    fields: dict[str, str] = {}
    read = 0
    file.readline(_MAX_LINE)
    for _ in range(_MAX_LINES):
        line = file.readline(_MAX_LINE)
        read += len(line)
        if read > _MAX_HEADER:
            break
        if not line.strip():
            # Only a header without voxels may end without a blank line.
            if line or _DETACHED & fields.keys():
                return fields
            break
        if line.startswith(_OF_SLICER.encode() + b":="):
            fields[_OF_SLICER] = ""
        name, separator, value = line.decode("utf-8", "replace").partition(": ")
        if separator and ":=" not in name and not name.startswith("#"):
            fields[name.strip().lower()] = value.strip()
    raise SliceError(_DAMAGED)


def _whole(text: str) -> list[int]:
    if not re.fullmatch(r"\d{1,9}(\s+\d{1,9}){0,15}", text):
        raise SliceError(_DAMAGED)
    return [int(word) for word in text.split()]


def _directions(fields: dict[str, str], axes: int) -> list[NDArray[np.float64] | None]:
    """Step along each axis in the file's own space; None where there is none, as for lists and colours."""
    if "space directions" not in fields:
        return [None] * axes
    words = re.findall(r"none|\([^()]*\)", fields["space directions"], re.IGNORECASE)
    if len(words) != axes:
        raise SliceError(_DAMAGED)
    return [_vector(word) for word in words]


def _vector(word: str) -> NDArray[np.float64] | None:
    try:
        vector = np.array(word.strip("() ").split(","), np.float64)
    except ValueError:
        return None
    return vector if vector.shape == (3,) and np.isfinite(vector).all() else None


def _one_volume(
    lengths: list[int], directions: list[NDArray[np.float64] | None], kinds: list[str]
) -> tuple[list[int], list[NDArray[np.float64] | None]]:
    """Drop axes of length 1 that do not lie in space, until no more than three are left."""
    extra = [
        axis
        for axis, direction in enumerate(directions)
        if (axis < len(kinds) and kinds[axis] not in ("domain", "space", "???", "none", "unknown"))
        or (direction is None and len(lengths) > 3)
    ]
    for axis in extra:
        if lengths[axis] > 1:
            raise SliceError(
                "This NRRD file holds colours, vectors, or segments that overlap in several layers; save "
                "one volume, or segments that do not overlap."
            )
    kept = [axis for axis in range(len(lengths)) if axis not in extra or len(lengths) <= 2]
    if not 2 <= len(kept) <= 3:
        raise SliceError("This NRRD file does not hold one volume; save the one you want as its own file.")
    return [lengths[axis] for axis in kept], [directions[axis] for axis in kept]


def _affine(
    fields: dict[str, str], directions: list[NDArray[np.float64] | None]
) -> NDArray[np.float64] | None:
    """Voxel to RAS+ mm, where the file names an anatomical space and a place in it."""
    space = _SPACES.get(fields.get("space", "").lower())
    origin = _vector(fields.get("space origin", ""))
    steps = [direction for direction in directions if direction is not None]
    if space is None or origin is None or len(steps) != len(directions):
        return None
    affine = np.zeros((4, 4))
    affine[3, 3] = 1.0
    affine[:3, : len(steps)] = np.column_stack(steps)
    affine[:3, 3] = origin
    if len(steps) == 2:
        affine = across(affine)
    affine[:3] *= _units(fields)[:, np.newaxis]
    return space @ affine if is_place(affine) else None


def _units(fields: dict[str, str]) -> NDArray[np.float64]:
    """Millimetres of one unit along each axis of the file's space, NaN for units not known here."""
    return _millimetres(fields, "space units", 3)


def _millimetres(fields: dict[str, str], name: str, count: int) -> NDArray[np.float64]:
    told = [*re.findall(r'"([^"]*)"', fields.get(name, "")), *[""] * count][:count]
    return np.array([_MILLIMETRES.get(each.strip().lower(), np.nan) for each in told])


def _spacing(
    fields: dict[str, str], directions: list[NDArray[np.float64] | None], axes: int
) -> tuple[float, float, float]:
    spacings = fields.get("spacings", "").split()[-axes:]
    units = _millimetres(fields, "units", axes)
    lengths = []
    for axis, direction in enumerate(directions):
        length = np.nan if direction is None else float(np.linalg.norm(direction * _units(fields)))
        if direction is None and len(spacings) == axes and re.fullmatch(r"[\d.eE+-]+", spacings[axis]):
            length = abs(float(spacings[axis])) * units[axis]
        lengths.append(length if length > 0 else np.nan)
    i, j, k = (*lengths, np.nan)[:3]
    return i, j, k


def _dtype(fields: dict[str, str]) -> np.dtype:
    cell_type = next(
        (code for code, names in _TYPES.items() if fields.get("type", "").lower() in names), None
    )
    if cell_type is None:
        raise SliceError(
            "This NRRD file holds values of an unusual kind; save it as 16-bit integers or 32-bit floats."
        )
    return np.dtype((">" if fields.get("endian", "").lower() == "big" else "<") + cell_type)


def _voxels(file: BinaryIO, fields: dict[str, str]) -> BinaryIO:
    encoding = fields.get("encoding", "").lower()
    if encoding in ("raw", "gzip", "gz", "bzip2", "bz2"):
        skipped = [fields.get(name, "0") for name in ("line skip", "lineskip", "byte skip", "byteskip")]
        if set(skipped) != {"0"}:
            raise SliceError(
                "This NRRD file skips a part of itself; save the volume as one plain .nrrd file."
            )
        if encoding == "raw":
            return file
        fresh = bz2.BZ2Decompressor if encoding.startswith("b") else partial(zlib.decompressobj, wbits=31)
        return cast("BinaryIO", Inflated(file, fresh))
    raise SliceError("This NRRD file holds its voxels as text; save it with the encoding raw or gzip.")
