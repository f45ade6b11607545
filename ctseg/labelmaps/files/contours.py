"""Structure sets (RTSTRUCT) as the label map of the CT slice that their contours lie on."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from ctseg.labelmaps.errors import LabelMapError
from ctseg.slices.dicom.values import all_numbers, whole
from ctseg.slices.geometry import FROM_LPS, TOLERANCE, Geometry

CONTOUR_KEYWORDS = ("SOPClassUID", "ROIContourSequence")
OVERLAP = "Structures of this file overlap; where they do, the smaller or later one counts."
NOTHING = "This file marks nothing on this slice; choose a slice of its CT that it marks."
_CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")
_MAX_POINTS = 2_000_000
# Millimetres of two decimals, as many programs write them, are this far from the pixels that they mean.
_ON_A_CENTRE_PX = 0.02
_INSIDE = 1
_EDGES_AT_ONCE = 512  # each may pass as many pixels as a slice is long
_FROM_0 = "This file numbers its structures from 0; their labels here are one higher, for 0 is background."
_CROSS = "Contours of one structure cross on this slice; where two of them overlap is background."
_NO_CONTOUR = (
    "A contour of this structure set is no points of three numbers, or its structure has no number; export "
    "it again."
)


def painted(dataset: Dataset, on: Geometry) -> tuple[NDArray[np.integer], Geometry, tuple[str, ...]]:
    """Paint closed contours, PS3.3 C.8.8.6; one inside another of the same structure is a hole in it.

    A pixel whose centre lies on a contour belongs to the structure: programs that make contours of label maps
    draw them through the centres of the outermost pixels, around a hole too.

    Parameters
    ----------
    dataset : what a structure set holds under ``CONTOUR_KEYWORDS``
    on : where the CT slice lies; its place is known

    Returns
    -------
    label map, whose labels are ROI numbers; its geometry; and notes

    Raises
    ------
    LabelMapError
        If a contour is damaged, there are too many, or none lies on the slice.
    """
    assert on.affine is not None
    to_slice = np.linalg.inv(on.affine) @ FROM_LPS
    rois = dataset.get("ROIContourSequence") or []
    structures: dict[int, _Structure] = {}
    for number, millimetres in _closed_contours(rois):
        corners = _on_slice(millimetres, to_slice)
        if corners is not None:
            structures.setdefault(number, _Structure(on.shape)).add(corners)
    # Of the whole file, so that a structure has one label on all slices.
    from_0 = 0 in [whole(item, "ReferencedROINumber") for item in rois]
    masks = {number: structure.interior | structure.edges for number, structure in structures.items()}
    labels = np.zeros(on.shape, np.int32)
    if not any(mask.any() for mask in masks.values()):
        raise LabelMapError(NOTHING)
    overlap = False
    # The body's outline is often one of them: the smaller a structure, the later it is painted.
    for number, mask in sorted(masks.items(), key=lambda each: -int(each[1].sum())):
        overlap |= bool(np.any(labels[mask] > 0))
        labels[mask] = number + from_0
    cross = any(structure.cross for structure in structures.values())
    notes = ((OVERLAP, overlap), (_FROM_0, from_0), (_CROSS, cross))
    return labels, on, tuple(note for note, holds in notes if holds)


class _Structure:
    """What the contours of one structure mark on a slice of this shape."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self.interior, self.edges, self._covered = (np.zeros(shape, bool) for _ in range(3))
        self.cross = False

    def add(self, corners: NDArray[np.float64]) -> None:
        """Add a contour, or take a hole out."""
        places = _places(corners, self.interior.shape)
        inside = places == _INSIDE
        both = self._covered & inside
        self.cross |= bool(both.any() and (inside & ~both).any() and (self._covered & ~both).any())
        self._covered |= inside
        self.interior ^= inside
        self.edges |= (places > _INSIDE) | _passed(corners, self.interior.shape)


def _closed_contours(rois: Sequence[Dataset]) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Yield the number of the structure and the points, shape (n, 3) in mm, of each closed contour."""
    drawn: set[tuple[int, bytes]] = set()
    points = 0
    for item in rois:
        number = whole(item, "ReferencedROINumber")
        for contour in item.get("ContourSequence") or []:
            if str(contour.get("ContourGeometricType", "")).upper() not in _CLOSED:
                continue
            told = all_numbers(contour, "ContourData")
            if told is None or told.size % 3 or number is None or number < 0:
                raise LabelMapError(_NO_CONTOUR)
            points += told.size // 3
            if points > _MAX_POINTS:
                raise LabelMapError("This structure set has too many contours; export fewer structures.")
            # The same contour twice is one contour, and no hole as large as itself.
            if (number, told.tobytes()) not in drawn:
                drawn.add((number, told.tobytes()))
                yield number, told.reshape(-1, 3)  # none: programs leave contours empty that were deleted


def _on_slice(millimetres: NDArray[np.float64], to_slice: NDArray[np.floating]) -> NDArray[np.float64] | None:
    """Return the (row, column) of each point, shape (n, 2), or None where they lie on another slice."""
    if len(millimetres) == 0:
        return None
    rows, columns, depths = (to_slice @ np.column_stack([millimetres, np.ones(len(millimetres))]).T)[:3]
    if not np.abs(depths).max() <= TOLERANCE:
        return None
    corners = np.column_stack([rows, columns])
    centres = np.rint(corners)
    return np.where(np.abs(corners - centres) <= _ON_A_CENTRE_PX, centres, corners)


def _places(corners: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.integer]:
    """Where each pixel's centre lies: 0 outside the polygon, `_INSIDE`, more on it."""
    from skimage.measure import grid_points_in_poly

    places = np.zeros(shape, np.uint8)
    if not np.isfinite(corners).all():
        return places
    first = np.clip(np.floor(corners.min(axis=0)), 0, shape).astype(int)
    last = np.clip(np.ceil(corners.max(axis=0)) + 1, first, shape).astype(int)
    if np.all(last > first):
        part = tuple(slice(*ends) for ends in zip(first, last, strict=True))
        places[part] = grid_points_in_poly(tuple(last - first), corners - first, binarize=False)
    return places


def _passed(corners: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Pixels whose centres lie on an edge between two centres; a line there and back is no polygon's edge."""
    passed = np.zeros(shape, bool)
    ends = np.stack([corners, np.roll(corners, -1, axis=0)], axis=1)  # (edge, end, axis)
    inside = (ends == np.rint(ends)) & (ends >= 0) & (ends < shape)
    ends = ends[inside.all(axis=(1, 2))].astype(int)
    for some in np.split(ends, range(_EDGES_AT_ONCE, len(ends), _EDGES_AT_ONCE)):
        steps = some[:, 1] - some[:, 0]
        parts = np.maximum(np.gcd(steps[:, 0], steps[:, 1]), 1)
        edge = np.repeat(np.arange(len(some)), parts + 1)
        along = np.arange(len(edge)) - np.repeat(np.cumsum(parts + 1) - parts - 1, parts + 1)
        rows, columns = (some[edge, 0] + steps[edge] // parts[edge, np.newaxis] * along[:, np.newaxis]).T
        passed[rows, columns] = True
    return passed
