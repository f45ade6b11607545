"""True structures of a whole volume, from one file of labels or one file for each structure."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ctseg.errors import UserError
from ctseg.labelmaps.errors import LabelMapError
from ctseg.sandbox.runner import Limits, run_decoder
from ctseg.slices.formats.volume import Volume
from ctseg.slices.formats.volume_files import open_volume
from ctseg.slices.sniff import VOXELS, sniff
from ctseg.slices.stack import Stack

# A hundred masks, each as large as its volume.
_LIMITS = Limits(cpu_seconds=900, wall_seconds=1800.0, place_seconds=1800.0)
_PIXELS = 0.25
_MAX_LABEL = 65535


def read_label_stack(
    paths: Sequence[Path], stack: Stack, numbers: Sequence[int] | None = None
) -> NDArray[np.uint16]:
    """Read the label maps of all slices of a volume, in a process of its own.

    Parameters
    ----------
    paths : one file of labels, or one mask for each structure; files of voxels on the volume's own grid
    stack : the volume's slices
    numbers : for masks the label of each, 0 for one that is left out; 1, 2, … if None. Where two masks
        overlap, the later one counts. None for a file of labels, whose values stay.

    Returns
    -------
    ndarray of uint16, shape (N, H, W)

    Raises
    ------
    LabelMapError
        If a file cannot be read, or does not lie on the volume's grid.
    """
    first = None if stack.affines is None else stack.affines[0].tolist()
    asked = json.dumps({"shape": stack.pixels.shape, "affine": first, "numbers": numbers})
    try:
        labels, _ = run_decoder(
            "ctseg.labelmaps.files.label_stack:decode_label_stack", paths, _LIMITS, settings=[asked]
        )
    except UserError as error:
        raise LabelMapError(str(error)) from error
    if labels.shape != stack.pixels.shape or labels.dtype != np.uint16:
        raise LabelMapError("These label maps could not be decoded; export them again.")
    return labels.view(np.uint16)


def decode_label_stack(*arguments: str) -> tuple[NDArray[np.uint16], dict[str, Any]]:
    """Decode for `read_label_stack`, as `run_decoder` wants it: paths, and last what was asked, as JSON."""
    *paths, text = arguments
    asked = json.loads(text)
    if len(paths) == 1 and asked["numbers"] is None:
        return _values(Path(paths[0]), asked).astype(np.uint16), {}
    labels = np.zeros(asked["shape"], np.uint16)
    for path, number in zip(paths, asked["numbers"] or range(1, len(paths) + 1), strict=True):
        if number:
            labels[_values(Path(path), asked) != 0] = number
    return labels, {}


def _values(path: Path, asked: dict[str, Any]) -> NDArray[np.integer]:
    """Whole numbers of a file, as the slices of the volume lie."""
    with path.open("rb") as file:
        kind = sniff(file).kind
        if kind not in (*VOXELS, "zip"):
            raise LabelMapError(f"{path.name} is no file of voxels; give NIfTI, MetaImage, NRRD or NumPy.")
        with open_volume(file, kind) as volume:
            _check_place(path.name, volume, asked)
            stored = volume.view.of(volume.read())
            slope, intercept = volume.slope, volume.intercept
    if (slope, intercept) == (1.0, 0.0) and stored.dtype.kind in "ui":
        values = stored
    else:
        values = stored.astype(np.float64) * slope + intercept
        whole = np.rint(values)
        if not np.isfinite(values).all() or np.abs(values - whole).max() > 1e-3:
            raise LabelMapError(f"{path.name} holds fractions, so it is no label map; save whole numbers.")
        values = whole
    if values.min() < 0 or values.max() > _MAX_LABEL:
        raise LabelMapError(f"{path.name} holds labels beyond 0 to {_MAX_LABEL}; renumber them.")
    return values.astype(np.uint16, copy=False)


def _check_place(name: str, volume: Volume, asked: dict[str, Any]) -> None:
    if list(volume.view.shape) != list(asked["shape"]):
        raise LabelMapError(f"{name} has {volume.view.shape} voxels and its volume {tuple(asked['shape'])}.")
    own = volume.place_in(volume.view, 0)
    if own is None or asked["affine"] is None:
        return
    between = np.linalg.inv(np.array(asked["affine"])) @ own
    lengths = np.array([*volume.view.shape[1:], volume.view.shape[0], 1.0])
    if np.abs((between - np.eye(4)) * lengths).max() > _PIXELS:
        raise LabelMapError(f"{name} does not lie where its volume lies; resample it onto the volume.")
