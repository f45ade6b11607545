"""The label maps of a submission as they are read: checked, numbered anew, and kept in few bytes."""

import threading

import numpy as np
from numpy.typing import NDArray

from ctseg.leaderboard.results.result import canonical_label_map
from ctseg.leaderboard.submissions import SubmissionError
from ctseg.leaderboard.submissions.expected_images import ExpectedImages

MAX_VALUES = 4096
"""Different values that one label map may have; real slices have tens of structures, noise has thousands."""

MAX_VALUE = np.iinfo(np.uint16).max


class LabelMapStack:
    """Label maps of all images of a board, canonical, in its order; several threads may put into it.

    Parameters
    ----------
    layout : the board's images and their shape
    """

    def __init__(self, layout: ExpectedImages) -> None:
        self.layout = layout
        self._lock = threading.Lock()
        self._label_maps: NDArray[np.integer] = np.zeros((len(layout.images), *layout.shape), np.uint8)

    @property
    def label_maps(self) -> NDArray[np.integer]:
        """What was put so far, uint8 or, where an image needs it, uint16, shape (N, H, W)."""
        return self._label_maps

    def put(self, index: int, label_map: NDArray[np.generic]) -> None:
        """Check a label map, number it anew in order of first appearance, and keep it as image ``index``.

        Raises
        ------
        SubmissionError
            If it has another shape, is no array of integers, holds negative or too large values (the sentence
            names row and column), or more than 4096 different ones.
        """
        image = self.layout.images[index]
        labels = _integers(image, label_map, self.layout.shape)
        numbered = canonical_label_map(labels)
        largest = int(numbered.max())
        if largest > MAX_VALUES or (largest == MAX_VALUES and not numbered.all()):
            raise SubmissionError(
                f"The label map of {image} has more than {MAX_VALUES} different values, as noise or a CT "
                "image has; give each structure one value."
            )
        with self._lock:
            if largest > np.iinfo(self._label_maps.dtype).max:
                self._label_maps = self._label_maps.astype(np.uint16)
            self._label_maps[index] = numbered


def check_shape(image: str, found: tuple[int, ...], wanted: tuple[int, int]) -> None:
    """Refuse a label map of another shape than the board's images have, before it is read if possible."""
    if found != wanted:
        size = " x ".join(map(str, found[:4])) or "no"
        raise SubmissionError(
            f"The label map of {image} has {size} pixels (rows first), but the board's images have "
            f"{wanted[0]} x {wanted[1]}; give one value per pixel of the image."
        )


def check_dtype(image: str, dtype: np.dtype) -> None:
    """Refuse values that are not whole numbers."""
    if dtype.kind not in "biu":
        raise SubmissionError(
            f"The label map of {image} holds {dtype.name} values; save it as integers, such as uint16."
        )


def _integers(image: str, label_map: NDArray[np.generic], shape: tuple[int, int]) -> NDArray[np.integer]:
    check_shape(image, label_map.shape, shape)
    check_dtype(image, label_map.dtype)
    labels: NDArray[np.integer] = label_map.view(np.uint8) if label_map.dtype.kind == "b" else label_map  # type: ignore[assignment]
    if labels.min() < 0 or labels.max() > MAX_VALUE:
        row, column = np.argwhere((labels < 0) | (labels > MAX_VALUE))[0]
        raise SubmissionError(
            f"The label map of {image} has the value {labels[row, column]} in row {row}, column {column}; "
            f"whole numbers from 0 to {MAX_VALUE} are read."
        )
    return labels
