"""Where the pixels of one image lie: what every reader, writer, comparison and score of label maps asks."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ctseg.errors import UserError

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
