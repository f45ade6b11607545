"""NIfTI volumes as axial slices; the header is checked before any voxel is read."""

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from nibabel.nifti1 import Nifti1Header
from nibabel.nifti2 import Nifti2Header
from numpy.typing import NDArray

from ctseg.slices.axial import axial_view
from ctseg.slices.ct_slice import Intensity, SliceError
from ctseg.slices.grey import HOUNSFIELD_FROM, finite_range, to_8_bit
from ctseg.slices.limits import MAX_UPLOAD_BYTES, MEBIBYTE, check_stack
from ctseg.slices.stack import Stack

_INT16 = np.iinfo(np.int16)
_PIECE = 4 * MEBIBYTE
_MILLIMETRES = {1: 1000.0, 2: 1.0, 3: 0.001}


@dataclass(frozen=True)
class _Header:
    shape: tuple[int, int, int]
    dtype: np.dtype[Any]
    offset: int
    slope: float
    intercept: float
    affine: NDArray[np.float64]


def read_nifti(file: BinaryIO) -> Stack:
    """Axial slices, feet first, anterior at the top and the patient's left at the right of the picture.

    Values are HU if the smallest of the volume is -100 or less; otherwise they are mapped to 8 bits by the
    volume's own minimum and maximum (plain uint8 stays as it is).

    Parameters
    ----------
    file : an open ``.nii`` file at its start

    Raises
    ------
    SliceError
        If it is a .hdr/.img pair, a series over time, truncated, too large or of unusual numbers.
    """
    header = _read_header(file)
    largest = max(header.dtype.itemsize, 4 if header.dtype.itemsize > 2 else 2)
    # The shape is checked on a volume that takes no memory, before any voxel is read.
    slices, height, width = axial_view(np.broadcast_to(np.uint8(0), header.shape), header.affine)[0].shape
    check_stack(slices, height, width, largest)
    voxels, affine = axial_view(_read_voxels(file, header), header.affine)
    pixels, intensity = _intensities(voxels, header)
    spacing = np.linalg.norm(affine[:3, :2], axis=0)
    known = bool(np.all(np.isfinite(spacing)) and np.all(spacing > 0))
    affines = np.repeat(affine[np.newaxis], len(pixels), axis=0)
    affines[:, :, 3] += np.arange(len(pixels))[:, np.newaxis] * affine[:, 2]
    return Stack(
        pixels,
        intensity,
        spacing_mm=(float(spacing[0]), float(spacing[1])) if known else None,
        source="NIfTI",
        affines=affines if known else None,
    )


def read_gzipped_nifti(file: BinaryIO) -> Stack:
    """Read a ``.nii.gz`` file as `read_nifti` does; no more is inflated than its header declares."""
    with gzip.GzipFile(fileobj=file) as inflated:
        return read_nifti(inflated)  # type: ignore[arg-type]  # GzipFile reads like a BinaryIO


def _read_header(file: BinaryIO) -> _Header:
    block = file.read(348)
    if len(block) < 348:
        raise SliceError("This NIfTI file ends within its header; export or download it again.")
    if block[344:348] == b"n+1\0":
        header: Any = Nifti1Header(block, check=False)
    elif block[4:8] == b"n+2\0":
        header = Nifti2Header(block + file.read(540 - 348), check=False)
    else:
        raise SliceError(
            "This is one half of a .hdr/.img pair, which is not read here; save the volume as one "
            ".nii.gz file."
        )
    dtype = _check_dtype(header)
    slope, intercept = header.get_slope_inter()
    # Zero is what careless writers leave where the shortest offset is meant.
    offset = int(header.get_data_offset()) or len(header.binaryblock) + 4
    if not len(header.binaryblock) <= offset <= MAX_UPLOAD_BYTES:
        raise SliceError("The header of this NIfTI file is damaged; export or download it again.")
    return _Header(
        shape=_volume_shape(header),
        dtype=dtype,
        offset=offset - len(header.binaryblock),
        slope=1.0 if slope is None else float(slope),
        intercept=0.0 if intercept is None else float(intercept),
        affine=_affine(header),
    )


def _volume_shape(header: Any) -> tuple[int, int, int]:
    shape = [int(length) for length in header.get_data_shape()]
    if len(shape) < 2 or min(shape) < 1:
        raise SliceError("This NIfTI file says that it holds no voxels; export it again.")
    if any(length > 1 for length in shape[3:]):
        raise SliceError(
            f"This NIfTI file holds {int(np.prod(shape[3:]))} volumes, not one; save the volume you want "
            "as a file of its own."
        )
    x, y, z = (*shape, 1)[:3]
    return x, y, z


def _check_dtype(header: Any) -> np.dtype[Any]:
    try:
        dtype = np.dtype(header.get_data_dtype())
    except Exception as error:
        raise SliceError(_UNUSUAL) from error
    if dtype.kind not in "iuf" or dtype.itemsize > 8:
        raise SliceError(_UNUSUAL)
    return dtype


_UNUSUAL = (
    "This NIfTI file holds colours or numbers of an unusual kind; save it as 16-bit integers or 32-bit "
    "floats."
)


def _affine(header: Any) -> NDArray[np.float64]:
    """Voxel to RAS+ mm; where the file holds no usable one, axes as stored with the voxel size."""
    scale = _MILLIMETRES.get(int(header["xyzt_units"]) & 7, 1.0)
    try:
        affine = np.array(header.get_best_affine(), np.float64)
    except Exception:  # nibabel raises many kinds for damaged quaternions
        affine = np.full((4, 4), np.nan)
    if not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-12:
        affine = np.diag([*np.abs(header["pixdim"][1:4]).astype(np.float64), 1.0])
    affine[:3] *= scale
    return affine


def _read_voxels(file: BinaryIO, header: _Header) -> NDArray[np.generic]:
    """Raw voxels, shape (x, y, z) as stored, not scaled yet."""
    skipped = header.offset
    while skipped > 0:
        got = len(file.read(min(skipped, _PIECE)))
        if got == 0:
            break
        skipped -= got
    count = int(np.prod(header.shape, dtype=np.int64))
    voxels = np.empty(count * header.dtype.itemsize, np.uint8)
    filled = 0
    while filled < voxels.size:
        piece = file.read(min(_PIECE, voxels.size - filled))
        if not piece:
            raise SliceError("This NIfTI file ends before its last voxel; export or download it again.")
        voxels[filled : filled + len(piece)] = np.frombuffer(piece, np.uint8)
        filled += len(piece)
    return voxels.view(header.dtype).reshape(header.shape, order="F")


def _intensities(voxels: NDArray[np.generic], header: _Header) -> tuple[NDArray[np.generic], Intensity]:
    """Scaled values of an (N, H, W) view: HU as int16 or float32, or grey levels as uint8."""
    plain = header.slope == 1.0 and header.intercept == 0.0
    if plain and voxels.dtype == np.uint8:
        return np.ascontiguousarray(voxels), "8-bit"
    ends = [value * header.slope + header.intercept for value in finite_range(voxels)]
    lowest, highest = min(ends), max(ends)
    whole = header.slope.is_integer() and header.intercept.is_integer() and voxels.dtype.kind in "iu"

    def scaled(part: NDArray[np.generic]) -> NDArray[np.float64]:
        values = part.astype(np.float64) * header.slope + header.intercept
        return np.nan_to_num(values, nan=lowest, posinf=highest, neginf=lowest)

    if lowest <= HOUNSFIELD_FROM:
        return _slice_by_slice(
            voxels, np.dtype(np.int16 if whole else np.float32), _in_hounsfield(scaled)
        ), "HU"
    return to_8_bit(_slice_by_slice(voxels, np.dtype(np.float32), scaled)), "8-bit"


def _in_hounsfield(scaled: Callable[..., NDArray[np.float64]]) -> Callable[..., NDArray[np.float64]]:
    return lambda part: np.clip(scaled(part), _INT16.min, _INT16.max)


def _slice_by_slice(
    voxels: NDArray[np.generic], dtype: np.dtype[Any], convert: Callable[..., NDArray[np.float64]]
) -> NDArray[np.generic]:
    # float64 copies of the whole volume would not fit the decoder's memory.
    converted = np.empty(voxels.shape, dtype)
    for part, result in zip(voxels, converted, strict=True):
        result[...] = convert(part)
    return converted
