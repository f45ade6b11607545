"""Files that are there whole or not at all, flushed to the disk; and the size of a folder."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OWNER_ONLY = 0o600
"""Mode of a file that nobody else on the machine may read."""
_BY_UMASK = 0o666


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Give a name beside ``path`` to write under; at the end that file is flushed and renamed to ``path``.

    A reader sees the old file or the new one, after a power cut too. The folder is made.

    Parameters
    ----------
    path : file to write or replace

    Yields
    ------
    Path
        A hidden name that is not taken; whoever opens it closes it before the end of the block.

    Raises
    ------
    OSError
        If the disk is full or cannot be written. Then, and if the block raises, nothing is left.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{uuid.uuid4().hex}.tmp")
    try:
        yield unfinished
        with unfinished.open("rb+") as file:
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    flush_folder(path.parent)


def write_atomically(path: Path, content: bytes, mode: int = _BY_UMASK) -> None:
    """Write a file whole or not at all, as `atomic_path` does.

    Parameters
    ----------
    path : file to write or replace
    content : all of it
    mode : permissions, less those that the umask takes away; ``OWNER_ONLY`` for what others may not read

    Raises
    ------
    OSError
        If the disk is full or cannot be written; nothing is left then.
    """
    with atomic_path(path) as unfinished:
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
        with os.fdopen(handle, "wb") as file:
            file.write(content)


def flush_folder(folder: Path) -> None:
    """Make a folder's names survive a power cut, on systems where a folder can be opened."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def bytes_under(folder: Path) -> int:
    """Return the size in bytes of all files under a folder; what vanishes meanwhile counts as nothing."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue
    return total
