"""What is to be done: tasks, the shards they are parted into, and the job that does them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ctseg.errors import UserError

MAX_SHARDS = 256
"""A run is parted into no more shards than this, until they would hold more than `MAX_SHARD_TASKS`."""
MAX_SHARD_TASKS = 64


class BatchError(UserError):
    """A run cannot begin, go on or end; the message is one sentence."""


class DiskFullError(BatchError):
    """There is no room left where a run writes."""


@dataclass(frozen=True)
class BatchTask:
    """One piece of work, done whole by one process.

    Attributes
    ----------
    name : what it is called in sentences; no two tasks of a run share one
    weight : how much work it is beside others, such as its bytes; for the time that is left
    payload : JSON values that the job understands
    """

    name: str
    weight: int
    payload: Mapping[str, Any]


@dataclass(frozen=True)
class Shard:
    """Consecutive tasks that are done by one process and come to lie in files of their own."""

    index: int
    first: int
    tasks: tuple[BatchTask, ...]

    @property
    def name(self) -> str:
        """Its number as file names hold it."""
        return f"{self.index:05d}"


@dataclass(frozen=True)
class TaskRecord:
    """What came of one task.

    Attributes
    ----------
    parts : bytes by name, as `Job.pack` wants them
    done, failed : how many of the things in it were done, and how many could not be
    seconds : how long it took
    """

    parts: Mapping[str, bytes]
    done: int
    failed: int
    seconds: float = 0.0


class Job(Protocol):
    """What is done to every task. Workers get it pickled, so it must be light, and so must its module."""

    def facts(self) -> Mapping[str, Any]:
        """Return JSON values that must be the same for all shards of a run, such as sums of weights."""
        ...

    def start(self, folder: Path) -> Callable[[BatchTask], TaskRecord]:
        """Load what all tasks need, once for each worker, and return what does one task.

        What it raises of class `UserError` fails that task only; `BatchError` ends the run.
        """
        ...

    def failed(self, task: BatchTask, sentence: str) -> TaskRecord:
        """Return the record of a task that could not be done."""
        ...

    def pack(self, shard: Shard, records: Sequence[TaskRecord]) -> Mapping[str, bytes]:
        """Return the files of a shard, by their names below the run's folder."""
        ...


@dataclass(frozen=True)
class TaskDone:
    """What a worker tells of a task that has ended, in this run or in an earlier one."""

    name: str
    weight: int
    done: int
    failed: int
    fresh: bool


TellTask = Callable[[TaskDone], None]


def shards_of(tasks: Sequence[BatchTask]) -> list[Shard]:
    """Part tasks into shards, the same whoever works on them and with however many processes."""
    size = min(MAX_SHARD_TASKS, max(1, -(-len(tasks) // MAX_SHARDS)))
    return [
        Shard(number, first, tuple(tasks[first : first + size]))
        for number, first in enumerate(range(0, len(tasks), size))
    ]
