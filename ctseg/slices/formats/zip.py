"""Files out of a ZIP, never written to disk, with bounds on number, size and compression of its entries."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO, cast

from ctseg.slices.ct_slice import SliceError
from ctseg.slices.limits import (
    MAX_LARGE_ZIP_RATIO,
    MAX_SET_UPLOAD_BYTES,
    MAX_UPLOAD_BYTES,
    MAX_ZIP_BYTES,
    MAX_ZIP_ENTRIES,
    MAX_ZIP_RATIO,
    MEBIBYTE,
    ZIP_RATIO_MATTERS_FROM,
)
from ctseg.slices.sniff import SNIFFED_BYTES, is_bare_dicom, sniff_bytes

if TYPE_CHECKING:
    from ctseg.slices.dicom.slices import Opener

HOLDS_NOTHING = (
    "This ZIP holds no DICOM files; a ZIP must hold the slices of a CT series, a MetaImage header with its "
    "voxels, or one NumPy array, and other files are uploaded unpacked."
)

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


@dataclass(frozen=True)
class Held:
    """One file in a ZIP: its name, its kind as `ctseg.slices.sniff` has it, and its entry."""

    name: str
    kind: str
    entry: zipfile.ZipInfo


def held_in(archive: zipfile.ZipFile) -> list[Held]:
    """Sniff every file in a ZIP that is not empty.

    Raises
    ------
    SliceError
        If the ZIP is encrypted, or too large once inflated.
    """
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    _check_entries(entries)
    starts = [(entry, _start(archive, entry)) for entry in entries if entry.file_size]
    held = [(Held(entry.filename, sniff_bytes(start).kind, entry), start) for entry, start in starts]
    if all(each.kind != "metaimage" for each, _ in held):
        return [each for each, _ in held]
    # Voxels beside their header may begin as a data set without preamble does, by chance.
    return [replace(each, kind="") if is_bare_dicom(start) else each for each, start in held]


def dicom_entries(archive: zipfile.ZipFile, held: list[Held]) -> "list[Opener]":
    """One opener for each DICOM file in a ZIP; other files in it are passed over."""
    return [partial(_open_entry, archive, each.entry) for each in held if each.kind == "dicom"]


def open_one(archive: zipfile.ZipFile, held: Held) -> BinaryIO:
    """Open one file as a stream, which is inflated only as far as it is read."""
    return cast("BinaryIO", archive.open(held.entry))


def _check_entries(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MAX_ZIP_ENTRIES:
        raise SliceError(
            f"This ZIP holds {len(entries)} files, more than the {MAX_ZIP_ENTRIES} read here; "
            "pack one series only."
        )
    if any(entry.flag_bits & 1 for entry in entries):
        raise SliceError("This ZIP is protected by a password; pack the series without one.")
    if any(entry.compress_type not in _METHODS for entry in entries):
        raise SliceError("This ZIP is packed by a rare method (such as Deflate64); pack it by plain Deflate.")
    max_bytes = max(MAX_ZIP_BYTES, MAX_LARGE_ZIP_RATIO * sum(entry.compress_size for entry in entries))
    if sum(entry.file_size for entry in entries) > max_bytes:
        raise SliceError(
            f"Unpacked, this ZIP would take more than the {max_bytes // MEBIBYTE} MB allowed; "
            "pack fewer slices."
        )
    for entry in entries:
        large = entry.file_size > ZIP_RATIO_MATTERS_FROM
        max_bytes = min(
            MAX_SET_UPLOAD_BYTES, max(MAX_UPLOAD_BYTES, MAX_LARGE_ZIP_RATIO * entry.compress_size)
        )
        if entry.file_size > max_bytes or (
            large and entry.file_size > MAX_ZIP_RATIO * max(1, entry.compress_size)
        ):
            raise SliceError("This ZIP holds a file that blows up when unpacked; pack the series again.")


def _start(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    with archive.open(entry) as file:
        return file.read(SNIFFED_BYTES)


@contextmanager
def _open_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[BinaryIO]:
    # The size in the table of contents was checked; a stream that goes on beyond it is cut there.
    with archive.open(entry) as file:
        yield BytesIO(file.read(entry.file_size))
