"""A volume in any orientation, seen as slices the way radiologists look at them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ctseg.slices.geometry import Geometry, across


@dataclass(frozen=True)
class View:
    """Which way the slices, rows and columns of a volume run along its stored axes.

    Attributes
    ----------
    axes : stored axis (0, 1, 2) of slices, rows and columns
    backwards : whether each of them counts against the stored axis
    stored : lengths of the stored axes (I, J, K)
    """

    axes: tuple[int, int, int]
    backwards: tuple[bool, bool, bool]
    stored: tuple[int, int, int]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of slices, height and width."""
        slices, rows, columns = (self.stored[axis] for axis in self.axes)
        return slices, rows, columns

    def of(self, voxels: NDArray[np.generic]) -> NDArray[np.generic]:
        """Voxels (I, J, K) as slices (N, H, W): a view."""
        flipped: list[slice] = [slice(None)] * 3
        for axis, backwards in zip(self.axes, self.backwards, strict=True):
            flipped[axis] = slice(None, None, -1) if backwards else slice(None)
        return voxels[tuple(flipped)].transpose(self.axes)

    def grid(self, index: int = 0) -> NDArray[np.float64]:
        """Shape (4, 4), maps (row, column, 0) of slice ``index`` to voxel (i, j, k); column 2 leads on."""
        grid = np.zeros((4, 4))
        grid[3, 3] = 1.0
        for column, place in enumerate((1, 2, 0)):
            axis, backwards = self.axes[place], self.backwards[place]
            grid[axis, column] = -1.0 if backwards else 1.0
            grid[axis, 3] = self.stored[axis] - 1 if backwards else 0.0
        grid[:, 3] += index * grid[:, 2]
        return grid


def radiological_view(stored: tuple[int, int, int], affine: NDArray[np.float64]) -> View:
    """See a volume as axial slices, feet first, anterior at the top and the patient's right at the left.

    An oblique volume is taken along the axis nearest to head and feet. A volume that has one slice along
    another axis is that one coronal or sagittal image, head at the top, right or anterior at the left.

    Parameters
    ----------
    stored : lengths of the axes (I, J, K)
    affine : ndarray, shape (4, 4), maps (i, j, k) to RAS+ mm
    """
    # Here, as it takes a second to import and few visitors need it.
    from nibabel.orientations import io_orientation

    nearest = io_orientation(affine)
    source = {int(axis): index for index, axis in enumerate(nearest[:, 0])}
    right, anterior, superior = source[0], source[1], source[2]
    increases = [bool(way > 0) for way in nearest[:, 1]]
    if stored[superior] == 1 or (stored[anterior] > 1 and stored[right] > 1):
        axes = (superior, anterior, right)
        backwards = (not increases[superior], increases[anterior], increases[right])
    elif stored[anterior] == 1:
        axes = (anterior, superior, right)
        backwards = (False, increases[superior], increases[right])
    else:
        axes = (right, superior, anterior)
        backwards = (False, increases[superior], increases[anterior])
    return View(axes, backwards, stored)


def stored_view(stored: tuple[int, int, int]) -> View:
    """See a volume of one slice as it is stored: columns along its first long axis, rows the second."""
    thin = next((axis for axis in (2, 1, 0) if stored[axis] == 1), 2)
    columns, rows = (axis for axis in range(3) if axis != thin)
    return View((thin, rows, columns), (False, False, False), stored)


def as_seen(image: Geometry) -> Geometry:
    """Where an image lies once it is turned the way radiologists look at it, as the slices of volumes are.

    Raises
    ------
    ValueError
        If its place is unknown.
    """
    if image.affine is None:
        raise ValueError("Which way an image of unknown place is looked at cannot be told.")
    height, width = image.shape
    affine = across(image.affine)[:, [1, 0, 2, 3]]
    view = radiological_view((width, height, 1), affine)
    return Geometry((view.shape[1], view.shape[2]), affine @ view.grid())
