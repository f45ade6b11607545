"""One way to run a job, whatever the engine, and what may go wrong on the way, said in one sentence."""

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from ctseg.batch.run_folder import RunFolder
from ctseg.batch.tasks import BatchError, BatchTask, Job, Shard, TellTask
from ctseg.batch.working import of_disk
from ctseg.settings import THREADS

Engine = Literal["local", "ray"]
_SHARE = re.compile(r"(\d{1,9})/(\d{1,9})")


@dataclass(frozen=True, kw_only=True)
class HowToRun:
    """How a run is carried out; nothing of it changes what comes out.

    Attributes
    ----------
    engine : "local", or "ray" with ``ctseg[cluster]``
    address : of a Ray cluster, None for one that is started on this machine
    workers : processes at once
    environment : variables set in the workers
    share : (i, n): only every n-th shard, from the i-th on, i from 1
    resume : whether a run that was begun may go on
    """

    engine: Engine = "local"
    address: str | None = None
    workers: int = 1
    environment: Mapping[str, str]
    share: tuple[int, int] | None = None
    resume: bool = False


def share_of(text: str) -> tuple[int, int]:
    """Read ``i/n``.

    Raises
    ------
    BatchError
        If it is anything else, or i is not from 1 to n.
    """
    found = _SHARE.fullmatch(text)
    if found is None or not 1 <= int(found[1]) <= int(found[2]):
        raise BatchError(
            f"{text!r} is no share of a run; --shard takes i/n, with i from 1 to n, such as 1/8."
        )
    return int(found[1]), int(found[2])


def open_run(run: RunFolder, job: Job, plan: Callable[[], Sequence[BatchTask]], how: HowToRun) -> list[Shard]:
    """Begin a run, or take up the one that was begun, and return its shards.

    Parameters
    ----------
    run, job : where, and what
    plan : finds the tasks; asked only where no run was begun yet
    how : whether that may be one that goes on; the shares of a run always do

    Raises
    ------
    BatchError
        If there is a run and none may go on, or it was begun with other facts, such as other weights.
    """
    if not run.exists():
        with writing():
            run.begin(job.facts(), plan())
    elif how.resume or how.share:
        run.check(job.facts())
    else:
        raise BatchError(
            f"{run.folder} holds a run already; add --resume to finish it, or name another folder."
        )
    return run.shards()


def run_shards(job: Job, run: RunFolder, shards: Sequence[Shard], how: HowToRun, tell: TellTask) -> bool:
    """Do what is missing of a run, or of its share, and tell whether all of the run is done then.

    Raises
    ------
    BatchError
        If it cannot go on. What was done stays, and the run can be resumed.
    """
    first, step = how.share or (1, 1)
    wanted = [shard for shard in shards[first - 1 :: step] if not run.is_done(shard)]
    for shard in wanted:
        run.forget_begun(shard)
    if wanted and how.engine == "ray":
        from ctseg.batch.cluster import run_on_ray

        run_on_ray(job, run, wanted, tell, how.workers, how.environment, how.address)
    elif wanted:
        from ctseg.batch.local import run_local

        run_local(job, run, wanted, tell, how.workers, how.environment)
    complete = all(run.is_done(shard) for shard in shards)
    if complete:
        run.tidy()
    return complete


@contextmanager
def writing() -> Iterator[None]:
    """Turn what the disk refuses within a block into one sentence, a `BatchError`."""
    try:
        yield
    except OSError as error:
        raise of_disk(error) from error


def threads_environment(threads: int) -> dict[str, str]:
    """Return the variables that give every library so many threads, ours among them."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS", THREADS.name)
    return {name: str(threads) for name in names}


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
