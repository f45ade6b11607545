"""Takes away what Windows has not, at the start of processes whose PYTHONPATH names this folder; for tests.

Modules and functions of Unix are missing, a file that is open or mapped cannot be deleted, and locks are
those of `msvcrt`, whose one function that we use stands here over the lock that this system has.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

MODULES = ("fcntl", "resource", "pwd", "grp")
FUNCTIONS = ("killpg", "getuid", "geteuid", "fork", "sched_getaffinity", "sched_setaffinity", "O_NOFOLLOW")
SIGNALS = ("SIGKILL", "SIGXCPU", "SIGHUP")

_msvcrt = types.ModuleType("msvcrt")
_msvcrt.LK_UNLCK, _msvcrt.LK_NBLCK = 0, 2  # type: ignore[attr-defined]
_unlink = os.unlink


def _locking(handle: int, mode: int, _bytes: int) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_UN if mode == 0 else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise PermissionError(13, "Permission denied") from error


def _in_use(path: Any) -> bool:
    name = os.path.realpath(os.fspath(path))
    held = {os.path.realpath(each) for each in Path("/proc/self/fd").iterdir()}
    return name in held or f" {name}\n" in Path("/proc/self/maps").read_text()


def _unlink_what_is_closed(path: Any, **words: Any) -> None:
    if _in_use(path):
        raise PermissionError(13, "The process cannot access the file because it is being used")
    _unlink(path, **words)


_msvcrt.locking = _locking  # type: ignore[attr-defined]
subprocess.Popen.kill = lambda self: self.send_signal(9)  # type: ignore[method-assign]
shutil._use_fd_functions = False  # type: ignore[attr-defined]
os.unlink = os.remove = _unlink_what_is_closed
sys.modules["msvcrt"] = _msvcrt
for _name in MODULES:
    sys.modules[_name] = None  # type: ignore[assignment]
for _name in FUNCTIONS:
    delattr(os, _name)
for _name in SIGNALS:
    delattr(signal, _name)
