"""From a submitted file to canonical label maps: what the decoder's own process runs."""

import json
import zipfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ctseg.labelmaps.files import read_challenge_stack
from ctseg.leaderboard.submissions import SubmissionError
from ctseg.leaderboard.submissions.expected_images import ExpectedImages
from ctseg.leaderboard.submissions.formats.archive import files_of, open_archive
from ctseg.leaderboard.submissions.formats.label_map_stack import LabelMapStack
from ctseg.leaderboard.submissions.formats.names import check_images
from ctseg.leaderboard.submissions.formats.numpy_arrays import SUFFIX, max_array_bytes, read_arrays
from ctseg.leaderboard.submissions.formats.png_images import max_png_bytes, read_png_images
from ctseg.leaderboard.submissions.formats.voxel_files import SUFFIXES as SUFFIXES_OF_VOXELS
from ctseg.leaderboard.submissions.formats.voxel_files import max_voxel_bytes, read_voxel_files
from ctseg.slices.sniff import SNIFFED_BYTES, sniff_bytes

FORMATS = "a CSV (or .csv.gz) in the challenge's layout, a ZIP of PNG or NIfTI label maps, or an NPZ"
_OTHERS = {
    "png": "one PNG image; pack the label maps of all images into one ZIP",
    "npy": "one NumPy array; save all label maps with numpy.savez_compressed",
}
_PICKLE = b"\x80"
_THREADS = 2


def decode_submission(path: str, layout: str) -> tuple[NDArray[np.integer], dict[str, Any]]:
    """Read a submitted file, its format known by content, as `ctseg.sandbox.runner.run_decoder` wants it.

    Parameters
    ----------
    path : the untrusted file
    layout : JSON of the board's `ExpectedImages`

    Returns
    -------
    canonical label maps in the board's order, uint8 or uint16, shape (N, H, W); and no facts
    """
    fields = json.loads(layout)
    stack = LabelMapStack(
        ExpectedImages(fields["board"], tuple(fields["images"]), (fields["shape"][0], fields["shape"][1]))
    )
    _read(Path(path), stack)
    return stack.label_maps, {}


def _read(path: Path, stack: LabelMapStack) -> None:
    with path.open("rb") as file:
        start = file.read(SNIFFED_BYTES)
    if not start:
        raise SubmissionError("This file is empty; upload the submission again.")
    kind = sniff_bytes(start).kind
    if kind in _OTHERS:
        raise SubmissionError(f"This file is {_OTHERS[kind]}.")
    if start.startswith(_PICKLE):
        raise SubmissionError(f"This file is a Python pickle, which is never opened; give {FORMATS}.")
    if kind == "zip":
        _read_zip(path, stack)
    elif b"\0" in start and not start.startswith(b"\x1f\x8b"):
        raise SubmissionError(f"This file is no submission; give {FORMATS}.")
    else:
        _read_table(path, stack)


def _read_zip(path: Path, stack: LabelMapStack) -> None:
    layout = stack.layout
    with open_archive(path) as archive:
        files = files_of(archive, max_array_bytes(layout))
        suffixes = {Path(name).suffix.lower() for name, _ in files}
        if SUFFIX in suffixes:
            _only(files, SUFFIX)
            read_arrays(archive, files, stack)
        elif any(name.endswith(SUFFIXES_OF_VOXELS) for name, _ in files):
            read_voxel_files(archive, files_of(archive, max_voxel_bytes(layout.shape)), stack)
        elif suffixes & {".csv", ".gz"}:
            raise SubmissionError("This ZIP holds a CSV; upload the CSV itself, or gzip it as .csv.gz.")
        elif not files:
            raise SubmissionError(f"This ZIP is empty; give {FORMATS}.")
        else:
            read_png_images(archive, files_of(archive, max_png_bytes(layout.shape)), stack)


def _only(files: Sequence[tuple[str, zipfile.ZipInfo]], suffix: str) -> None:
    if not all(name.endswith(suffix) for name, _ in files):
        raise SubmissionError(
            "This ZIP mixes NumPy arrays with other files; save it with numpy.savez_compressed."
        )


def _read_table(path: Path, stack: LabelMapStack) -> None:
    layout = stack.layout
    names, label_maps = read_challenge_stack(
        path, layout.shape, partial(check_images, layout.board, layout.images)
    )
    places = {image: index for index, image in enumerate(layout.images)}
    with ThreadPoolExecutor(_THREADS) as pool:
        for _ in pool.map(stack.put, [places[name] for name in names], label_maps):
            pass
