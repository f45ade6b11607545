"""What every function here asks of a label map."""

import numpy as np
from numpy.typing import NDArray


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
