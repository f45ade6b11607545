"""A submission's ZIP (an NPZ is one too): its table of contents is judged before anything is inflated."""

import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from ctseg.leaderboard.submissions import SubmissionError
from ctseg.leaderboard.submissions.formats.names import quoted

_MAX_CONTENTS_BYTES = 8 << 20
_END = b"PK\x05\x06"
_END_BYTES = 22
_MAX_COMMENT = 65535
_SEE_ZIP64 = 0xFFFFFFFF
_LOCATOR, _LOCATOR_BYTES = b"PK\x06\x07", 20
_ZIP64_END, _ZIP64_END_BYTES = b"PK\x06\x06", 56
_READ_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_PASSED_OVER = ("__MACOSX", "Thumbs.db", "desktop.ini")


@contextmanager
def open_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a ZIP of few enough entries.

    Raises
    ------
    SubmissionError
        If it is damaged or lists far more files than a board has images.
    """
    with path.open("rb") as file:
        _check_contents_size(file)
        try:
            with zipfile.ZipFile(file) as archive:
                yield archive
        except (zipfile.BadZipFile, EOFError, struct.error, NotImplementedError, UnicodeError) as error:
            raise SubmissionError("This ZIP file is damaged or incomplete; pack it again.") from error


def _check_contents_size(file: BinaryIO) -> None:
    """Read the record at the end: listing the entries of a table of contents of 500 MB would take minutes."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _END_BYTES - _MAX_COMMENT))
    end = file.read()
    place = end.rfind(_END)
    if place < 0 or len(end) - place < _END_BYTES:
        raise SubmissionError("This ZIP file is incomplete; pack or upload it again.")
    contents = struct.unpack_from("<I", end, place + 12)[0]
    if contents == _SEE_ZIP64:
        contents = _zip64_contents(end[max(0, place - _LOCATOR_BYTES - _ZIP64_END_BYTES) : place])
    if min(contents, size) > _MAX_CONTENTS_BYTES:
        raise SubmissionError(
            "This ZIP lists far more files than a board has images; pack the label maps only."
        )
    file.seek(0)


def _zip64_contents(records: bytes) -> int:
    """Bytes of the table of contents by the ZIP64 end record and its locator (APPNOTE 4.3.14, 4.3.15).

    The record is believed only just before its locator, where `zipfile` reads it.
    """
    whole = len(records) == _ZIP64_END_BYTES + _LOCATOR_BYTES
    if not whole or not records.startswith(_ZIP64_END) or records[_ZIP64_END_BYTES:][:4] != _LOCATOR:
        return _SEE_ZIP64
    return int(struct.unpack_from("<Q", records, 40)[0])


def files_of(archive: zipfile.ZipFile, largest: int) -> list[tuple[str, zipfile.ZipInfo]]:
    """Return the files in a ZIP, each with its name without the one folder in which all may lie.

    Folders and what operating systems add are passed over. Nothing is ever written under these names.

    Parameters
    ----------
    archive : an open ZIP
    largest : bytes that one file may have, inflated

    Raises
    ------
    SubmissionError
        If a file is encrypted, packed by a rare method or larger, or its name is no plain name.
    """
    found = [(_plain(entry), entry) for entry in archive.infolist() if not _passed_over(entry)]
    for name, entry in found:
        if entry.flag_bits & 1:
            raise SubmissionError("This ZIP is protected by a password; pack the label maps without one.")
        if entry.compress_type not in _READ_METHODS:
            raise SubmissionError("This ZIP is packed by a rare method; pack it by deflate, as is usual.")
        if entry.file_size > largest:
            raise SubmissionError(
                f"Unpacked, {quoted(name)} would have {entry.file_size} bytes, more than the {largest} that "
                "a label map of this board may have; save it again as it is described."
            )
    return found


def _passed_over(entry: zipfile.ZipInfo) -> bool:
    parts = PurePosixPath(entry.filename).parts
    return (
        entry.filename.endswith("/")
        or any(part in _PASSED_OVER for part in parts)
        or parts[-1:] == (".DS_Store",)
    )


def _plain(entry: zipfile.ZipInfo) -> str:
    # Some programs of Windows write "\\" (APPNOTE 4.4.17.1 wants "/"), others "./" before every name.
    name = entry.filename.replace("\\", "/").removeprefix("./")
    folder, _, last = name.rpartition("/")
    odd = not last or "/" in folder or name.startswith(("/", ".")) or last.startswith(".")
    if odd or ":" in name:
        raise SubmissionError(
            f"This ZIP holds a file under the path {quoted(name)!r}; pack the label maps without folders."
        )
    return last
