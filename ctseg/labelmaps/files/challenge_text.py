"""A challenge table's text, plain or gzipped, in blocks of whole lines: it never lies in memory at once."""

import codecs
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from ctseg.labelmaps.errors import LabelMapError
from ctseg.slices.sniff import SNIFFED_BYTES, sniff_bytes

_GZIP = b"\x1f\x8b"
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_ARCHIVES = (b"PK\x03\x04", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"\x28\xb5\x2f\xfd", b"Rar!")
_FEW = 8
_MAX_HEADER = 1 << 20
_BLOCK = 16 << 20


@contextmanager
def table_text(path: Path, max_bytes: int) -> Iterator["TableText"]:
    """Open a table, known by content to be plain or gzipped.

    Raises
    ------
    LabelMapError
        If there is no such file.
    """
    if not path.is_file():
        raise LabelMapError(f"There is no file {path.name}; check its name.")
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP
        file.seek(0)
        text = cast("BinaryIO", gzip.GzipFile(fileobj=file)) if packed else file
        yield TableText(text, max_bytes)


class TableText:
    """The lines of one open table.

    Parameters
    ----------
    source : stands at its start
    max_bytes : the most text that is taken, unpacked
    """

    def __init__(self, source: BinaryIO, max_bytes: int) -> None:
        self._source = source
        self._max_bytes = max_bytes
        self._taken = 0
        self._rest = b""
        self._decoder: codecs.IncrementalDecoder | None = None

    def header(self) -> bytes:
        """Return the first line without its end.

        Raises
        ------
        LabelMapError
            If it is longer than 1 MB, or the file is an archive or damaged.
        """
        start = self._read(_MAX_HEADER)
        if self._decoder is None:
            _check_is_text(start)
        line, end, self._rest = start.partition(b"\n")
        if not end and len(start) == _MAX_HEADER:
            raise LabelMapError(
                "The first line of this table has more than 1 MB of text; it must be an empty cell, then "
                "0.png, 1.png, ..."
            )
        return line

    @property
    def first_row(self) -> bytes:
        """What is read already of the line after the header."""
        return self._rest.partition(b"\n")[0]

    def blocks(self, max_line: int) -> Iterator[bytes]:
        """Yield the lines after the header, many at a time, each with its end; the last may have none.

        Raises
        ------
        LabelMapError
            If a line is longer than ``max_line`` bytes, there is too much text, or the file is damaged.
        """
        while block := self._read(_BLOCK):
            head, end, tail = block.rpartition(b"\n")
            if end:
                yield self._rest + head + end
                self._rest = tail
            else:
                self._rest += tail
            if len(self._rest) > max_line:
                name = self._rest[:20].decode("utf-8", errors="replace")
                raise LabelMapError(
                    f"The row {name!r} of this table has more than {max_line} characters; it needs one "
                    "value per image."
                )
        if self._rest:
            yield self._rest

    def _read(self, length: int) -> bytes:
        try:
            block = self._source.read(length)
        except (OSError, EOFError, zlib.error) as error:
            raise LabelMapError("This gzipped table is damaged or incomplete; pack it again.") from error
        if self._taken == 0 and block.startswith(_UTF_16):
            self._decoder = codecs.getincrementaldecoder("utf-16")()
        self._taken += len(block)
        if self._taken > self._max_bytes:
            raise LabelMapError(
                f"This table has more than {self._max_bytes // 1024**2} MB of text; it needs one column per "
                "image and one row per pixel."
            )
        return block if self._decoder is None else self._as_utf_8(block)

    def _as_utf_8(self, block: bytes) -> bytes:
        assert self._decoder is not None
        try:
            text = self._decoder.decode(block, final=not block)
            while block and not text:  # half a character is no end
                block = self._source.read(2)
                text = self._decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            raise LabelMapError(
                "This table begins as UTF-16 but is none; save it as CSV in UTF-8."
            ) from error
        return text.encode("utf-8", errors="replace")


def _check_is_text(start: bytes) -> None:
    """Refuse archives by their name, and UTF-16 that does not say so."""
    sniffed = sniff_bytes(start[:SNIFFED_BYTES])
    if start.startswith(_ARCHIVES):
        raise LabelMapError(f"This file is {sniffed.noun}, not a table; unpack it, or pack it as .csv.gz.")
    halves = start[:64:2], start[1:64:2]
    for zeros, letters in (halves, halves[::-1]):
        if len(zeros) > _FEW and not zeros.strip(b"\0") and b"\0" not in letters:
            raise LabelMapError("This table is in UTF-16 that does not say so; save it as CSV in UTF-8.")
