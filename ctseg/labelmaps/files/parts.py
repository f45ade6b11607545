"""Segmentations that were saved without the background around them, laid on the whole of their image."""

import numpy as np
from numpy.typing import NDArray

from ctseg.slices.geometry import TOLERANCE, Geometry
from ctseg.slices.laying import on_grid


def on_whole(
    labels: NDArray[np.generic], own: Geometry, on: Geometry | None
) -> tuple[NDArray[np.generic], Geometry]:
    """Give a segmentation the pixels of an image on whose grid it covers a part; elsewhere is background.

    DICOM Segmentations may be smaller than their source, and 3D Slicer may save no more than what is marked
    (``Segmentation_ReferenceImageExtentOffset``). For no other format is what lies outside known.

    Parameters
    ----------
    labels : ndarray, shape ``own.shape``
    own, on : where it lies, and where the image does

    Returns
    -------
    labels of shape ``on.shape`` and ``on``, or both as they were where the segmentation lies on another grid,
    another slice, or marks something outside the image
    """
    if on is None or own.affine is None or on.affine is None or sorted(own.shape) == sorted(on.shape):
        return labels, own
    found = on_grid(labels, np.linalg.inv(on.affine) @ own.affine)
    if found is None or found[2] > TOLERANCE:
        return labels, own
    part, first, _ = found
    begin, end = np.maximum(first, 0), np.minimum(first + part.shape, on.shape)
    end = np.maximum(end, begin)
    inside = tuple(slice(*each) for each in zip(begin - first, end - first, strict=True))
    if np.count_nonzero(part) != np.count_nonzero(part[inside]):
        return labels, own
    whole = np.zeros(on.shape, part.dtype)
    whole[tuple(slice(*each) for each in zip(begin, end, strict=True))] = part[inside]
    return whole, on
