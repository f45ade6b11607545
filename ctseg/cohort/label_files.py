"""The label maps of a source as files: NIfTI of the whole volume, NumPy, or for the challenge's table."""

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ctseg.slices import Stack

if TYPE_CHECKING:
    from ctseg.cohort.inputs import OpenedSource

LABELS = "labels"
MAX_TABLE_LABELS = 255
"""The challenge's table holds labels of one byte."""


class LabelMaps:
    """The label maps of one source, in the smallest type that holds them; missing ones are background."""

    def __init__(self, opened: "OpenedSource") -> None:
        self.name = opened.name
        self.slices = opened.slices
        first = opened.slices.pixels.shape[1:] if isinstance(opened.slices, Stack) else opened.slices[0].shape
        self.voxels: NDArray[np.unsignedinteger] = np.zeros((len(opened.slices), *first), np.uint8)

    def put(self, index: int, label_map: NDArray[np.integer]) -> None:
        """Set the label map (H, W) of a slice."""
        needed = np.min_scalar_type(int(label_map.max(initial=0)))
        if needed.itemsize > self.voxels.dtype.itemsize:
            self.voxels = self.voxels.astype(needed)
        self.voxels[index] = label_map


def write_label_maps(folder: Path, kind: str, label_maps: LabelMaps) -> None:
    """Write the label maps of a source below ``labels`` of a run's folder, whole or not at all.

    Raises
    ------
    OSError
        If the disk is full or cannot be written.
    """
    suffix, write = FORMATS[kind]
    path = folder / LABELS / f"{label_maps.name}{suffix}"
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{uuid.uuid4().hex}{suffix}")
    try:
        write(unfinished, label_maps)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _write_nifti(path: Path, label_maps: LabelMaps) -> None:
    from ctseg.labelmaps.files import write_nifti, write_nifti_stack

    if isinstance(label_maps.slices, Stack) and len(label_maps.slices) > 1:
        write_nifti_stack(path, label_maps.voxels, label_maps.slices)
        return
    place = label_maps.slices[0].geometry
    write_nifti(path, label_maps.voxels[0], place.affine, place.spacing_mm, place.grid)


def _write_npz(path: Path, label_maps: LabelMaps) -> None:
    np.savez_compressed(path, allow_pickle=False, label_maps=label_maps.voxels)


def _write_bytes(path: Path, label_maps: LabelMaps) -> None:
    from ctseg.labelmaps import largest_structures

    largest = np.stack([largest_structures(each, MAX_TABLE_LABELS) for each in label_maps.voxels])
    np.savez_compressed(path, allow_pickle=False, label_maps=largest.astype(np.uint8))


FORMATS: dict[str, tuple[str, Callable[[Path, LabelMaps], None]]] = {
    "nifti": (".nii.gz", _write_nifti),
    "npz": (".npz", _write_npz),
    "csv": (".npz", _write_bytes),
}
"""By name: how a file ends, and what writes it. ``csv`` becomes one table when all of a run is done."""
