"""Work on two cores in the decoder's process; codecs hold Python's lock, so a copy of it does half of it.

Nowhere else: a copy of a process that has threads may hang. Limits count for each process alone, so while
there are two each has half of the memory.
"""

import ctypes
import mmap
import os
import signal
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Job = TypeVar("Job")
_OPEN_FILES = Path("/proc/self/fd")
_STATUS = Path("/proc/self/status")
_MIN_JOBS = 4
_MIN_ROOM_BYTES = 64 * 1024**2
"""Beyond what the process has taken at most so far; with less in half of its memory it works alone."""
_END_WITH_PARENT = 1
_allowed = False
_shared_bytes = 0


def allow() -> None:
    """Let `by_two` copy this process from now on; for processes without threads of their own."""
    global _allowed
    _allowed = _OPEN_FILES.is_dir() and hasattr(os, "fork") and (os.cpu_count() or 1) > 1


def shared(shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return an array that copies of this process write into too; its values are 0."""
    global _shared_bytes
    count = int(np.prod(shape))
    size = max(1, count * dtype.itemsize)
    memory = mmap.mmap(-1, size)
    _shared_bytes += size
    return np.frombuffer(memory, dtype, count).reshape(shape)


def by_two(jobs: Sequence[Job], work: Callable[[Job], None]) -> None:
    """Do all jobs, about every other one in a copy of this process where that is allowed and worth it.

    Parameters
    ----------
    jobs : what `work` is called with, each once
    work : leaves its results in a `shared` array, or in files, and does no harm when it is repeated
    """
    for job in tried_by_two(jobs, work):
        work(job)


def tried_by_two(jobs: Sequence[Job], work: Callable[[Job], None]) -> list[Job]:
    """Do jobs as `by_two` does, and return in their order those left to be done by this process alone.

    These are what failed, by an error or because a process ran out of something, and all where no copy is
    made. So errors are the same as without one.
    """
    if not _allowed or len(jobs) < _MIN_JOBS:
        return list(jobs)
    done = shared((len(jobs),), np.dtype(np.uint8))
    # What the first one takes is known before the memory is shared.
    _try(jobs, [0], work, done)
    if not done[0]:
        return list(jobs)
    with _half_of_memory() as enough:
        files = _open_again() if enough else None
        if files is not None:
            _try_with_copy(files, jobs, work, done)
    return [job for job, ended_well in zip(jobs, done.tolist(), strict=True) if not ended_well]


def _try_with_copy(
    files: dict[int, int], jobs: Sequence[Job], work: Callable[[Job], None], done: NDArray[np.uint8]
) -> None:
    child = os.fork()
    if child == 0:
        _in_copy(files, lambda: _try(jobs, range(2, len(jobs), 2), work, done))
    for again in files.values():
        os.close(again)
    try:
        _try(jobs, range(1, len(jobs), 2), work, done)
    except BaseException:
        os.kill(child, signal.SIGKILL)
        raise
    finally:
        os.waitpid(child, 0)


def _try(
    jobs: Sequence[Job], numbers: Sequence[int], work: Callable[[Job], None], done: NDArray[np.uint8]
) -> None:
    for number in numbers:
        # Whatever it is: done again alone, it comes again, or it came of having half of the memory.
        with suppress(Exception):
            work(jobs[number])
            done[number] = 1


@contextmanager
def _half_of_memory() -> Iterator[bool]:
    """Bound this process and a copy made meanwhile so that together they keep to its limit; whether they may.

    What is shared counts in both, so it is given to both.
    """
    import resource  # Windows has none, nor copies

    limit, highest = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        yield True
        return
    half = (limit + _shared_bytes) // 2
    if half > limit or _peak_bytes() + _MIN_ROOM_BYTES > half:
        yield False
        return
    resource.setrlimit(resource.RLIMIT_AS, (half, highest))
    try:
        yield True
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (limit, highest))


def _peak_bytes() -> int:
    """Most address space that this process has had."""
    lines = _STATUS.read_text(encoding="ascii", errors="replace").splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmPeak"))


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


def _in_copy(files: dict[int, int], work: Callable[[], None]) -> None:
    """Do what the copy is for and end, whatever happens."""
    import resource  # Windows has none, nor copies

    try:
        ctypes.CDLL(None).prctl(_END_WITH_PARENT, signal.SIGKILL)
        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        for handle, again in files.items():
            os.dup2(again, handle)
        work()
    finally:
        os._exit(0)
