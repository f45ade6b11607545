"""The folder of a run: its manifest, the list of its tasks, what is done of it and what was begun."""

import hashlib
import json
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ctseg.batch.tasks import BatchError, BatchTask, Shard, TaskRecord, shards_of
from ctseg.files import write_atomically

MANIFEST, TASKS = "manifest.json", "tasks.jsonl"
_DONE, _UNFINISHED = "done", "unfinished"
_FORMAT = 1
_SUMMARY = "summary.json"


class RunFolder:
    """A run that was begun or is to go on; several processes on several machines may use one at a time.

    Parameters
    ----------
    folder : where all of it lies; on a disk that every worker sees
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def exists(self) -> bool:
        """Whether a run was begun here."""
        return (self.folder / MANIFEST).is_file()

    def begin(self, facts: Mapping[str, Any], tasks: Sequence[BatchTask]) -> None:
        """Write the manifest and the list of tasks; two that begin the same run at once write the same.

        Raises
        ------
        BatchError
            If there are no tasks.
        """
        if not tasks:
            raise BatchError("There is nothing to do here; name a folder with files that can be read.")
        lines = "".join(
            json.dumps([task.name, task.weight, task.payload], ensure_ascii=False) + "\n" for task in tasks
        ).encode()
        manifest = {
            "format": _FORMAT,
            **facts,
            "tasks": len(tasks),
            "shards": len(shards_of(tasks)),
            "tasks_sha256": hashlib.sha256(lines).hexdigest(),
        }
        write_atomically(self.folder / TASKS, lines)
        write_atomically(self.folder / MANIFEST, _json(manifest))

    def check(self, facts: Mapping[str, Any]) -> None:
        """Refuse to mix what was done here with something else.

        Raises
        ------
        BatchError
            If the manifest cannot be read, or a fact differs; the message names the first.
        """
        manifest = self.manifest()
        for key, value in json.loads(_json(dict(facts))).items():
            if manifest.get(key) != value:
                raise BatchError(
                    f"The run in {self.folder} was begun with other {key} ({_short(manifest.get(key))}, now "
                    f"{_short(value)}); give --out another folder, or go on as it was begun."
                )

    def manifest(self) -> dict[str, Any]:
        """Return what the manifest says; errors as in `check`."""
        try:
            found = json.loads((self.folder / MANIFEST).read_text(encoding="utf-8"))
            if found["format"] != _FORMAT:
                raise BatchError(
                    f"{self.folder} was written by another version of ctseg; name another folder."
                )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BatchError(f"{self.folder / MANIFEST} is damaged; name another folder.") from error
        return dict(found)

    def shards(self) -> list[Shard]:
        """Return all shards of the run; errors as in `check`."""
        try:
            lines = (self.folder / TASKS).read_bytes()
            tasks = [BatchTask(*json.loads(line)) for line in lines.splitlines()]
        except (OSError, ValueError, TypeError) as error:
            raise BatchError(f"{self.folder / TASKS} is damaged; name another folder.") from error
        if hashlib.sha256(lines).hexdigest() != self.manifest()["tasks_sha256"]:
            raise BatchError(f"{self.folder / TASKS} is not the one that was written; name another folder.")
        return shards_of(tasks)

    def is_done(self, shard: Shard) -> bool:
        """Whether all of a shard is done and its files are written."""
        return (self.folder / _DONE / f"{shard.name}.json").is_file()

    def counts(self, shard: Shard) -> tuple[int, int]:
        """Return how many things of a finished shard were done, and how many failed."""
        found = json.loads((self.folder / _DONE / f"{shard.name}.json").read_text(encoding="utf-8"))
        return int(found["done"]), int(found["failed"])

    def finish(self, shard: Shard, files: Mapping[str, bytes], records: Sequence[TaskRecord]) -> None:
        """Write the files of a shard and say that it is done; what was kept of its tasks goes."""
        for name, content in files.items():
            write_atomically(self.folder / name, content)
        summary = {
            "done": sum(record.done for record in records),
            "failed": sum(record.failed for record in records),
        }
        write_atomically(self.folder / _DONE / f"{shard.name}.json", _json(summary))
        shutil.rmtree(self._unfinished(shard), ignore_errors=True)

    def keep(self, shard: Shard, place: int, record: TaskRecord) -> None:
        """Keep what came of one task until its shard is done."""
        path = self._record(shard, place)
        # Not flushed: a record that a power cut damaged is found by its checksums and made again.
        unfinished = path.with_suffix(".tmp")
        with zipfile.ZipFile(unfinished, "w") as archive:
            summary = {"done": record.done, "failed": record.failed, "seconds": record.seconds}
            archive.writestr(_SUMMARY, json.dumps(summary))
            for name, content in record.parts.items():
                archive.writestr(name, content)
        unfinished.replace(path)

    def kept(self, shard: Shard, place: int) -> TaskRecord | None:
        """Return what was kept of a task, or None where that is missing or damaged."""
        try:
            with zipfile.ZipFile(self._record(shard, place)) as archive:
                parts = {name: archive.read(name) for name in archive.namelist()}
            summary = json.loads(parts.pop(_SUMMARY))
            return TaskRecord(parts, summary["done"], summary["failed"], summary["seconds"])
        except (OSError, zipfile.BadZipFile, KeyError, ValueError):
            return None

    def begun(self, shard: Shard, place: int) -> int:
        """Note that a task is begun, and return how often it was begun before without an end."""
        path = self._record(shard, place).with_suffix(".begun")
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.write(b".")
        return path.stat().st_size - 1

    def forget_begun(self, shard: Shard) -> None:
        """Forget beginnings: those of a run that was stopped say nothing against a task."""
        for path in self._unfinished(shard).glob("*.begun"):
            with suppress(OSError):
                path.unlink()

    def _unfinished(self, shard: Shard) -> Path:
        return self.folder / _UNFINISHED / shard.name

    def _record(self, shard: Shard, place: int) -> Path:
        return self._unfinished(shard) / f"{place:04d}.zip"

    def tidy(self) -> None:
        """Once all is done, remove what killed workers left half written, and the folder they worked in."""
        for path in [*self.folder.rglob(".*.tmp")]:
            with suppress(OSError):
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink()
        # Not empty where a worker was killed after it had said that its shard is done.
        shutil.rmtree(self.folder / _UNFINISHED, ignore_errors=True)


def _json(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."
