"""Locks on files between processes: they end with the process that holds them, however it ends."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

_fcntl: Any
_msvcrt: Any
try:
    _fcntl, _msvcrt = import_module("fcntl"), None
except ImportError:  # Windows
    _fcntl, _msvcrt = None, import_module("msvcrt")

_OWNER_ONLY = 0o600
_LOOK_AGAIN_SECONDS = 0.05
_ONE_BYTE = 1


def try_lock(path: Path) -> int | None:
    """Lock a file, which is made if it is not there.

    Parameters
    ----------
    path : of the file; a link is not followed where the system can tell

    Returns
    -------
    int or None
        Its handle, which holds the lock until it is closed; None where another handle holds it.

    Raises
    ------
    OSError
        If the file cannot be opened.
    """
    handle = _open(path)
    if _took(handle):
        return handle
    os.close(handle)
    return None


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a file's lock within the block; waits while another handle, also of this process, has it.

    Raises
    ------
    OSError
        If the file cannot be opened.
    """
    handle = _open(path)
    try:
        _wait(handle)
        try:
            yield
        finally:
            _let_go(handle)
    finally:
        os.close(handle)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), _OWNER_ONLY)


def _took(handle: int) -> bool:
    try:
        if _fcntl is not None:
            _fcntl.flock(handle, _fcntl.LOCK_EX | _fcntl.LOCK_NB)
        else:
            _msvcrt.locking(handle, _msvcrt.LK_NBLCK, _ONE_BYTE)
    except (BlockingIOError, PermissionError):  # as Unix and as Windows say that it is taken
        return False
    return True


def _wait(handle: int) -> None:
    if _fcntl is not None:
        _fcntl.flock(handle, _fcntl.LOCK_EX)
        return
    while not _took(handle):
        time.sleep(_LOOK_AGAIN_SECONDS)


def _let_go(handle: int) -> None:
    # Windows frees what a closed handle held at a time of its own choice.
    if _fcntl is None:
        _msvcrt.locking(handle, _msvcrt.LK_UNLCK, _ONE_BYTE)
