"""One shard in one worker, whatever the engine: what is kept is not done again, what kills is recorded."""

import errno
import time
from collections.abc import Callable
from dataclasses import replace

from ctseg.batch.run_folder import RunFolder
from ctseg.batch.tasks import (
    BatchError,
    BatchTask,
    DiskFullError,
    Job,
    Shard,
    TaskDone,
    TaskRecord,
    TellTask,
)
from ctseg.errors import UserError

MAX_ATTEMPTS = 2
"""A task in whose course so many workers died is recorded as failed."""
CRASHED = (
    f"{MAX_ATTEMPTS} processes that worked on this ended before their time, as when memory runs out; look at "
    "it alone."
)
DISK_FULL = "There is no room left where the run writes; make some and go on with --resume."
_FULL = (errno.ENOSPC, errno.EDQUOT)
Work = Callable[[BatchTask], TaskRecord]


def run_shard(job: Job, work: Work, run: RunFolder, shard: Shard, tell: TellTask) -> None:
    """Do the tasks of a shard that are not done, and write its files.

    Parameters
    ----------
    job, work : the job, and what its ``start`` returned
    run : where it writes
    shard : what to do; where its files are written already, nothing is done
    tell : called after each task

    Raises
    ------
    DiskFullError
        If there is no room. What was done is kept.
    BatchError
        What the job raises to end the run.
    """
    if run.is_done(shard):
        return
    try:
        records = [_done(job, work, run, shard, place, tell) for place in range(len(shard.tasks))]
        run.finish(shard, job.pack(shard, records), records)
    except OSError as error:
        raise of_disk(error) from error


def _done(job: Job, work: Work, run: RunFolder, shard: Shard, place: int, tell: TellTask) -> TaskRecord:
    task = shard.tasks[place]
    record = run.kept(shard, place)
    fresh = record is None
    if record is None:
        if run.begun(shard, place) >= MAX_ATTEMPTS:
            record = job.failed(task, CRASHED)
        else:
            record = _attempt(job, work, task)
        run.keep(shard, place, record)
    tell(TaskDone(task.name, task.weight, record.done, record.failed, fresh))
    return record


def _attempt(job: Job, work: Work, task: BatchTask) -> TaskRecord:
    start = time.perf_counter()
    try:
        record = work(task)
    except BatchError:
        raise
    except UserError as error:
        record = job.failed(task, str(error))
    except MemoryError:
        record = job.failed(
            task, "This needs more memory than there is; give it fewer workers, or a part of it."
        )
    except Exception as error:  # one task's fault must not take the others along
        if isinstance(error, OSError) and error.errno in _FULL:
            raise
        record = job.failed(task, f"This could not be done ({type(error).__name__}: {error}).")
    return replace(record, seconds=time.perf_counter() - start)


def of_disk(error: OSError) -> BatchError:
    """Return the sentence for what the disk refused."""
    if error.errno in _FULL:
        return DiskFullError(DISK_FULL)
    return BatchError(
        f"The run cannot write its files ({error.strerror or error}); mend that and add --resume."
    )
