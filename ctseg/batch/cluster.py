"""The engine of a cluster: Ray Data streams the shards over its nodes."""

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ctseg.batch.run_folder import RunFolder
from ctseg.batch.tasks import BatchError, Job, Shard, TaskDone, TellTask
from ctseg.batch.working import run_shard
from ctseg.errors import UserError

_MISSING = "The engine ray is not installed; install ctseg[cluster], or leave --engine out."
# Before Ray is imported: it would send figures on its use to its makers.
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DATA_DISABLE_PROGRESS_BARS": "1",
    "RAY_BACKEND_LOG_LEVEL": "fatal",
}
# Ray gives its own processes half a minute to start, which a busy machine may not keep.
_MAX_STARTS = 4


def run_on_ray(
    job: Job,
    run: RunFolder,
    shards: Sequence[Shard],
    tell: TellTask,
    workers: int,
    environment: Mapping[str, str],
    address: str | None = None,
) -> None:
    """Do shards in actors of a Ray cluster, one core each.

    A shard whose worker or node is lost is done again elsewhere, from the task on that was lost. Every node
    needs ctseg, and sees the run's folder and the inputs under the same paths.

    Parameters
    ----------
    job, run, shards, tell, environment : as for :func:`ctseg.batch.local.run_local`
    workers : the most actors at once
    address : of a running cluster, such as ``auto``; None starts one on this machine, for this run only

    Raises
    ------
    BatchError
        If Ray is not installed, the cluster does not answer, or a worker says that the run cannot go on.
    """
    with _connected(address, workers, environment) as ray:
        # Small blocks: one shard is one row, and rows are handed out as actors are free.
        rows = ray.data.from_items(
            [{"shard": shard.index} for shard in shards], override_num_blocks=len(shards)
        )
        done = rows.map_batches(
            _ShardWorker,
            fn_constructor_args=(job, run, environment),
            batch_size=1,
            compute=ray.data.ActorPoolStrategy(min_size=1, max_size=workers),
            num_cpus=1,
        )
        by_index = {shard.index: shard for shard in shards}
        try:
            for row in done.iter_rows():
                if row["refused"]:
                    raise BatchError(row["refused"])
                _tell_shard(by_index[int(row["shard"])], row, tell)
        except ray.exceptions.RayError as error:
            raise BatchError(f"Ray gave the run up ({_first_line(error)}); go on with --resume.") from error


def _tell_shard(shard: Shard, row: Mapping[str, Any], tell: TellTask) -> None:
    fresh = bool(row["fresh"])
    weight = sum(task.weight for task in shard.tasks)
    tell(TaskDone(shard.name, weight, int(row["done"]), int(row["failed"]), fresh))


class _ShardWorker:
    """An actor that does one shard at a time."""

    def __init__(self, job: Job, run: RunFolder, environment: Mapping[str, str]) -> None:
        os.environ.update(environment)
        self._job, self._run = job, run
        self._shards = run.shards()
        self._work: Any = None

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        """Do the one shard of a batch and tell how many of its things were done."""
        import numpy as np

        shard = self._shards[int(batch["shard"][0])]
        told: list[TaskDone] = []
        refused = ""
        try:
            if self._work is None:
                self._work = self._job.start(self._run.folder)
            run_shard(self._job, self._work, self._run, shard, told.append)
        except UserError as error:
            refused = str(error)
        done, failed = self._run.counts(shard) if self._run.is_done(shard) else (0, 0)
        return {
            "shard": np.array([shard.index]),
            "done": np.array([done]),
            "failed": np.array([failed]),
            "fresh": np.array([any(each.fresh for each in told)]),
            "refused": np.array([refused]),
        }


@contextmanager
def _connected(address: str | None, workers: int, environment: Mapping[str, str]) -> Iterator[Any]:
    os.environ.update(_QUIET)
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise BatchError(_MISSING) from error
    started = not ray.is_initialized()
    if started:
        _start(ray, address, workers, {**environment, **_QUIET})
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    try:
        yield ray
    finally:
        if started:
            ray.shutdown()


def _start(ray: Any, address: str | None, workers: int, variables: Mapping[str, str]) -> None:
    here = {"num_cpus": workers, "include_dashboard": False} if address is None else {"address": address}
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    for attempt in range(1, _MAX_STARTS + 1):
        try:
            ray.init(**here, **quiet, runtime_env={"env_vars": dict(variables)})
        except Exception as error:  # Ray's own kinds of error share no base class
            ray.shutdown()
            if address is not None:
                raise BatchError(
                    f"There is no Ray cluster at {address}; start it, or check --address."
                ) from error
            if attempt == _MAX_STARTS:
                raise BatchError(
                    f"Ray could not be started here ({_first_line(error)}); try again."
                ) from error
        else:
            return


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
