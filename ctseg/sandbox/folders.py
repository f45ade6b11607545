"""Private folders of this process, told from those of dead processes by a lock, never by their age."""

import atexit
import os
import shutil
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

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
    shutil.rmtree(folder, ignore_errors=True)
    handle = _held.pop(folder.resolve(), None)
    if handle is not None:
        os.close(handle)


def empty_dead(prefix: str, parent: Path | None = None) -> int:
    """Delete the folders of this user whose processes have ended, however that was; return how many.

    Where the system has no such locks (Windows) nothing is deleted.
    """
    gone = 0
    for folder in sorted((parent or Path(tempfile.gettempdir())).glob(f"{prefix}*")):
        with suppress(OSError):
            if folder.is_symlink() or not folder.is_dir() or folder.stat().st_uid != os.getuid():
                continue
            handle = _try_lock(folder)
            if handle is not None:
                shutil.rmtree(folder, ignore_errors=True)
                os.close(handle)
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


def _try_lock(folder: Path) -> int | None:
    """Return the handle of a folder's lock, or None where another process holds it or it is gone."""
    try:
        import fcntl
    except ImportError:  # Windows: the folder is used without a lock, and nobody deletes it
        return None if (folder / LOCK).exists() else os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle


def _give_up_all() -> None:
    if os.getpid() == _owner:  # a forked child leaves its parent's alone
        for folder in list(_held):
            give_up(folder)


atexit.register(_give_up_all)
