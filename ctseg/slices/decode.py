"""From uploaded files to pixels: what the decoder's own process runs."""

import zipfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import numpy as np
from numpy.typing import NDArray

from ctseg.sandbox.parts import Parts
from ctseg.slices.ct_slice import SliceError
from ctseg.slices.formats import reader
from ctseg.slices.sniff import FORMATS, NAMES, READ_HERE, SNIFFED_BYTES, VOXELS, is_dicom, sniff
from ctseg.slices.stack import Stack

if TYPE_CHECKING:
    from ctseg.slices.dicom.decoding import Decoding
    from ctseg.slices.dicom.slices import Opener

Read = TypeVar("Read")
TOO_MUCH_MEMORY = "This file needs more memory to decode than is allowed; save a smaller part of it."


def decode_stack(*paths: str) -> tuple[NDArray[np.generic], dict[str, Any]]:
    """Decode files to pixels and JSON facts, as `ctseg.sandbox.runner.run_decoder` wants it."""
    stack = decode([Path(path) for path in paths])
    return stack.pixels, stack.facts()


def decode_folder(folder: str) -> tuple[NDArray[np.generic], dict[str, Any]]:
    """Decode the largest DICOM series in a folder and those below it, as `decode_stack` does."""
    from ctseg.slices.dicom.series import read_dicom

    stack = read_dicom(_files_in(folder))
    return stack.pixels, stack.facts()


def decode_folder_slice(folder: str, index: str) -> tuple[NDArray[np.generic], dict[str, Any]]:
    """Decode one slice of what `decode_folder` decodes, as `decode_slice` does of a file."""
    stack = _one_of_series(_files_in(folder), int(index) if index else None)
    return stack.pixels, stack.facts()


def _files_in(folder: str) -> "list[Opener]":
    found = [path for path in sorted(Path(folder).rglob("*")) if path.is_file() and _begins_as_dicom(path)]
    if not found:
        raise SliceError(
            "This folder holds no DICOM files; give a folder of one CT series, or a single file."
        )
    return [partial(open_file, path) for path in found]


def _begins_as_dicom(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return is_dicom(file.read(SNIFFED_BYTES))
    except OSError:  # not allowed to be read, or gone by now
        return False


def decode_slice(path: str, index: str) -> tuple[NDArray[np.generic], dict[str, Any]]:
    """Decode one slice of a file as a stack of its own; the middle one if ``index`` is ""."""
    stack = decode_one(Path(path), int(index) if index else None)
    return stack.pixels, stack.facts()


def begin_named_stack(*paths: str) -> tuple[NDArray[np.generic], dict[str, Any]] | Parts:
    """Decode as `decode_stack` does, with the identity beside the facts.

    A long DICOM series is decoded slice by slice, the middle one first.
    """
    files = [Path(path) for path in paths]
    kind = "dicom" if len(files) > 1 else _kind(files[0])
    stack, decoding = _guarded(kind, lambda: _begin(files, kind))
    if decoding is None:
        return _named(stack)
    _, facts = _named(stack)
    return Parts(decoding.shape, decoding.dtype, facts, decoding.jobs_from(stack.middle), decoding.decode)


def decode_named_slice(path: str, index: str) -> tuple[NDArray[np.generic], dict[str, Any]]:
    """Decode one slice of a file or folder with its identity, as `decode_slice` does without."""
    which = int(index) if index else None
    if Path(path).is_dir():
        return _named(_one_of_series(_files_in(path), which))
    return _named(decode_one(Path(path), which))


def _begin(files: list[Path], kind: str) -> "tuple[Stack, Decoding | None]":
    from ctseg.slices.dicom.series import begin_dicom
    from ctseg.slices.formats.zip import dicom_entries, held_in

    if kind == "zip":
        archive = zipfile.ZipFile(files[0])  # open until the process ends: slices are still to be decoded
        if entries := dicom_entries(archive, held_in(archive)):
            return begin_dicom(entries)
    elif kind == "dicom":
        return begin_dicom(_openers(files))
    return _decode_file(files[0], kind), None


def _named(stack: Stack) -> tuple[NDArray[np.generic], dict[str, Any]]:
    return stack.pixels, named_facts(stack)


def named_facts(stack: Stack) -> dict[str, Any]:
    """Return the facts of a stack with its identity beside them."""
    identity = None if stack.identity is None else stack.identity.facts()
    return stack.facts() | {"identity": identity}


def decode(paths: Sequence[Path]) -> Stack:
    """Decode files in this very process; use `ctseg.slices.read_stack` for files of strangers.

    Raises
    ------
    SliceError
        And nothing else, for any bytes.
    """
    if len(paths) > 1:
        return _guarded("dicom", lambda: _decode_several(paths))
    kind = _kind(paths[0])
    return _guarded(kind, lambda: _decode_file(paths[0], kind))


def decode_one(path: Path, index: int | None) -> Stack:
    """Decode one slice in this very process, of a file of voxels of any size without holding the others.

    Parameters
    ----------
    path : the file
    index : which slice, from 0; the middle one if None

    Raises
    ------
    SliceError
        And nothing else, for any bytes.
    """
    kind = _kind(path)
    if kind in VOXELS:
        return _guarded(kind, lambda: _decode_voxels(path, kind, index))
    if kind == "dicom":
        return _guarded(kind, lambda: _one_of_series([partial(open_file, path)], index))
    if kind == "zip":
        return _guarded(kind, lambda: _one_zipped(path, index))
    stack = decode([path])
    index = stack.middle if index is None else index
    return stack.only(index)


def _one_of_series(openers: "list[Opener]", index: int | None) -> Stack:
    from ctseg.slices.dicom.series import read_dicom_slice

    return read_dicom_slice(openers, index)


def _one_zipped(path: Path, index: int | None) -> Stack:
    from ctseg.slices.formats.zip import dicom_entries, held_in

    with path.open("rb") as file, zipfile.ZipFile(file) as archive:
        entries = dicom_entries(archive, held_in(archive))
        if entries:
            return _one_of_series(entries, index)
    return _decode_voxels(path, "zip", index)


def _guarded(kind: str, read: Callable[[], Read]) -> Read:
    try:
        return read()
    except SliceError:
        raise
    except MemoryError as error:
        raise SliceError(TOO_MUCH_MEMORY) from error
    # Codecs and parsers fail on damaged files with errors of every kind.
    except Exception as error:
        raise SliceError(f"This {NAMES[kind]} file is damaged or incomplete; export it again.") from error


def _kind(path: Path) -> str:
    with path.open("rb") as file:
        sniffed = sniff(file)
    if path.stat().st_size == 0:
        raise SliceError("This file is empty; export or download it again.")
    if not sniffed.kind:
        raise SliceError(sniffed.refusal or f"This file is {sniffed.noun}, not a CT slice; {READ_HERE}.")
    return sniffed.kind


def _decode_several(paths: Sequence[Path]) -> Stack:
    from ctseg.slices.dicom.series import read_dicom

    return read_dicom(_openers(paths))


def _openers(paths: Sequence[Path]) -> "list[Opener]":
    """One opener for each of several files, or of one that was sniffed already."""
    if any(path.stat().st_size == 0 for path in paths):
        raise SliceError("This file is empty; export or download it again.")
    if len(paths) > 1 and not all(_begins_as_dicom(path) for path in paths):
        raise SliceError(
            "Several files are read together only if all are DICOM slices of one series; "
            "upload one file at a time, and a .mhd with its .raw in one ZIP."
        )
    return [partial(open_file, path) for path in paths]


def open_file(path: Path) -> BinaryIO:
    return path.open("rb")


def _decode_file(path: Path, kind: str) -> Stack:
    with path.open("rb") as file:
        if FORMATS[kind].reads:
            stack: Stack = reader(FORMATS[kind].reads)(file)
            return stack
        if kind == "dicom":
            from ctseg.slices.dicom.series import read_dicom

            return read_dicom([partial(open_file, path)])
        if kind == "zip" and (series := _decode_zipped_series(file)) is not None:
            return series
        from ctseg.slices.formats.volume import stack_of
        from ctseg.slices.formats.volume_files import open_volume

        with open_volume(file, kind) as volume:
            return stack_of(volume)


def _decode_zipped_series(file: BinaryIO) -> Stack | None:
    """The CT series in a ZIP; None if it holds no DICOM."""
    from ctseg.slices.dicom.series import read_dicom
    from ctseg.slices.formats.zip import dicom_entries, held_in

    with zipfile.ZipFile(file) as archive:
        entries = dicom_entries(archive, held_in(archive))
        return read_dicom(entries) if entries else None


def _decode_voxels(path: Path, kind: str, index: int | None) -> Stack:
    from ctseg.slices.formats.volume import slice_of
    from ctseg.slices.formats.volume_files import open_volume

    with path.open("rb") as file, open_volume(file, kind) as volume:
        return slice_of(volume, index)
