"""Work on two cores in the decoder's process; codecs hold Python's lock, so a copy of it does half of it.

Nowhere else: a copy of a process that has threads may hang.
"""

import ctypes
import mmap
import os
import signal
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Job = TypeVar("Job")
_OPEN_FILES = Path("/proc/self/fd")
_MIN_JOBS = 4
_END_WITH_PARENT = 1
_allowed = False


def allow() -> None:
    """Let `by_two` copy this process from now on; for processes without threads of their own."""
    global _allowed
    _allowed = _OPEN_FILES.is_dir() and hasattr(os, "fork") and (os.cpu_count() or 1) > 1


def shared(shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return an array that copies of this process write into too; its values are 0."""
    count = int(np.prod(shape))
    return np.frombuffer(mmap.mmap(-1, max(1, count * dtype.itemsize)), dtype, count).reshape(shape)


def by_two(jobs: Sequence[Job], work: Callable[[Job], None]) -> None:
    """Do all jobs, every other one in a copy of this process where that is allowed and worth it.

    What the copy leaves undone, by an error or because it ran out of something, is done here, so that errors
    are the same as without it.

    Parameters
    ----------
    jobs : what `work` is called with, each once
    work : leaves its results in a `shared` array, and does no harm when it is repeated
    """
    files = _open_again() if _allowed and len(jobs) >= _MIN_JOBS else None
    if files is None:
        for job in jobs:
            work(job)
        return
    child = os.fork()
    if child == 0:
        _in_copy(files, jobs[1::2], work)
    for again in files.values():
        os.close(again)
    try:
        for job in jobs[::2]:
            work(job)
    except BaseException:
        os.kill(child, signal.SIGKILL)
        raise
    finally:
        _, status = os.waitpid(child, 0)
    for job in jobs[1::2] if status else []:
        work(job)


def _open_again() -> dict[int, int] | None:
    """Open every open file again, at its place, which a copy would move for both; None if one cannot be."""
    files: dict[int, int] = {}
    for path in list(_OPEN_FILES.iterdir()):
        handle = int(path.name)
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                continue
        except OSError:  # that of the list itself, closed by now
            continue
        try:
            files[handle] = os.open(path, os.O_RDONLY)
            os.lseek(files[handle], os.lseek(handle, 0, os.SEEK_CUR), os.SEEK_SET)
        except OSError:
            for again in files.values():
                os.close(again)
            return None
    return files


def _in_copy(files: dict[int, int], jobs: Sequence[Job], work: Callable[[Job], None]) -> None:
    """Do jobs and end, whatever happens; the process it was copied from sees the exit status alone."""
    status = 1
    try:
        ctypes.CDLL(None).prctl(_END_WITH_PARENT, signal.SIGKILL)
        for handle, again in files.items():
            os.dup2(again, handle)
        for job in jobs:
            work(job)
        status = 0
    finally:
        os._exit(status)
