"""Label maps as NIfTI of one slice or a whole volume, at the place of the image they belong to."""

import gzip
import os
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ctseg.labelmaps.checks import checked
from ctseg.labelmaps.files.voxels import Voxels, voxels_of, voxels_of_stack
from ctseg.slices.geometry import Geometry
from ctseg.slices.stack import Stack

if TYPE_CHECKING:
    from nibabel.nifti1 import Nifti1Image

_RIGHT_ANGLE = 1e-4


def write_nifti(
    path: str | PathLike[str],
    label_map: NDArray[np.generic],
    affine: NDArray[np.floating] | None = None,
    spacing_mm: tuple[float, float] | None = None,
    grid: NDArray[np.floating] | None = None,
) -> None:
    """Write a label map as a NIfTI volume of one slice, in place if the affine is known.

    Parameters
    ----------
    path : ends in ``.nii`` or ``.nii.gz``; an existing file is replaced
    label_map : ndarray of integers or bool, shape (H, W), non-negative; its dtype is kept
    affine : ndarray, shape (4, 4), maps voxel (row, column, 0) to RAS+ mm, or None. NIfTI counts (i, j, k)
        with i along the columns here, so the file holds this matrix with its first two columns exchanged and
        its third at right angles on them, so that qform and sform say the same. One that has no inverse
        counts as None.
    spacing_mm : (row, column) distance between pixel centres in mm, or None; looked at without affine only.
        Then the file says that its orientation is unknown.
    grid : ndarray, shape (4, 4), maps (row, column, 0) to the voxels of the file that the image came from, or
        None; looked at without affine only. Then the label map runs along the same axes as that file.

    Raises
    ------
    ValueError
        If it is not a label map, or the name ends otherwise.
    """
    label_map = checked(label_map)
    place = Geometry(
        (label_map.shape[0], label_map.shape[1]),
        None if affine is None else np.array(affine, np.float64),
        spacing_mm,
        None if grid is None else np.array(grid, np.float64),
    )
    _write(path, voxels_of(label_map, place))


def write_nifti_stack(path: str | PathLike[str], label_maps: NDArray[np.integer], stack: Stack) -> str:
    """Write label maps of all slices of a stack as one NIfTI volume, in place where that is known.

    Parameters
    ----------
    path : ends in ``.nii`` or ``.nii.gz``; an existing file is replaced
    label_maps : ndarray of integers, shape (N, H, W), non-negative; the smallest dtype that holds them is
        written
    stack : that they belong to

    Returns
    -------
    a sentence where the place in the patient could not be kept, else "".

    Raises
    ------
    ValueError
        If the name ends otherwise, or the shape is not the stack's.
    """
    if label_maps.shape != stack.pixels.shape:
        raise ValueError("There must be one label map for each slice of the stack, of its size.")
    voxels, note = voxels_of_stack(
        label_maps.astype(np.min_scalar_type(int(label_maps.max(initial=0)))), stack
    )
    _write(path, voxels)
    return note


def _write(path: str | PathLike[str], voxels: Voxels) -> None:
    name = os.fspath(path)
    if not name.endswith((".nii", ".nii.gz")):
        raise ValueError(f"{Path(name).name} does not end in .nii or .nii.gz; rename it.")
    content = _image(voxels).to_bytes()
    # Without a time stamp the same label map gives the same bytes.
    Path(name).write_bytes(gzip.compress(content, mtime=0) if name.endswith(".gz") else content)


def _image(voxels: Voxels) -> "Nifti1Image":
    # Here, as it takes a second to import and few visitors need it.
    from nibabel.nifti1 import Nifti1Image

    image = Nifti1Image(voxels.labels, voxels.affine, dtype=voxels.labels.dtype)
    if voxels.affine is None:
        # Both codes 0, which claims no place in the patient.
        image.header.set_zooms(voxels.spacing_mm or (1.0, 1.0, 1.0))
        image.header.set_xyzt_units("mm" if voxels.spacing_mm else "unknown")
        return image
    image.header.set_sform(voxels.affine, "scanner")
    steps = voxels.affine[:3, :3] / np.linalg.norm(voxels.affine[:3, :3], axis=0)
    # A quaternion cannot hold rows and columns that do not stand at right angles.
    square = np.abs(steps.T @ steps - np.eye(3)).max() < _RIGHT_ANGLE
    image.header.set_qform(voxels.affine, "scanner" if square else "unknown")
    image.header.set_xyzt_units("mm")
    return image
