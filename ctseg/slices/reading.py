"""Reading slices: any file a user has, decoded in a process of its own."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ctseg.errors import UserError
from ctseg.sandbox import processes
from ctseg.sandbox.pending import begin_decoder
from ctseg.sandbox.runner import MEBIBYTE, SLICES, Limits, run_decoder
from ctseg.slices.ct_slice import CTSlice, SliceError
from ctseg.slices.identity import Identity
from ctseg.slices.limits import MAX_UPLOAD_BYTES, check_upload
from ctseg.slices.stack import Stack

_DECODER = "ctseg.slices.decode:decode_stack"
_FOLDER_DECODER = "ctseg.slices.decode:decode_folder"
_ONE_OF_FOLDER = "ctseg.slices.decode:decode_folder_slice"
# A folder is no upload: whoever names it waits for it, and hundreds of slices take longer than a file.
_FOLDER_LIMITS = Limits(cpu_seconds=300, wall_seconds=300.0)
_ONE = "ctseg.slices.decode:decode_slice"
_NAMED = "ctseg.slices.decode:begin_named_stack"
_NAMED_ONE = "ctseg.slices.decode:decode_named_slice"
_CANNOT_BE_OPENED = "This file cannot be opened; check that it is there and may be read."
# A slow disk and a slow processor inflate this much at least.
_BYTES_A_SECOND = 16 * MEBIBYTE
_FIRST_NEEDED = (
    "numpy",
    "PIL.Image",
    "pydicom",
    "pydicom.pixels",
    "ctseg.slices.decode",
    "ctseg.slices.dicom.series",
)


def warm_up() -> None:
    """Start one decoder process ahead, and from now on another after each that was used; for servers."""
    processes.warm_up(_FIRST_NEEDED)


def read_stack(
    paths: Path | str | Sequence[Path | str], folder: Path | None = None, max_bytes: int | None = None
) -> Stack:
    """Read all slices of an image, a volume, or the files or ZIP of a DICOM series.

    The format is told by content, never by name. The file is decoded in a process of its own with bounds on
    memory and time, so that no file can harm the caller.

    Parameters
    ----------
    paths : one file, the DICOM files of one series, or a folder in which, or below which, they lie; of
        several series there the largest is read and a note says so
    folder : private folder for the decoded pixels; the system's temporary folder if None
    max_bytes : what the files may have in all; what the setting for uploads allows if None. Decoded, they
        take 512 MB at most in any case.

    Returns
    -------
    Stack

    Raises
    ------
    SliceError
        If the file cannot be read as CT slices; the message is one sentence for who uploaded it.
    """
    files = _as_paths(paths)
    if len(files) == 1 and files[0].is_dir():
        return _checked(partial(run_decoder, _FOLDER_DECODER, files, _FOLDER_LIMITS, folder=folder))
    return _checked(partial(run_decoder, _DECODER, files, _checked_limits(files, max_bytes), folder))


def _checked_limits(files: list[Path], max_bytes: int | None) -> Limits:
    """Limits for files together, whose number and sizes may be read."""
    try:
        sizes = [path.stat().st_size for path in files]
    except OSError as error:
        raise SliceError(_CANNOT_BE_OPENED) from error
    check_upload(sizes, max_bytes)
    # Only what is beyond the usual size has more time than the setting gives.
    return _limits(max(0, sum(sizes) - MAX_UPLOAD_BYTES))


def _checked(decode: Callable[[], tuple[NDArray[np.generic], dict[str, Any]]]) -> Stack:
    try:
        return Stack.from_facts(*decode())
    except UserError as error:
        raise SliceError(str(error)) from error


def read_slice(path: Path | str, index: int | None = None) -> CTSlice:
    """Read one CT slice from any file.

    Of NIfTI, MetaImage, NRRD and NumPy files, and of DICOM series, only this slice is decoded and held in
    memory, so that they may have any size.

    Parameters
    ----------
    path : a PNG, JPEG, TIFF, DICOM, NIfTI, MetaImage, NRRD, NumPy or ZIP file, or a folder of one DICOM
        series
    index : which slice of a stack, counted from 0; the middle one if None

    Raises
    ------
    SliceError
        If the file cannot be read, or there is no such slice.
    """
    path = Path(path)
    settings = ["" if index is None else str(index)]
    if path.is_dir():
        return _checked(partial(run_decoder, _ONE_OF_FOLDER, [path], _FOLDER_LIMITS, settings=settings))[0]
    try:
        size = path.stat().st_size
    except OSError as error:
        raise SliceError(_CANNOT_BE_OPENED) from error
    return _checked(partial(run_decoder, _ONE, [path], _limits(size), settings=settings))[0]


def _limits(size: int) -> Limits:
    """Limits in time for a file of so many bytes."""
    more = size // _BYTES_A_SECOND
    return replace(SLICES, cpu_seconds=SLICES.cpu_seconds + more, wall_seconds=SLICES.wall_seconds + 2 * more)


def read_upload(paths: Path | str | Sequence[Path | str], folder: Path | None = None) -> Stack:
    """Read as `read_stack` does and delete the originals in any case, with their folders where left empty."""
    files = _as_paths(paths)
    with _deleted(files):
        return read_stack(files, folder)


def read_named_upload(paths: Sequence[Path | str], folder: Path | None = None) -> Stack:
    """Read files as `read_upload` does; a DICOM series has its identity with it, for one output alone.

    Of a long series the middle slice is there when this returns; the others are still decoded, and
    `Stack.free` ends that. The originals are moved to the decoder, and go with it.
    """
    files = _as_paths(paths)
    with _deleted(files):
        limits = _checked_limits(files, None)
        try:
            pixels, facts, pending = begin_decoder(_NAMED, files, limits, folder)
        except UserError as error:
            raise SliceError(str(error)) from error
        try:
            return replace(Stack.from_facts(pixels, facts), pending=pending)
        except SliceError:
            if pending is not None:
                pending.end()
            raise


def read_identity(path: Path | str, index: int | None = None) -> Identity | None:
    """Return the identity of the slice that `read_slice` reads; None where it is no DICOM.

    Raises
    ------
    SliceError
        As `read_slice`.
    """
    path = Path(path)
    limits = _FOLDER_LIMITS if path.is_dir() else _limits(path.stat().st_size)
    settings = ["" if index is None else str(index)]
    return _checked(partial(run_decoder, _NAMED_ONE, [path], limits, settings=settings)).identity


@contextmanager
def _deleted(files: list[Path]) -> Iterator[None]:
    """Delete files at the end in any case, and their folders where left empty."""
    try:
        yield
    finally:
        for path in files:
            with suppress(OSError):
                path.unlink()
            with suppress(OSError):
                path.parent.rmdir()


def _as_paths(paths: Path | str | Sequence[Path | str]) -> list[Path]:
    if isinstance(paths, Path | str):
        return [Path(paths)]
    return [Path(path) for path in paths]
