"""A job without slices: its tasks square a number, or fail in the ways that tasks fail."""

import errno
import json
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from ctseg.batch.tasks import BatchError, BatchTask, TaskRecord
from ctseg.errors import UserError


@dataclass(frozen=True)
class SquareJob:
    """What is done, and what all workers must agree on; every attempt is noted in ``log``."""

    log: str
    weights: str = "first"
    start_does: str = ""

    def facts(self):
        return {"weights": self.weights}

    def start(self, folder):
        if self.start_does == "refuse":
            raise UserError("The weights cannot be had; fetch them.")
        if self.start_does == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        return self._work

    def _work(self, task):
        with Path(self.log).open("a") as log:
            log.write(f"{task.name}\n")
        does = task.payload.get("does", "")
        once = Path(f"{self.log}-{task.name}")
        if does == "die" or (does == "die once" and not once.exists()):
            once.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if does == "refuse":
            raise UserError("This is no number; give one.")
        if does == "raise":
            raise ZeroDivisionError("by nought")
        if does == "eat":
            raise MemoryError
        if does == "fill" and not once.exists():
            once.touch()
            raise OSError(errno.ENOSPC, "No space left on device")
        if does == "end":
            raise BatchError("This run cannot go on; begin anew.")
        while does == "wait" and not Path(f"{self.log}-go").exists():
            time.sleep(0.01)
        return _record({"name": task.name, "square": task.payload["number"] ** 2}, 1, 0)

    def failed(self, task, sentence):
        return _record({"name": task.name, "error": sentence}, 0, 1)

    def pack(self, shard, records):
        lines = [json.loads(record.parts["row"]) for record in records]
        return {f"rows/{shard.name}.json": json.dumps(lines).encode()}


def _record(row, done, failed):
    return TaskRecord({"row": json.dumps(row).encode()}, done, failed)


def numbers(does=(), count=12):
    """Tasks 0, 1, …, some of which do something else than end well."""
    asked = dict(does)
    return [BatchTask(str(k), 1, {"number": k, "does": asked.get(str(k), "")}) for k in range(count)]
