"""Label maps as PNG: 16-bit grey for programs, coloured for people."""

from os import PathLike

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ctseg.labelmaps.checks import checked
from ctseg.labelmaps.palette import PALETTE_SIZE, colour_index, colours

_MAX_16_BIT = 65535
_MAX_8_BIT = 255


def write_png16(path: str | PathLike[str], label_map: NDArray[np.generic]) -> None:
    """Write a label map as 16-bit grey PNG; the grey value is the label.

    Parameters
    ----------
    path : where to write; an existing file is replaced
    label_map : ndarray of integers or bool, shape (H, W), in [0, 65535]

    Raises
    ------
    ValueError
        If it is not a label map, or a label is above 65535.
    """
    label_map = checked(label_map)
    largest = int(label_map.max(initial=0))
    if largest > _MAX_16_BIT:
        raise ValueError(
            f"The label map has label {largest}, but 16-bit PNG ends at {_MAX_16_BIT}; relabel it first."
        )
    Image.fromarray(label_map.astype(np.uint16)).save(path, format="PNG")


def write_layer_png(
    path: str | PathLike[str], label_map: NDArray[np.integer], values: NDArray[np.floating]
) -> None:
    """Write one value of each structure as 8-bit grey PNG: 0 is background, 1 to 255 are 0 to 1.

    Parameters
    ----------
    path : where to write; an existing file is replaced
    label_map : ndarray of integers, shape (H, W), structures 1..n
    values : ndarray, shape (n,), in [0, 1]: of the structures in their order
    """
    levels = np.concatenate([[0], 1 + np.rint(254 * np.clip(values, 0, 1))]).astype(np.uint8)
    Image.fromarray(levels[checked(label_map)]).save(path, format="PNG")


def write_coloured_png(path: str | PathLike[str], label_map: NDArray[np.generic]) -> None:
    """Write a label map in the colours of ``palette.colours``, background black.

    Labels up to 255 become a palette PNG whose index is the label, which ``read_label_map`` reads back;
    larger ones an RGB PNG, which is an image only.

    Parameters
    ----------
    path : where to write; an existing file is replaced
    label_map : ndarray of integers or bool, shape (H, W), non-negative

    Raises
    ------
    ValueError
        If it is not a label map.
    """
    label_map = checked(label_map)
    if int(label_map.max(initial=0)) <= _MAX_8_BIT:
        image = Image.fromarray(label_map.astype(np.uint8), mode="P")
        image.putpalette(bytes(3) + colours(_MAX_8_BIT).tobytes())
    else:
        rgb = colours(PALETTE_SIZE)[colour_index(label_map)]
        rgb[label_map == 0] = 0
        image = Image.fromarray(rgb)
    image.save(path, format="PNG")
