"""What a submitter may download: a board's images, and an example of a submission. Never a true label.

Only for boards whose images may be passed on. The example is without any structure, so that it can hold
nothing of the truth, and is written without opening the board's data.
"""

import gzip
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image

from ctseg.datasets import open_split
from ctseg.files import atomic_path
from ctseg.leaderboard.boards import Board, BoardError
from ctseg.leaderboard.submissions.expected_images import ExpectedImages, layout_of
from ctseg.settings import cache_folder

# The same content gives the same bytes.
_DATE = (2026, 1, 1, 0, 0, 0)


def write_images_zip(board: Board, target: Path) -> None:
    """Write the board's images as a ZIP of 8-bit grey PNG files, one image in memory at a time.

    Raises
    ------
    BoardError
        If its images may not be passed on; nothing is opened or written then.
    DatasetError
        If its images are not on this machine.
    """
    _refuse_if_kept(board)
    split = open_split(board.name)
    images = ((image, _png(split.slice(index).pixels)) for index, image in enumerate(split.images))
    _write(target, lambda file: _zip(file, images))


def write_example_submission(board: Board, target: Path) -> None:
    """Write a submission without any structure that `ctseg check` accepts: ``.csv.gz``, ``.zip`` or ``.npz``.

    Raises
    ------
    BoardError
        If the board's images may not be passed on, or the name ends otherwise.
    """
    _refuse_if_kept(board)
    layout = layout_of(board)
    stack = (len(layout.images), *layout.shape)
    writers: dict[str, Callable[[IO[bytes]], None]] = {
        ".csv.gz": lambda file: _example_csv(file, layout),
        ".zip": lambda file: _zip(file, ((image, _png(_nothing(layout))) for image in layout.images)),
        ".npz": lambda file: np.savez_compressed(
            file, images=np.array(layout.images), label_maps=np.zeros(stack, np.uint8)
        ),
    }
    suffix = next((suffix for suffix in writers if target.name.endswith(suffix)), None)
    if suffix is None:
        raise BoardError(f"{target.name} ends in none of {', '.join(writers)}; rename it.")
    _write(target, writers[suffix])


def images_zip(board: Board) -> Path:
    """Return the ZIP of a board's images, made once and kept in the cache folder.

    A board that is sealed with another secret has other images, so its ZIP is named by them.

    Raises
    ------
    BoardError, DatasetError
        As `write_images_zip` does.
    """
    _refuse_if_kept(board)
    folder = cache_folder() / "boards" / f"{board.name}-{open_split(board.name).fingerprint()[:16]}"
    return _kept(folder / f"{board.name}-images.zip", lambda path: write_images_zip(board, path))


def example_submission(board: Board) -> Path:
    """Return an example of a submission as ``.csv.gz``, made once and kept in the cache folder.

    Raises
    ------
    BoardError
        As `write_example_submission` does.
    """
    _refuse_if_kept(board)
    path = cache_folder() / "boards" / f"{board.name}-example.csv.gz"
    return _kept(path, lambda path: write_example_submission(board, path))


def _refuse_if_kept(board: Board) -> None:
    if not board.images_may_be_shown:
        raise BoardError(
            f"The images of {board.name} may not be passed on; get them from whoever hands them out."
        )


def _kept(path: Path, write: Callable[[Path], None]) -> Path:
    if not path.exists():
        write(path)
    return path


def _write(target: Path, write: Callable[[IO[bytes]], None]) -> None:
    """Write whole or not at all: what is half written is never downloaded."""
    with atomic_path(target) as unfinished, unfinished.open("xb") as file:
        write(file)


def _zip(file: IO[bytes], images: Iterator[tuple[str, bytes]]) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, content in images:
            archive.writestr(zipfile.ZipInfo(name, _DATE), content)


def _png(pixels: np.ndarray) -> bytes:
    content = BytesIO()
    Image.fromarray(pixels).save(content, "PNG")
    return content.getvalue()


def _nothing(layout: ExpectedImages) -> np.ndarray:
    return np.zeros(layout.shape, np.uint8)


def _example_csv(file: IO[bytes], layout: ExpectedImages) -> None:
    cells = ",0" * len(layout.images)
    with gzip.GzipFile("", "wb", 6, file, mtime=0) as packed:
        packed.write((",".join(["", *layout.images]) + "\n").encode())
        for pixel in range(layout.shape[0] * layout.shape[1]):
            packed.write(f"Pixel {pixel}{cells}\n".encode())
