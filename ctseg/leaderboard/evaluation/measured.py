"""A method's or an oracle's label maps on one core, with the time and the memory they took."""

import logging
import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ctseg.datasets import Split
from ctseg.leaderboard.evaluation.board_job import Make
from ctseg.leaderboard.evaluation.oracles import ORACLES
from ctseg.locks import try_lock
from ctseg.methods import load
from ctseg.methods.runs import named
from ctseg.settings import cache_folder

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class MeasuredLabelMaps:
    """The label maps of a method.

    Attributes
    ----------
    entry : name of a method or of an oracle row, or ``run:FOLDER``
    """

    entry: str
    kept: bool = True

    def start(self, split: Split, /) -> Make:
        """See `LabelMapSource`: times are those of one core while one is free, and workers keep apart."""
        take_core()
        method = None if self.entry in ORACLES else load(named(self.entry))

        def make(index: int, true: NDArray[np.integer]) -> tuple[NDArray[np.integer], Mapping[str, float]]:
            ct_slice = split.slice(index)
            _forget_peak()
            start = time.perf_counter()
            label_map = ORACLES[self.entry][1](true, ct_slice) if method is None else method.segment(ct_slice)
            return label_map, {"seconds": time.perf_counter() - start, "peak_mb": _peak_mb()}

        return make


def take_core() -> int | None:
    """Give this process a core that no other evaluation of this user holds here, as long as it lives.

    Returns
    -------
    int or None
        The core. None where all are held, where the system knows no such thing, or where the cache folder
        cannot be written: the process keeps the cores it has.
    """
    if not hasattr(os, "sched_setaffinity"):
        return None
    # A user's home may be shared by machines.
    folder = cache_folder() / "cores" / socket.gethostname()
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    for core in sorted(os.sched_getaffinity(0)):
        with suppress(OSError):
            if try_lock(folder / str(core)) is not None:
                os.sched_setaffinity(0, {core})
                return core
    _logger.warning("No core is free for this evaluation alone: its seconds are not those of one core.")
    return None


def _forget_peak() -> None:
    """Start the kernel's record of this process's largest memory anew, where it can be done."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return


def _peak_mb() -> float:
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    import psutil

    return float(psutil.Process().memory_info().rss) / 2**20
