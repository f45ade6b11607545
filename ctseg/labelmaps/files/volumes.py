"""Label maps out of files of voxels: NIfTI, MetaImage, NRRD and NumPy, by the readers of slices."""

from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from ctseg.labelmaps.errors import LabelMapError
from ctseg.labelmaps.files.parts import on_whole
from ctseg.slices.formats.volume import Volume
from ctseg.slices.formats.volume_files import open_volume
from ctseg.slices.geometry import Geometry, plane_in
from ctseg.slices.limits import check_size
from ctseg.slices.view import View, stored_view

# The slope itself was rounded when it was stored as a 32-bit float.
_RELATIVE = 1e-6


class SeveralSlicesError(LabelMapError):
    """A file holds several slices, and which of them is meant is not known."""


def read_volume(
    file: BinaryIO, kind: str, on: Geometry | None
) -> tuple[NDArray[np.generic], Geometry, tuple[str, ...]]:
    """Read the one slice of a file of voxels, or of a volume the slice at the place of an image.

    Parameters
    ----------
    file : open, at its start
    kind : as `ctseg.slices.formats.volume_files.open_volume` wants it
    on : where the image lies, or None

    Returns
    -------
    numbers, shape (H, W), scaled; their geometry; and notes of the reader's

    Raises
    ------
    SliceError
        If the file cannot be read.
    LabelMapError
        If it holds several slices and no place tells which is meant.
    GeometryError
        If none of them lies at the place.
    """
    with open_volume(file, kind) as volume:
        view, place = _chosen(volume, on)
        check_size(*view.shape[1:])
        check_size(*volume.stored[:2])
        numbers = _plane(volume, view, place)
        geometry = Geometry(
            (numbers.shape[0], numbers.shape[1]),
            volume.place_in(view, place),
            volume.spacing_in(view) if volume.says_unit else None,
            None if volume.is_array else view.grid(place),
        )
        numbers = _scaled(numbers, volume)
        if volume.is_segmentation:
            numbers, geometry = on_whole(numbers, geometry, on)
        return numbers, geometry, volume.notes


def _chosen(volume: Volume, on: Geometry | None) -> tuple[View, int]:
    """Which way to look at the volume, and which of its slices."""
    long_axes = [axis for axis in range(3) if volume.stored[axis] > 1]
    if len(long_axes) < 3:
        return volume.view if volume.is_array else stored_view(volume.stored), 0
    axis, place = (None, 0) if on is None or volume.is_array else plane_in(on, volume.affine, volume.stored)
    if axis is None:
        size = " x ".join(map(str, volume.stored))
        raise SeveralSlicesError(
            f"This {volume.source} label map has {size} voxels; save the one slice that belongs to the image."
        )
    columns, rows = (other for other in range(3) if other != axis)
    return View((axis, rows, columns), (False, False, False), volume.stored), place


def _plane(volume: Volume, view: View, place: int) -> NDArray[np.generic]:
    axis, rows, columns = view.axes
    if axis == 2:
        for number, plane in enumerate(volume.planes()):
            if number == place:
                return plane if rows < columns else plane.T
    lines = np.stack([plane.take(place, axis) for plane in volume.planes()])
    return lines.T if rows < columns else lines


def _scaled(numbers: NDArray[np.generic], volume: Volume) -> NDArray[np.generic]:
    """Apply slope and intercept; a label stored in coarser steps than 1 comes back within half a step.

    Floats that a resampling left a rounding beside a whole number are that number.
    """
    if (volume.slope, volume.intercept) == (1.0, 0.0) and numbers.dtype.kind != "f":
        return numbers
    values = numbers.astype(np.float64) * volume.slope + volume.intercept
    whole = np.rint(values)
    step = abs(volume.slope) if numbers.dtype.kind in "iu" else 0.0
    allowed = (step / 2 if step < 1 else 0.0) + _RELATIVE * np.maximum(np.abs(values), 1.0)
    return np.where(np.abs(values - whole) <= allowed, whole, values)
