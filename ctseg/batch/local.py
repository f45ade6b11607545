"""The engine of one machine: processes of its own, each of which loads what it needs once."""

import multiprocessing
import os
import signal
import threading
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from ctseg.batch.run_folder import RunFolder
from ctseg.batch.tasks import BatchError, Job, Shard, TaskDone, TellTask
from ctseg.batch.working import run_shard
from ctseg.errors import UserError

_MAX_DEATHS_IN_A_ROW = 3
_LOOK_AGAIN_SECONDS = 1.0


def run_local(
    job: Job,
    run: RunFolder,
    shards: Sequence[Shard],
    tell: TellTask,
    workers: int,
    environment: Mapping[str, str],
) -> None:
    """Do shards in processes of this machine.

    A worker that dies is replaced; its shard goes on at the task that it died in, which is given up after two
    deaths. What is done is kept when this ends early, however it ends.

    Parameters
    ----------
    job, run, shards : what is done, where, and which shards of it
    tell : called for each task that has ended
    workers : number of processes
    environment : variables that are set in them before anything heavy is imported, such as numbers of threads

    Raises
    ------
    BatchError
        If a worker says that the run cannot go on, or workers die before they do anything.
    """
    pool = _Pool(job, run, environment)
    waiting = deque(shards)
    deaths: Counter[int] = Counter()
    try:
        for _ in range(min(workers, len(shards))):
            pool.add(waiting.popleft())
        while pool.workers:
            for worker in pool.ready():
                told = worker.read()
                if isinstance(told, TaskDone):
                    deaths[worker.shard.index] = 0
                    tell(told)
                    continue
                if isinstance(told, BatchError):
                    raise told
                if told is None:  # it died; the next one takes its shard up
                    deaths[worker.shard.index] += 1
                    _check_deaths(deaths[worker.shard.index])
                    waiting.appendleft(worker.shard)
                    pool.drop(worker)
                elif waiting:
                    worker.give(waiting.popleft())
                    continue
                else:
                    pool.drop(worker)
                if waiting:
                    pool.add(waiting.popleft())
    finally:
        pool.end()


def _check_deaths(deaths: int) -> None:
    if deaths > _MAX_DEATHS_IN_A_ROW:
        raise BatchError(
            f"{deaths} workers in a row ended before they had done anything, as when memory runs out; start "
            "with fewer workers."
        )


class _Worker:
    """A process and the shard it has."""

    def __init__(self, process: BaseProcess, channel: Connection) -> None:
        self._process = process
        self.channel = channel

    def send(self, message: Any) -> None:
        with suppress(OSError):  # it is dead, which `read` tells
            self.channel.send(message)

    def give(self, shard: Shard) -> None:
        self.shard = shard
        self.send(shard)

    def read(self) -> Any:
        """What it says: a task that ended, an error, the number of a finished shard; None where it died."""
        try:
            return self.channel.recv()
        except (EOFError, OSError):
            return None

    def end(self) -> None:
        self._process.kill()
        self._process.join()
        self.channel.close()


class _Pool:
    """The workers that live."""

    def __init__(self, job: Job, run: RunFolder, environment: Mapping[str, str]) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._environment = dict(environment)
        self._start = (job, run.folder)
        self.workers: list[_Worker] = []

    def add(self, shard: Shard) -> None:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_serve, args=(theirs,))
        process.start()
        theirs.close()
        worker = _Worker(process, ours)
        self.workers.append(worker)
        worker.send(self._environment)
        worker.send(self._start)
        worker.give(shard)

    def ready(self) -> list[_Worker]:
        ready = set(wait([worker.channel for worker in self.workers], _LOOK_AGAIN_SECONDS))
        return [worker for worker in self.workers if worker.channel in ready]

    def drop(self, worker: _Worker) -> None:
        self.workers.remove(worker)
        worker.end()

    def end(self) -> None:
        for worker in self.workers:
            worker.end()
        self.workers.clear()


def _serve(channel: Connection) -> None:
    """Be a worker: do the shards that come, until there are no more or who sends them is gone."""
    # Ctrl-C reaches every process of a terminal; who started this one decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.update(channel.recv())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    job, folder = channel.recv()
    try:
        _do_shards(job, RunFolder(Path(folder)), channel)
    except (EOFError, BrokenPipeError):
        return
    except BatchError as error:
        channel.send(error)
    except Exception as error:  # whoever waits for this worker must hear of it
        sentence = (
            str(error) if isinstance(error, UserError) else f"A worker failed ({error!r}); tell its authors."
        )
        channel.send(BatchError(sentence))


def _do_shards(job: Job, run: RunFolder, channel: Connection) -> None:
    work = job.start(run.folder)
    while True:
        shard = channel.recv()
        run_shard(job, work, run, shard, channel.send)
        channel.send(shard.index)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None, "this runs in a worker only"
    wait([parent.sentinel])
    os._exit(1)
