"""Segmentations that were saved without the background around them, laid on the whole of their image."""

import numpy as np
from numpy.typing import NDArray

from ctseg.slices.geometry import TOLERANCE, Geometry


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
    between = np.linalg.inv(on.affine) @ own.affine
    corners = between @ np.array([[0, 0, 0, 1], [*(np.array(own.shape) - 1), 0, 1]]).T
    steps, ends = np.rint(between[:2, :2]), np.rint(corners[:2])
    bent = np.abs(between[:2, :2] - steps) @ np.array(own.shape)
    off = max(bent.max(), np.abs(corners[:2] - ends).max(), np.abs(corners[2]).max())
    turned = steps[0, 0] == 0
    if off > TOLERANCE or not np.array_equal(np.abs(steps), np.eye(2)[:, ::-1] if turned else np.eye(2)):
        return labels, own
    if turned:
        labels, steps = labels.T, steps[:, ::-1]
    labels = labels[:: int(steps[0, 0]), :: int(steps[1, 1])]
    first = ends.min(axis=1).astype(int)
    begin, end = np.maximum(first, 0), np.minimum(first + labels.shape, on.shape)
    inside = tuple(slice(*each) for each in zip(begin - first, np.maximum(end, begin) - first, strict=True))
    if np.count_nonzero(labels) != np.count_nonzero(labels[inside]):
        return labels, own
    whole = np.zeros(on.shape, labels.dtype)
    whole[tuple(slice(*each) for each in zip(begin, np.maximum(end, begin), strict=True))] = labels[inside]
    return whole, on
