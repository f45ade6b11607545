"""DICOM files out of a ZIP, in memory, with bounds on number, size and compression of its entries."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from typing import BinaryIO

from ctseg.slices.ct_slice import SliceError
from ctseg.slices.dicom.slices import Opener
from ctseg.slices.limits import (
    MAX_UPLOAD_BYTES,
    MAX_ZIP_BYTES,
    MAX_ZIP_ENTRIES,
    MAX_ZIP_RATIO,
    MEBIBYTE,
    ZIP_RATIO_MATTERS_FROM,
)
from ctseg.slices.sniff import SNIFFED_BYTES, is_dicom


def dicom_entries(archive: zipfile.ZipFile) -> list[Opener]:
    """One opener for each DICOM file in a ZIP; other files in it are passed over, nothing is written to disk.

    Raises
    ------
    SliceError
        If the ZIP is encrypted, too large once inflated, or holds no DICOM file.
    """
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    _check_entries(entries)
    found = [entry for entry in entries if entry.file_size and is_dicom(_start(archive, entry))]
    if not found:
        raise SliceError(
            "This ZIP holds no DICOM files; a ZIP must hold the slices of a CT series, and other files are "
            "uploaded unpacked."
        )
    return [partial(_open_entry, archive, entry) for entry in found]


def _check_entries(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MAX_ZIP_ENTRIES:
        raise SliceError(
            f"This ZIP holds {len(entries)} files, more than the {MAX_ZIP_ENTRIES} read here; "
            "pack one series only."
        )
    if any(entry.flag_bits & 1 for entry in entries):
        raise SliceError("This ZIP is protected by a password; pack the series without one.")
    if sum(entry.file_size for entry in entries) > MAX_ZIP_BYTES:
        raise SliceError(
            f"Unpacked, this ZIP would take more than the {MAX_ZIP_BYTES // MEBIBYTE} MB allowed; "
            "pack fewer slices."
        )
    for entry in entries:
        large = entry.file_size > ZIP_RATIO_MATTERS_FROM
        if entry.file_size > MAX_UPLOAD_BYTES or (
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
