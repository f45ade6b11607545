"""One image of an evaluation in a process of its own: a method's label map, its scores, time and memory."""

import json
import os
import time
from functools import cache
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

import numpy as np

from ctseg.datasets import Split, open_split
from ctseg.files import atomic_path
from ctseg.leaderboard.evaluation.oracles import ORACLES
from ctseg.methods import load
from ctseg.methods.runs import named
from ctseg.metrics import score
from ctseg.metrics.scores import json_ready


def settle(counter: "Synchronized[int]") -> None:
    """Give this process one core of its own: times are those of one core, and processes keep apart."""
    with counter.get_lock():
        place = counter.value
        counter.value += 1
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[place % len(cores)]})
    os.environ["OMP_NUM_THREADS"] = "1"


@cache
def _split(name: str) -> Split:
    return open_split(name)


def evaluate_image(entry: str, board: str, index: int, target: Path) -> None:
    """Segment and score one image of a board and store the outcome at ``target``, whole or not at all."""
    split = _split(board)
    true = split.label_map(index)
    assert true is not None, f"{board} has no labels"
    ct_slice = split.slice(index)
    _forget_peak()
    if entry in ORACLES:
        start = time.perf_counter()
        label_map = ORACLES[entry][1](true, ct_slice)
    else:
        method = load(named(entry))
        start = time.perf_counter()
        label_map = method.segment(ct_slice)
    seconds = time.perf_counter() - start
    with atomic_path(target) as unfinished, unfinished.open("wb") as file:
        np.savez_compressed(
            file,
            label_map=label_map,
            scores=np.array(json.dumps(json_ready(score(label_map, true)))),
            seconds=np.array(seconds),
            peak_mb=np.array(_peak_mb()),
        )


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
