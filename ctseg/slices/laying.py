"""Label maps laid on the image that they belong to, pixel on pixel."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ctseg.slices.geometry import TOLERANCE, Geometry, GeometryError

UNKNOWN_PLACE = (
    "Where one of the two lies in the patient is unknown, so they were laid on each other pixel by pixel."
)


def lay_on(label_map: NDArray[Any], own: Geometry, wanted: Geometry) -> tuple[NDArray[Any], str | None]:
    """Turn a label map so that each of its pixels falls on the pixel of another image at the same place.

    Places in the patient are compared where both are known, else voxels of files where both are files of
    voxels, else nothing but the size.

    Parameters
    ----------
    label_map : ndarray, shape ``own.shape``
    own, wanted : Geometry of the label map, and of the image it is to lie on

    Returns
    -------
    label_map : ndarray, shape ``wanted.shape``, a view
    note : a sentence where the place in the patient is unknown of only one of them, or None

    Raises
    ------
    GeometryError
        If sizes, grids or places differ.
    """
    if own.affine is not None and wanted.affine is not None:
        return _laid(label_map, np.linalg.inv(wanted.affine) @ own.affine, wanted), None
    alike = own.affine is None and wanted.affine is None and (own.grid is None) == (wanted.grid is None)
    note = None if alike else UNKNOWN_PLACE
    if own.grid is not None and wanted.grid is not None:
        _check_spacing(own, wanted)
        between = np.linalg.inv(wanted.grid) @ own.grid
        between[2, 3] = 0.0  # one slice of a volume, saved alone, has lost its number
        return _laid(label_map, between, wanted), note
    if own.shape != wanted.shape:
        raise GeometryError(_sizes(own, wanted))
    return label_map, note


def on_grid(
    label_map: NDArray[Any], between: NDArray[np.float64]
) -> tuple[NDArray[Any], NDArray[np.int64], float] | None:
    """Turn a label map as an image lies on whose pixels it falls.

    Parameters
    ----------
    label_map : ndarray, shape (H, W)
    between : ndarray, shape (4, 4), maps its (row, column, 0) to those of the image

    Returns
    -------
    label_map as a view in the image's order, the image's (row, column) of its first pixel, and how far from
    the image's plane it lies at most, in slices; None where it does not fall on the image's pixels
    """
    height, width = label_map.shape
    corners = np.array([[0, 0], [0, width - 1], [height - 1, 0], [height - 1, width - 1]], np.float64)
    found = (between @ np.column_stack([corners, np.zeros(4), np.ones(4)]).T)[:3]
    nearest = np.rint(found[:2])
    quarter_turn = np.rint(between[:2, :2])
    turned = _is_turned(between)
    perfect = np.eye(2)[:, ::-1] if turned else np.eye(2)
    bent = np.abs(between[:2, :2] - quarter_turn) @ [height - 1, width - 1]
    on_pixels = max(bent.max(), np.abs(found[:2] - nearest).max()) <= TOLERANCE
    if not on_pixels or not np.array_equal(np.abs(quarter_turn), perfect):
        return None
    if turned:
        label_map, quarter_turn = label_map.T, quarter_turn[:, ::-1]
    view = label_map[:: int(quarter_turn[0, 0]), :: int(quarter_turn[1, 1])]
    return view, nearest.min(axis=1).astype(np.int64), float(np.abs(found[2]).max())


def _is_turned(between: NDArray[np.float64]) -> bool:
    quarter_turn = np.rint(between[:2, :2])
    return bool(abs(quarter_turn[0, 1]) > abs(quarter_turn[0, 0]))


def _laid(label_map: NDArray[Any], between: NDArray[np.float64], wanted: Geometry) -> NDArray[Any]:
    """Turn a label map by the map from its pixels (row, column, 0) to those of the wanted image."""
    height, width = label_map.shape
    if ((width, height) if _is_turned(between) else (height, width)) != wanted.shape:
        raise GeometryError(_sizes(Geometry((height, width)), wanted))
    found = on_grid(label_map, between)
    if found is None:
        raise GeometryError(
            "The label map lies on another grid than the image, turned, shifted by parts of a pixel or of "
            "another spacing; resample it to the image's grid."
        )
    view, first, away = found
    if first.any() or away > TOLERANCE:
        raise GeometryError(
            "The label map lies at another place in the patient than the image; give the label map of the "
            "same slice."
        )
    return view


def _check_spacing(own: Geometry, wanted: Geometry) -> None:
    if own.spacing_mm is None or wanted.spacing_mm is None:
        return
    # Rows of one may be columns of the other.
    if not np.allclose(sorted(own.spacing_mm), sorted(wanted.spacing_mm), rtol=1e-3):
        raise GeometryError(
            "The label map has another distance between its pixels than the image; resample it to the "
            "image's grid."
        )


def _sizes(own: Geometry, wanted: Geometry) -> str:
    return (
        f"The label map has {own.shape[1]} x {own.shape[0]} pixels and the image {wanted.shape[1]} x "
        f"{wanted.shape[0]}; give the label map of this image, of one size with it."
    )
