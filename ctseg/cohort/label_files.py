"""The label maps of a source as files: NIfTI, DICOM Segmentation, NumPy, or for the challenge's table."""

import hashlib
import shutil
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ctseg.labelmaps.files.dicom_seg import MAX_STRUCTURES, derived_instance, write_dicom_seg
from ctseg.slices import CTSlice, Stack
from ctseg.slices.bulk import StackReader, read_named_stacks, read_stacks

if TYPE_CHECKING:
    from ctseg.cohort.inputs import OpenedSource

LABELS = "labels"
SEG = "dicom-seg"
_NO_SEG = "This is no DICOM slice whose place is known; its label map is written as NIfTI."
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
    fits = kind != SEG or (_is_placed_dicom(label_maps.slices) and label_maps.voxels.max() <= MAX_STRUCTURES)
    suffix, write = FORMATS[kind if fits else "nifti"]
    path = folder / LABELS / f"{label_maps.name}{suffix}"
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{uuid.uuid4().hex}.tmp")
    unfinished.mkdir()
    try:
        write(unfinished / path.name, label_maps)
        if path.is_dir():
            shutil.rmtree(path)
        (unfinished / path.name).replace(path)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def notes_of(kind: str, opened: "OpenedSource") -> tuple[str, ...]:
    """Return what must be said of a source whose label maps cannot be of a kind."""
    return (_NO_SEG,) if kind == SEG and not _is_placed_dicom(opened.slices) else ()


def reader_for(kind: str) -> StackReader:
    """Return what reads a folder's sources for label maps of a kind: only one kind says whose they are."""
    return read_named_stacks if kind == SEG else read_stacks


def _is_placed_dicom(slices: Stack | Sequence[CTSlice]) -> bool:
    if not isinstance(slices, Stack) or slices.affines is None or slices.identity is None:
        return False
    return bool(slices.identity.of(0)["FrameOfReferenceUID"])


def _write_nifti(path: Path, label_maps: LabelMaps) -> None:
    from ctseg.labelmaps.files import write_nifti, write_nifti_stack

    if isinstance(label_maps.slices, Stack) and len(label_maps.slices) > 1:
        write_nifti_stack(path, label_maps.voxels, label_maps.slices)
        return
    place = label_maps.slices[0].geometry
    write_nifti(path, label_maps.voxels[0], place.affine, place.spacing_mm, place.grid)


def _write_seg(folder: Path, label_maps: LabelMaps) -> None:
    """A file for each slice: a label of one slice has nothing to do with the same label of another."""

    stack = label_maps.slices
    assert isinstance(stack, Stack), "only stacks of DICOM have an identity"
    assert stack.identity is not None, "it is a placed DICOM series"
    folder.mkdir()
    content = hashlib.sha256(np.ascontiguousarray(label_maps.voxels).data).hexdigest()
    for index, label_map in enumerate(label_maps.voxels):
        if label_map.any():
            identity = stack.identity.of(index)
            instance = derived_instance(identity, content, index + 1)
            path = folder / f"{index:04d}.dcm"
            write_dicom_seg(path, label_map, stack[index].geometry, identity, instance=instance)


def _write_npz(path: Path, label_maps: LabelMaps) -> None:
    np.savez_compressed(path, allow_pickle=False, label_maps=label_maps.voxels)


def _write_bytes(path: Path, label_maps: LabelMaps) -> None:
    from ctseg.labelmaps import largest_structures

    largest = np.stack([largest_structures(each, MAX_TABLE_LABELS) for each in label_maps.voxels])
    np.savez_compressed(path, allow_pickle=False, label_maps=largest.astype(np.uint8))


FORMATS: dict[str, tuple[str, Callable[[Path, LabelMaps], None]]] = {
    "nifti": (".nii.gz", _write_nifti),
    SEG: (".seg", _write_seg),
    "npz": (".npz", _write_npz),
    "csv": (".npz", _write_bytes),
}
"""By name: how a file or folder ends, and what writes it; ``csv`` becomes one table at the end of a run."""
