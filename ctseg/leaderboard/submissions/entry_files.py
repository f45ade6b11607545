"""The files of one entry, flushed to the disk before anything may count on them."""

import json
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ctseg.leaderboard.folders import RESULT_FILE
from ctseg.leaderboard.results.result import Result, to_json

PREDICTIONS_FILE = "predictions.npz"
PRIVATE_FILE = "private.json"
# Label maps are long runs of one value: the quickest level leaves little for the others to gain.
_DEFLATE_LEVEL = 1


def write_entry(folder: Path, result: Result, label_maps: NDArray[np.integer], contact: str) -> None:
    """Write an entry's three files into a folder that exists, and flush them and the folder to the disk.

    Parameters
    ----------
    folder : Path
    result : what is told to everybody
    label_maps : (N, H, W), in the order of ``result.images``
    contact : for the owner's eyes only
    """
    write_flushed(folder / RESULT_FILE, to_json(result).encode())
    write_flushed(folder / PRIVATE_FILE, (json.dumps({"contact": contact}) + "\n").encode())
    _write_predictions(folder / PREDICTIONS_FILE, result.images, label_maps)
    flush_folder(folder)


def read_predictions(path: Path) -> tuple[tuple[str, ...], NDArray[np.integer]]:
    """Return the images' names (N,) and the label maps (N, H, W) that ``write_entry`` wrote."""
    with np.load(path, allow_pickle=False) as stored:
        return tuple(map(str, stored["images"])), stored["label_maps"]


def write_flushed(path: Path, content: bytes) -> None:
    """Write a new file that only its owner may read, and flush it to the disk."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def flush_folder(folder: Path) -> None:
    """Flush a folder's list of names to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_predictions(path: Path, images: Sequence[str], label_maps: NDArray[np.integer]) -> None:
    small = label_maps.astype(np.uint8 if label_maps.max(initial=0) < 256 else np.uint16, copy=False)
    with path.open("xb") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=_DEFLATE_LEVEL) as archive:
            for name, values in (("images", np.array(images)), ("label_maps", small)):
                with archive.open(f"{name}.npy", "w", force_zip64=True) as part:
                    np.lib.format.write_array(part, values, allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())
