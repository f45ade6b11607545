"""NIfTI 1 and 2: one reader of headers for slices and label maps, with the standard's own defaults.

The clauses are those of ``nifti1.h`` (Cox and others 2004); where silent, its reference library decides.
"""

import gzip
import io
from typing import Any, BinaryIO, cast

import numpy as np
from nibabel.nifti1 import Nifti1Header
from nibabel.nifti2 import Nifti2Header
from numpy.typing import NDArray

from ctseg.slices.ct_slice import SliceError
from ctseg.slices.formats.volume import Volume
from ctseg.slices.geometry import is_place
from ctseg.slices.limits import MAX_UPLOAD_BYTES, MEBIBYTE
from ctseg.slices.view import radiological_view

_MILLIMETRES = {1: 1000.0, 2: 1.0, 3: 0.001}
_PIECE = 4 * MEBIBYTE
# Rounded to four digits, the square of a unit quaternion's vector part is less than this.
_MAX_SQUARE = 1.1
# Both codes 0, "method 1" of nifti1.h, say nothing of the patient; nibabel looks at such a file so.
_NIBABELS_GUESS = np.diag([-1.0, 1.0, 1.0, 1.0])
_NO_PLACE = "The place in the patient that this NIfTI file says it has cannot be, so it counts as unknown."
_NO_SPACING = "The distance between this NIfTI file's voxels is not told."
_TWO_PLACES = (
    "This NIfTI file's matrix (sform) and quaternion (qform) put it at different places; the matrix was used."
)
_NO_INTERCEPT = "This NIfTI file's intercept is not a number and was taken as 0."
_DAMAGED = "The header of this NIfTI file is damaged; export or download it again."
_NO_VOXELS = "This NIfTI file says that it holds no voxels; export it again."
_UNUSUAL = (
    "This NIfTI file holds colours or values of an unusual kind; save it as 16-bit integers or 32-bit floats."
)


def open_nifti(file: BinaryIO) -> Volume:
    """Judge the header of an open ``.nii`` or ``.nii.gz`` file; no voxel is read yet.

    Parameters
    ----------
    file : at its start; of a packed one no more is inflated than its header declares

    Raises
    ------
    SliceError
        If it is a .hdr/.img pair, a series over time, or of unusual numbers, or its header ends early.
    """
    packed = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    if packed:
        file = cast("BinaryIO", gzip.GzipFile(fileobj=file))
    header = _read_header(file)
    dtype = _dtype(header)
    slope, intercept, notes = _scaling(header)
    stored = _lengths(header)
    affine, spacing, place_notes = _place(header, stored)
    _skip(file, _offset(header) - len(header.binaryblock))
    if _has_gap(header):
        file = _exactly(file, int(np.prod(stored)) * dtype.itemsize)
    notes += place_notes
    return Volume(
        "NIfTI",
        stored,
        dtype,
        file,
        radiological_view(stored, _NIBABELS_GUESS if affine is None else affine),
        affine,
        spacing,
        slope,
        intercept,
        tuple(notes),
        says_unit=affine is not None or int(header["xyzt_units"]) & 7 in _MILLIMETRES,
    )


def _read_header(file: BinaryIO) -> Any:
    block = file.read(348)
    if len(block) < 348:
        raise SliceError("This NIfTI file ends within its header; export or download it again.")
    if block[344:348] == b"n+1\0":
        return Nifti1Header(block, check=False)
    if block[4:8] == b"n+2\0":
        return Nifti2Header(block + file.read(540 - 348), check=False)
    raise SliceError(
        "This is one half of a .hdr/.img pair, a header without its pixels, which is not read here; save "
        "the volume as one .nii.gz file."
    )


def _offset(header: Any) -> int:
    # Zero is what careless writers leave where the shortest offset is meant.
    declared = float(header["vox_offset"])
    if not np.isfinite(declared):
        raise SliceError(_DAMAGED)
    offset = int(declared) or len(header.binaryblock) + 4
    if not len(header.binaryblock) <= offset <= MAX_UPLOAD_BYTES:
        raise SliceError(_DAMAGED)
    return offset


def _skip(file: BinaryIO, count: int) -> None:
    while count > 0:
        got = len(file.read(min(count, _PIECE)))
        if got == 0:
            break
        count -= got


def _lengths(header: Any) -> tuple[int, int, int]:
    axes = int(header["dim"][0])
    if not 1 <= axes <= 7:
        raise SliceError(_DAMAGED)
    first, *others = [int(length) for length in header["dim"][1 : axes + 1]]
    # As in the NIfTI library: a length left at 0 is 1, but for the first.
    lengths = [first, *(length or 1 for length in others)]
    if min(lengths) < 1:
        raise SliceError(_NO_VOXELS)
    if len(lengths) < 2:
        raise SliceError(f"This NIfTI file holds a row of {lengths[0]} voxels, not a slice; export it again.")
    if any(length > 1 for length in lengths[3:]):
        raise SliceError(
            f"This NIfTI file holds {int(np.prod(lengths[3:]))} volumes, not one; save the volume you want "
            "as a file of its own."
        )
    i, j, k = (*lengths, 1)[:3]
    return i, j, k


def _has_gap(header: Any) -> bool:
    """Whether a length left at 0 stands before an axis that has voxels."""
    lengths = [int(length) for length in header["dim"][1 : int(header["dim"][0]) + 1]]
    return any(length == 0 and max(lengths[at:]) > 1 for at, length in enumerate(lengths))


def _exactly(file: BinaryIO, count: int) -> BinaryIO:
    """The rest of a file whose header is believed only if that is how many bytes are left."""
    if count <= MAX_UPLOAD_BYTES:
        body = file.read(count + 1)
        if len(body) == count:
            return io.BytesIO(body)
    raise SliceError(_NO_VOXELS)


def _dtype(header: Any) -> np.dtype[Any]:
    try:
        dtype = np.dtype(header.get_data_dtype())
    except Exception as error:
        raise SliceError(_UNUSUAL) from error
    if dtype.kind not in "iuf" or dtype.itemsize > 8:
        raise SliceError(_UNUSUAL)
    return dtype


def _scaling(header: Any) -> tuple[float, float, list[str]]:
    """scl_slope and scl_inter; a slope of 0, or one that is no number, means that nothing is scaled."""
    slope, intercept = float(header["scl_slope"]), float(header["scl_inter"])
    if slope == 0 or not np.isfinite(slope):
        return 1.0, 0.0, []
    if not np.isfinite(intercept):
        return slope, 0.0, [_NO_INTERCEPT]
    return slope, intercept, []


def _place(
    header: Any, stored: tuple[int, int, int]
) -> tuple[NDArray[np.float64] | None, tuple[float, float, float], list[str]]:
    """Affine where there is a usable one, spacing (mm, NaN where unknown) and notes."""
    scale = _MILLIMETRES.get(int(header["xyzt_units"]) & 7, 1.0)
    sizes = np.abs(header["pixdim"][1:4].astype(np.float64))
    known = np.isfinite(sizes) & (sizes > 0)
    # The axis of a single slice has no distance to the next one.
    needed = np.array(stored) > 1
    has_place = int(header["sform_code"]) > 0 or int(header["qform_code"]) > 0
    affine = _affine(header, np.where(known, sizes, 1.0), ~needed | known, stored) if has_place else None
    if affine is not None:
        affine[:3] *= scale
        lengths = np.linalg.norm(affine[:3, :3], axis=0)
        spacing = (float(lengths[0]), float(lengths[1]), float(lengths[2]))
        return affine, spacing, [_TWO_PLACES] if _contradicts(header, affine / scale, known, stored) else []
    i, j, k = (float(size) * scale for size in np.where(known, sizes, np.nan))
    notes = [_NO_PLACE] if has_place else []
    notes += [_NO_SPACING] if bool(np.any(needed & ~known)) else []
    return None, (i, j, k), notes


def _contradicts(
    header: Any, affine: NDArray[np.float64], known: NDArray[np.bool_], stored: tuple[int, int, int]
) -> bool:
    """Whether the quaternion, where it is set too, puts a corner further than a voxel from the affine's."""
    sizes = np.abs(header["pixdim"][1:4].astype(np.float64))
    if int(header["qform_code"]) <= 0 or int(header["sform_code"]) <= 0 or not known.all():
        return False
    other = _from_quaternion(header, sizes)
    corners = np.array([[0, 0, 0, 1], [*(np.array(stored) - 1), 1]]).T
    if other is None:
        return False
    apart = np.abs((other - affine)[:3] @ corners).max()
    return bool(apart > np.linalg.norm(affine[:3, :3], axis=0).max())


def _affine(
    header: Any, sizes: NDArray[np.float64], known: NDArray[np.bool_], stored: tuple[int, int, int]
) -> NDArray[np.float64] | None:
    """The sform if it is set and usable, else the qform likewise: nifti1.h, methods 3 and 2."""
    if int(header["sform_code"]) > 0:
        rows = [header[name].astype(np.float64) for name in ("srow_x", "srow_y", "srow_z")]
        affine = np.vstack([*rows, [0.0, 0.0, 0.0, 1.0]])
        thin = [axis for axis in range(3) if stored[axis] == 1 and not affine[:3, axis].any()]
        for axis in thin[:1]:
            normal = np.cross(affine[:3, axis - 2], affine[:3, axis - 1])
            affine[:3, axis] = normal / max(float(np.linalg.norm(normal)), np.finfo(np.float64).tiny)
        if is_place(affine):
            return affine
    if int(header["qform_code"]) > 0 and known.all():
        return _from_quaternion(header, sizes)
    return None


def _from_quaternion(header: Any, sizes: NDArray[np.float64]) -> NDArray[np.float64] | None:
    b, c, d = (float(header[name]) for name in ("quatern_b", "quatern_c", "quatern_d"))
    square = b * b + c * c + d * d
    if not square <= _MAX_SQUARE:  # not a number, too
        return None
    if square > 1.0:
        b, c, d = (value / np.sqrt(square) for value in (b, c, d))
    a = np.sqrt(max(0.0, 1.0 - (b * b + c * c + d * d)))
    affine = np.eye(4)
    affine[:3, :3] = [
        [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
        [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
        [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
    ]
    # "pixdim[0] is qfac; if it is 0 (which should not occur), it is treated as 1".
    third = -sizes[2] if float(header["pixdim"][0]) < 0 else sizes[2]
    affine[:3, :3] *= [sizes[0], sizes[1], third]
    affine[:3, 3] = [float(header[name]) for name in ("qoffset_x", "qoffset_y", "qoffset_z")]
    return affine if is_place(affine) else None
