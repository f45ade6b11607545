"""What every function here asks of a label map."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ctseg.labelmaps.errors import LabelMapError


def checked(label_map: NDArray[np.generic]) -> NDArray[np.integer]:
    """Return the label map as an integer array; bool becomes uint8.

    Raises
    ------
    ValueError
        If it is not an integer array of shape (H, W), or has negative labels.
    """
    array = np.asarray(label_map)
    if array.dtype == np.bool_:
        array = array.view(np.uint8)
    if not np.issubdtype(array.dtype, np.integer):
        raise ValueError(f"The label map holds {array.dtype} values; convert it to integers first.")
    if array.ndim != 2:
        raise ValueError(f"The label map has shape {array.shape}; it must be (height, width).")
    if array.size and np.issubdtype(array.dtype, np.signedinteger) and array.min() < 0:
        raise ValueError("The label map has negative labels; use 0 for background and numbers above it.")
    return array


def as_labels(numbers: NDArray[np.generic]) -> NDArray[np.integer]:
    """Turn what a file holds into labels: bool to uint8, whole floats to int32.

    Raises
    ------
    LabelMapError
        If they are fractions, negative or too large, or no image (H, W).
    """
    if numbers.ndim != 2 or not numbers.size:
        raise LabelMapError(
            "This file is not a label map of one slice; give an image or a volume of one slice."
        )
    if numbers.dtype.kind not in "biuf":
        raise LabelMapError(f"This file holds {numbers.dtype} values; save the label map as integers.")
    if numbers.dtype.kind == "f" and not (
        np.isfinite(numbers).all() and (numbers == np.floor(numbers)).all()
    ):
        raise LabelMapError("This file holds fractions, so it is no label map; save the labels as integers.")
    if numbers.dtype.kind in "if" and numbers.min() < 0:
        raise LabelMapError("This label map has negative labels; use 0 for background and numbers above it.")
    if numbers.dtype.kind == "f" and float(numbers.max()) > np.iinfo(np.int32).max:
        raise LabelMapError("This label map has labels above 2147483647; renumber them.")
    dtype: np.dtype[Any] = numbers.dtype.newbyteorder("=")
    if numbers.dtype.kind in "bf":
        dtype = np.dtype(np.uint8 if numbers.dtype.kind == "b" else np.int32)
    return np.ascontiguousarray(numbers, dtype=dtype)
