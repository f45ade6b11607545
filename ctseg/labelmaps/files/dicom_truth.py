"""DICOM Segmentations (BINARY and LABELMAP) and structure sets as the true label map of one CT slice."""

from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.pixels import iter_pixels

from ctseg.labelmaps.errors import LabelMapError
from ctseg.labelmaps.files.contours import CONTOUR_KEYWORDS, NOTHING, OVERLAP, painted
from ctseg.labelmaps.files.parts import on_whole
from ctseg.labelmaps.files.volumes import SeveralSlicesError
from ctseg.slices.dicom.elements import Elements
from ctseg.slices.dicom.frame import frame_facts
from ctseg.slices.dicom.header import read_elements
from ctseg.slices.dicom.syntaxes import NATIVE
from ctseg.slices.dicom.values import text, whole
from ctseg.slices.geometry import TOLERANCE, Geometry
from ctseg.slices.limits import MAX_SET_UPLOAD_BYTES, check_size, check_upload

_SEGMENTATIONS = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")
_STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"
_SEGMENTATION_KEYWORDS = (
    "SOPClassUID",
    "SegmentationType",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PixelPaddingValue",
    "SegmentSequence",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
    "ExtendedOffsetTable",
    "ExtendedOffsetTableLengths",
    "PixelData",
)
_MAX_FRAMES = 65536


def read_truth(file: BinaryIO, on: Geometry | None) -> tuple[NDArray[np.integer], Geometry, tuple[str, ...]]:
    """Read the segments or contours that lie on one slice.

    Parameters
    ----------
    file : open DICOM file
    on : where the CT slice lies; a segmentation of a single slice is read without

    Returns
    -------
    label map, whose labels are segment or ROI numbers; its geometry; and notes

    Raises
    ------
    SliceError
        If the file cannot be read.
    LabelMapError
        If it is no segmentation or structure set, one of probabilities, or marks nothing on the slice.
    """
    check_upload([min(file.seek(0, 2), MAX_SET_UPLOAD_BYTES + 1)], MAX_SET_UPLOAD_BYTES)
    sop_class = text(read_elements(file, ("SOPClassUID",)), "SOPClassUID")
    if sop_class in _SEGMENTATIONS:
        return _segmentation(read_elements(file, _SEGMENTATION_KEYWORDS), on)
    if sop_class == _STRUCTURE_SET:
        if on is None or on.affine is None:
            raise SeveralSlicesError(
                "This structure set belongs to a CT in DICOM; it can be laid on a slice of that CT only."
            )
        return painted(read_elements(file, CONTOUR_KEYWORDS), on)
    raise LabelMapError(
        "This DICOM file is read as a slice, not as a label map; give a DICOM Segmentation, a structure set "
        "or another label map."
    )


def _segmentation(
    dataset: Dataset, on: Geometry | None
) -> tuple[NDArray[np.integer], Geometry, tuple[str, ...]]:
    if text(dataset, "SegmentationType") not in ("BINARY", "LABELMAP"):
        raise LabelMapError("This DICOM Segmentation holds probabilities; export it as BINARY or LABELMAP.")
    rows, columns = whole(dataset, "Rows") or 0, whole(dataset, "Columns") or 0
    check_size(rows, columns)
    frames = whole(dataset, "NumberOfFrames") or 1
    if not 1 <= frames <= _MAX_FRAMES:
        raise LabelMapError("This DICOM Segmentation is damaged: it tells of no frames; export it again.")
    affines = [frame_facts(Elements(dataset, index, frames)).affine(np.zeros(3)) for index in range(frames)]
    chosen, affine = _on_plane(_thick(affines), on)
    labels = np.zeros((rows, columns), np.int32)
    overlap = False
    for index, frame in zip(chosen, _frames(dataset, (rows, columns), chosen), strict=True):
        if frame.shape != labels.shape:
            raise LabelMapError("This DICOM Segmentation is damaged: its frames differ; export it again.")
        marked = frame > 0
        overlap |= bool(np.any(labels[marked] > 0))
        binary = text(dataset, "SegmentationType") == "BINARY"
        labels[marked] = _segment_number(dataset, index) if binary else frame[marked]
    padding = whole(dataset, "PixelPaddingValue")
    if padding and text(dataset, "SegmentationType") == "LABELMAP":
        labels[labels == padding] = 0
    laid, place = on_whole(labels, Geometry((rows, columns), affine), on)
    return laid.astype(np.int32, copy=False), place, (OVERLAP,) if overlap else ()


def _frames(dataset: Dataset, shape: tuple[int, int], chosen: list[int]) -> Iterator[NDArray[np.integer]]:
    """Yield these frames; those of one bit a pixel follow each other without a gap (PS3.5 8.1.1)."""
    native = dataset.file_meta.TransferSyntaxUID in NATIVE
    if not native or whole(dataset, "BitsAllocated") != 1:
        yield from iter_pixels(dataset, indices=chosen)
        return
    # pydicom 3.0.2 cannot begin within a byte.
    data, pixels = np.frombuffer(dataset.PixelData, np.uint8), shape[0] * shape[1]
    for index in chosen:
        first, inside = divmod(index * pixels, 8)
        bits = np.unpackbits(data[first : -(-(index + 1) * pixels // 8)], bitorder="little")
        yield bits[inside : inside + pixels].reshape(shape)


def _thick(affines: list[NDArray[np.float64] | None]) -> list[NDArray[np.float64]]:
    """Give each frame's affine a third direction of 1 mm; the distance between frames does not matter."""
    placed = []
    for affine in affines:
        if affine is None:
            raise LabelMapError("This DICOM Segmentation does not say where its frames lie; export it again.")
        normal = np.cross(affine[:3, 0], affine[:3, 1])
        affine[:3, 2] = normal / np.linalg.norm(normal)
        placed.append(affine)
    return placed


def _on_plane(
    affines: list[NDArray[np.float64]], on: Geometry | None
) -> tuple[list[int], NDArray[np.float64]]:
    """Which frames lie on the slice, and where the first of them does."""
    if on is None:
        if any(np.abs(affine - affines[0]).max() > TOLERANCE for affine in affines):
            raise SeveralSlicesError(
                "This DICOM Segmentation marks several slices; it can be laid on one slice of its CT only."
            )
        return list(range(len(affines))), affines[0]
    if on.affine is None:
        raise SeveralSlicesError(
            "Where the slice lies in the patient is unknown, so no frame of this DICOM Segmentation is known "
            "to belong to it; give the label map as PNG."
        )
    to_slice = np.linalg.inv(on.affine)
    reach = np.array(on.shape, np.float64).max()
    if all(np.abs((to_slice @ affine)[2, :2]).max() * reach > 1 for affine in affines):
        raise LabelMapError(
            "The frames of this DICOM Segmentation are cut along another plane than this slice; give one of "
            "the same plane."
        )
    chosen = [index for index, affine in enumerate(affines) if abs((to_slice @ affine[:, 3])[2]) <= TOLERANCE]
    if not chosen:
        raise LabelMapError(NOTHING)
    if any(np.abs(affines[index] - affines[chosen[0]]).max() > TOLERANCE for index in chosen):
        raise LabelMapError(
            "The frames of this DICOM Segmentation on this slice lie on different grids; export it again on "
            "the grid of its CT."
        )
    return chosen, affines[chosen[0]]


def _segment_number(dataset: Dataset, index: int) -> int:
    for groups in (
        dataset.PerFrameFunctionalGroupsSequence[index],
        dataset.get("SharedFunctionalGroupsSequence", [{}])[0],
    ):
        for item in groups.get("SegmentIdentificationSequence") or []:
            return int(item.ReferencedSegmentNumber)
    raise LabelMapError("This DICOM Segmentation does not number its segments; export it again.")
