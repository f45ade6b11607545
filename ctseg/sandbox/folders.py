"""Private folders of this process, told from those of dead processes by a lock, never by their age."""

import atexit
import os
import shutil
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

from ctseg.locks import try_lock

LOCK = ".lock"
DECODING = "ctseg-decoding-"
"""How the folder begins in which a process's decoders find their requests."""

_held: dict[Path, int] = {}
_owner = os.getpid()
_lock = threading.Lock()


def private_folder(prefix: str, parent: Path | None = None) -> Path:
    """Make a folder that only this user may read, and hold its lock until this process ends.

    Parameters
    ----------
    prefix : how its name begins
    parent : where it lies; the system's temporary folder if None

    Raises
    ------
    OSError
        If it cannot be made.
    """
    while True:
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent)).resolve()
        handle = _try_lock(folder)
        # Whoever empties dead folders may have been here before the lock was.
        if handle is not None and (folder / LOCK).exists():
            _held[folder] = handle
            return folder
        if handle is not None:
            os.close(handle)


def is_held(folder: Path) -> bool:
    """Whether a folder is one of this process's own."""
    return folder.resolve() in _held


def give_up(folder: Path) -> None:
    """Delete a private folder with all that lies in it."""
    _delete(folder, _held.pop(folder.resolve(), None))


def empty_dead(prefix: str, parent: Path | None = None) -> int:
    """Delete the folders of this user whose processes have ended, however that was; return how many."""
    gone = 0
    for folder in sorted((parent or Path(tempfile.gettempdir())).glob(f"{prefix}*")):
        with suppress(OSError):
            if folder.is_symlink() or not folder.is_dir() or not _is_own(folder):
                continue
            handle = _try_lock(folder)
            if handle is not None:
                _delete(folder, handle)
                gone += not folder.exists()
    return gone


def decoding_folder() -> Path:
    """Return the folder of this process's decoders; it is made at the first call and goes with the process.

    Raises
    ------
    OSError
        If it cannot be made.
    """
    parent = Path(tempfile.gettempdir()).resolve()
    with _lock:
        for folder in _held:
            if folder.name.startswith(DECODING) and folder.parent == parent and folder.is_dir():
                return folder
        return private_folder(DECODING, parent)


def _is_own(folder: Path) -> bool:
    # Windows knows no such numbers; there every user has a temporary folder of their own.
    return not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid()


def _try_lock(folder: Path) -> int | None:
    """Return the handle of a folder's lock, or None where another process holds it or it is gone."""
    try:
        return try_lock(folder / LOCK)
    except FileNotFoundError:
        return None


def _delete(folder: Path, handle: int | None) -> None:
    """Delete a folder whose lock this handle holds, if any."""
    shutil.rmtree(folder, ignore_errors=True)
    if handle is None:
        return
    os.close(handle)
    # Windows deletes no open file, so the lock itself is left; nobody else's, which is open again.
    if folder.exists():
        shutil.rmtree(folder, ignore_errors=True)


def _give_up_all() -> None:
    if os.getpid() == _owner:  # a forked child leaves its parent's alone
        for folder in list(_held):
            give_up(folder)


atexit.register(_give_up_all)
