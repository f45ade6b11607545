"""The files of one entry, flushed to the disk before anything may count on them."""

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ctseg.files import OWNER_ONLY, atomic_path, write_atomically
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
    write_atomically(folder / RESULT_FILE, to_json(result).encode(), OWNER_ONLY)
    private = json.dumps({"contact": contact}) + "\n"
    write_atomically(folder / PRIVATE_FILE, private.encode(), OWNER_ONLY)
    _write_predictions(folder / PREDICTIONS_FILE, result.images, label_maps)


def read_predictions(path: Path) -> tuple[tuple[str, ...], NDArray[np.integer]]:
    """Return the images' names (N,) and the label maps (N, H, W) that ``write_entry`` wrote."""
    with np.load(path, allow_pickle=False) as stored:
        return tuple(map(str, stored["images"])), stored["label_maps"]


def _write_predictions(path: Path, images: Sequence[str], label_maps: NDArray[np.integer]) -> None:
    small = label_maps.astype(np.uint8 if label_maps.max(initial=0) < 256 else np.uint16, copy=False)
    with (
        atomic_path(path) as unfinished,
        zipfile.ZipFile(unfinished, "x", zipfile.ZIP_DEFLATED, compresslevel=_DEFLATE_LEVEL) as archive,
    ):
        for name, values in (("images", np.array(images)), ("label_maps", small)):
            with archive.open(f"{name}.npy", "w", force_zip64=True) as part:
                np.lib.format.write_array(part, values, allow_pickle=False)
