"""Label maps as NIfTI of one slice: columns run along i, rows along j."""

import gzip
import os
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ctseg.labelmaps.checks import checked
from ctseg.slices.ct_slice import SliceError
from ctseg.slices.limits import check_size

if TYPE_CHECKING:
    from nibabel.nifti1 import Nifti1Image

_SINGULAR = 1e-9
_LARGEST_EXTENSION = 1 << 20
_UNITS_MM = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}
_DAMAGED = "This NIfTI file is damaged or incomplete; export it again."


def write_nifti(
    path: str | PathLike[str],
    label_map: NDArray[np.generic],
    affine: NDArray[np.floating] | None = None,
    spacing_mm: tuple[float, float] | None = None,
) -> None:
    """Write a label map as a NIfTI volume of one slice, in place if the affine is known.

    Parameters
    ----------
    path : ends in ``.nii`` or ``.nii.gz``; an existing file is replaced
    label_map : ndarray of integers or bool, shape (H, W), non-negative; its dtype is kept
    affine : ndarray, shape (4, 4), maps voxel (row, column, 0) to RAS+ mm, or None. NIfTI counts (i, j, k)
        with i along the columns here, so the file holds this matrix with its first two columns exchanged.
        One that has no inverse counts as None.
    spacing_mm : (row, column) distance between pixel centres in mm, or None; looked at without affine only.
        Then the file says that its orientation is unknown.

    Raises
    ------
    ValueError
        If it is not a label map, or the name ends otherwise.
    """
    name = os.fspath(path)
    if not name.endswith((".nii", ".nii.gz")):
        raise ValueError(f"{Path(name).name} does not end in .nii or .nii.gz; rename it.")
    label_map = checked(label_map)
    voxels = np.ascontiguousarray(label_map.T)[:, :, np.newaxis]
    content = _image(voxels, None if affine is None else _in_file(affine), spacing_mm).to_bytes()
    # Without a time stamp the same label map gives the same bytes.
    Path(name).write_bytes(gzip.compress(content, mtime=0) if name.endswith(".gz") else content)


def _image(
    voxels: NDArray[np.integer],
    affine: NDArray[np.float64] | None,
    spacing_mm: tuple[float, float] | None,
) -> "Nifti1Image":
    # Here, as it takes a second to import and few visitors need it.
    from nibabel.nifti1 import Nifti1Image

    if affine is None:
        image = Nifti1Image(voxels, None, dtype=voxels.dtype)
        row, column = spacing_mm or (1.0, 1.0)
        image.header.set_zooms((column, row, 1.0))
        image.header.set_xyzt_units("mm" if spacing_mm else "unknown")
    else:
        image = Nifti1Image(voxels, affine, dtype=voxels.dtype)
        image.header.set_sform(affine, "scanner")
        image.header.set_qform(affine, "scanner")
        image.header.set_xyzt_units("mm")
    return image


def _in_file(affine: NDArray[np.floating]) -> NDArray[np.float64] | None:
    matrix = np.array(affine, dtype=np.float64)
    if not np.isfinite(matrix).all():
        return None
    normal = np.cross(matrix[:3, 0], matrix[:3, 1])
    if not matrix[:3, 2].any() and normal.any():
        # A single slice may come without a thickness; NIfTI needs a third direction.
        matrix[:3, 2] = normal / np.linalg.norm(normal)
    if abs(np.linalg.det(matrix)) < _SINGULAR:
        return None
    return matrix[:, [1, 0, 2, 3]]


def decode_nifti(file: BinaryIO) -> tuple[NDArray[np.generic], dict[str, Any]]:
    """Read the one slice of an open NIfTI file, plain or unpacked: numbers as stored (scaled), (H, W).

    Returns
    -------
    numbers, and ``spacing_mm`` and ``affine`` as `decode_label_map` describes them

    Raises
    ------
    SliceError
        If there is more than one slice, the slice is too large, or the file is damaged.
    """
    header = _header(file)
    shape = _shape_of_one_slice(header)
    check_size(shape[1], shape[0])
    voxels = _voxels(file, header, shape)
    slope, intercept = header.get_slope_inter()
    if (slope, intercept) not in ((None, None), (1.0, 0.0)):
        voxels = voxels.astype(np.float64) * float(slope) + float(intercept or 0.0)
    return voxels.T, _place(header)


def _header(file: BinaryIO) -> Any:
    from nibabel.nifti1 import Nifti1Header
    from nibabel.nifti2 import Nifti2Header

    start = file.read(348)
    if start[344:348] == b"n+1\0":
        return Nifti1Header(start, check=False)
    if start[4:8] == b"n+2\0":
        return Nifti2Header(start + file.read(540 - 348), check=False)
    raise SliceError("This NIfTI file comes without its pixels; save it as one .nii or .nii.gz file.")


def _shape_of_one_slice(header: Any) -> tuple[int, int]:
    shape = [int(length) for length in header.get_data_shape()]
    if len(shape) < 2 or any(length > 1 for length in shape[2:]):
        told = " x ".join(map(str, shape))
        raise SliceError(
            f"This NIfTI label map has {told} voxels; save the one slice that belongs to the picture."
        )
    return shape[0], shape[1]


def _voxels(file: BinaryIO, header: Any, shape: tuple[int, int]) -> NDArray[np.generic]:
    dtype = np.dtype(header.get_data_dtype())
    if dtype.kind not in "iuf" or dtype.itemsize > 8:
        raise SliceError(f"This NIfTI file holds {dtype} values; save the label map as integers.")
    read = len(header.binaryblock)
    gap = int(header.get_data_offset()) - read
    if not 0 <= gap <= _LARGEST_EXTENSION:
        raise SliceError(_DAMAGED)
    file.read(gap)
    needed = shape[0] * shape[1] * dtype.itemsize
    content = file.read(needed)
    if len(content) < needed:
        raise SliceError(_DAMAGED)
    voxels = np.frombuffer(content, dtype=dtype).reshape(shape, order="F")
    return voxels.astype(dtype.newbyteorder("="))


def _place(header: Any) -> dict[str, Any]:
    scale = _UNITS_MM.get(int(header["xyzt_units"]) & 7, 1.0)
    affine = None
    if int(header["sform_code"]) > 0 or int(header["qform_code"]) > 0:
        affine = np.asarray(header.get_best_affine(), dtype=np.float64)[:, [1, 0, 2, 3]]
        affine[:3] *= scale
        spacing = np.linalg.norm(affine[:3, :2], axis=0)
    elif int(header["xyzt_units"]) & 7:
        spacing = np.abs(header["pixdim"][[2, 1]].astype(np.float64)) * scale
    else:
        spacing = np.zeros(2)
    usable = bool(np.isfinite(spacing).all() and (spacing > 0).all())
    return {
        "spacing_mm": [float(length) for length in spacing] if usable else None,
        "affine": affine.tolist() if affine is not None and usable and np.isfinite(affine).all() else None,
    }
