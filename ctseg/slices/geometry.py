"""Where the pixels of one image lie: what every reader, writer, comparison and score of label maps asks."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ctseg.errors import UserError

UNKNOWN_PLACE = (
    "Where one of the two lies in the patient is unknown, so they were laid on each other pixel by pixel."
)
# DICOM and ITK count x to the patient's left and y to the back, RAS+ to the right and to the front.
FROM_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
TOLERANCE = 0.25
"""Of a pixel, and of the distance between slices; mistaking corners for centres shifts by half a pixel."""
_SINGULAR = 1e-12
_IMPOSSIBLE = "The place that this file says it has cannot be; export it again."


class GeometryError(UserError):
    """Two images do not lie on one grid at one place; the message is one sentence."""


@dataclass(frozen=True, eq=False)
class Geometry:
    """Where one image of shape (H, W) lies; what a file does not say is None.

    Attributes
    ----------
    shape : height and width in pixels
    affine : ndarray of float64, shape (4, 4), or None
        Maps pixel (row, column, 0) to RAS+ mm in the patient; its third column leads to the next slice.
    spacing_mm : (row, column) distance between pixel centres in mm, or None
    grid : ndarray of float64, shape (4, 4), or None
        Maps (row, column, 0) to voxel (i, j, k) of the file, for files of voxels. Two files that say
        nothing of the patient still belong together where their voxels do.
    """

    shape: tuple[int, int]
    affine: NDArray[np.float64] | None = None
    spacing_mm: tuple[float, float] | None = None
    grid: NDArray[np.float64] | None = None

    def facts(self) -> dict[str, Any]:
        """Everything but the shape, as JSON values."""
        return {
            "spacing_mm": None if self.spacing_mm is None else list(self.spacing_mm),
            "affine": None if self.affine is None else self.affine.tolist(),
            "grid": None if self.grid is None else self.grid.tolist(),
        }

    @classmethod
    def from_facts(cls, shape: tuple[int, int], facts: dict[str, Any]) -> "Geometry":
        """Build a geometry from what `facts` returned, perhaps in a process that read an untrusted file.

        Raises
        ------
        GeometryError
            If it cannot be the place of an image.
        """
        try:
            spacing = facts["spacing_mm"]
            geometry = cls(
                shape,
                None if facts["affine"] is None else np.array(facts["affine"], np.float64),
                None if spacing is None else (float(spacing[0]), float(spacing[1])),
                None if facts["grid"] is None else np.array(facts["grid"], np.float64),
            )
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise GeometryError(_IMPOSSIBLE) from error
        if not all(matrix is None or is_place(matrix) for matrix in (geometry.affine, geometry.grid)):
            raise GeometryError(_IMPOSSIBLE)
        return geometry


def is_place(affine: NDArray[np.floating]) -> bool:
    """Whether a matrix can say where voxels lie: (4, 4), finite, and with an inverse."""
    if affine.shape != (4, 4) or not np.isfinite(affine).all():
        return False
    return abs(float(np.linalg.det(affine[:3, :3]))) > _SINGULAR


def across(affine: NDArray[np.float64]) -> NDArray[np.float64]:
    """Make the third column of an image's affine stand at right angles on the first two.

    The volume of a tilted gantry is sheared, but one slice of it is not; only so do NIfTI's quaternion and
    DICOM, which know no shear, put it where it was. The distance between slices is measured at right angles.
    Without a third direction the slice gets one of 1 mm.
    """
    upright_affine = affine.copy()
    normal = np.cross(affine[:3, 0], affine[:3, 1])
    length = float(np.linalg.norm(normal))
    if length > 0:
        distance = float(affine[:3, 2] @ normal) / length
        upright_affine[:3, 2] = normal / length * (distance or 1.0)
    return upright_affine


def upright(samples: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Turn an image as its orientation tag says.

    Parameters
    ----------
    samples : ndarray, shape (H, W) or (H, W, C), as stored
    orientation : 1 to 8 as in TIFF 6.0, section 8, tag 274, and Exif; any other value turns nothing

    Returns
    -------
    ndarray, shape (H, W) or (W, H), with C behind it if it was: a view.
    """
    if orientation in (5, 6, 7, 8):
        samples = samples.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        samples = samples[::-1]
    if orientation in (2, 3, 6, 7):
        samples = samples[:, ::-1]
    return samples


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


def plane_in(
    image: Geometry, affine: NDArray[np.float64] | None, stored: tuple[int, int, int]
) -> tuple[int | None, int]:
    """Find the plane of a volume in which an image lies.

    Parameters
    ----------
    image : where the image lies
    affine : ndarray, shape (4, 4), maps voxel (i, j, k) of the volume to RAS+ mm, or None
    stored : lengths of its axes

    Returns
    -------
    axis across the plane, None where nothing tells it, and index along it

    Raises
    ------
    GeometryError
        If no plane of the volume lies at the image's place.
    """
    if image.affine is not None and affine is not None:
        to_voxels = np.linalg.inv(affine) @ image.affine
    elif image.grid is not None:
        to_voxels = image.grid
    else:
        return None, 0
    last = np.array(image.shape, np.float64) - 1
    corners = np.array([[0, 0, 0, 1], [0, last[1], 0, 1], [last[0], 0, 0, 1], [*last, 0, 1]]).T
    found = (to_voxels @ corners)[:3]
    axis = int(np.argmin(np.abs(to_voxels[:3, :2]).sum(axis=1)))
    place = int(np.rint(found[axis].mean()))
    if np.abs(found[axis] - place).max() > TOLERANCE or not 0 <= place < stored[axis]:
        raise GeometryError(
            "None of the slices of the label map lies at the place of the image; give the label map of the "
            "same series."
        )
    return axis, place


def _laid(label_map: NDArray[Any], between: NDArray[np.float64], wanted: Geometry) -> NDArray[Any]:
    """Turn a label map by the map from its pixels (row, column, 0) to those of the wanted image."""
    height, width = label_map.shape
    corners = np.array([[0, 0], [0, width - 1], [height - 1, 0], [height - 1, width - 1]], np.float64)
    found = (between @ np.column_stack([corners, np.zeros(4), np.ones(4)]).T)[:3]
    nearest = np.rint(found[:2])
    quarter_turn = np.rint(between[:2, :2])
    turned = abs(quarter_turn[0, 1]) > abs(quarter_turn[0, 0])
    if (width, height) != wanted.shape if turned else (height, width) != wanted.shape:
        raise GeometryError(_sizes(Geometry((height, width)), wanted))
    perfect = np.eye(2)[:, ::-1] if turned else np.eye(2)
    bent = np.abs(between[:2, :2] - quarter_turn) @ [height - 1, width - 1]
    on_pixels = max(bent.max(), np.abs(found[:2] - nearest).max()) <= TOLERANCE
    if not on_pixels or not np.array_equal(np.abs(quarter_turn), perfect):
        raise GeometryError(
            "The label map lies on another grid than the image, turned, shifted by parts of a pixel or of "
            "another spacing; resample it to the image's grid."
        )
    lowest, highest = nearest.min(axis=1), nearest.max(axis=1)
    elsewhere = lowest.any() or not np.array_equal(highest, np.array(wanted.shape) - 1)
    if elsewhere or np.abs(found[2]).max() > TOLERANCE:
        raise GeometryError(
            "The label map lies at another place in the patient than the image; give the label map of the "
            "same slice."
        )
    if turned:
        label_map, quarter_turn = label_map.T, quarter_turn[:, ::-1]
    return label_map[:: int(quarter_turn[0, 0]), :: int(quarter_turn[1, 1])]


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
