"""From labelled volumes to a dataset of slices in the challenge's layout, split by patient."""

import csv
import hashlib
import io
import json
import math
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctseg.batch.engines import HowToRun, open_run, run_shards, writing
from ctseg.batch.run_folder import RunFolder
from ctseg.batch.tasks import BatchError, BatchTask, Shard, TaskRecord, TellTask
from ctseg.datasets.volume_folders import LabelledVolume
from ctseg.files import write_atomically

if TYPE_CHECKING:
    from ctseg.datasets.volume_slices import SliceOptions

MANIFEST, INDEX, TABLE = "manifest.json", "index.csv", "y.csv.gz"
MAX_TABLE_IMAGES = 2000
"""Splits of more images have no table of the challenge, which is made in memory."""
_RUN = ".building"
_ROWS = "rows"


@dataclass(frozen=True)
class BuildJob:
    """Cut slices out of volumes; see `ctseg.batch.tasks.Job`."""

    folder: str
    options: "SliceOptions"
    splits: Mapping[str, str] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        """See `ctseg.batch.tasks.Job`."""
        return {"slices": asdict(self.options), "splits": dict(self.splits)}

    def start(self, folder: Path) -> Callable[[BatchTask], TaskRecord]:
        """See `ctseg.batch.tasks.Job`; nothing is loaded ahead."""
        del folder
        return self._work

    def _work(self, task: BatchTask) -> TaskRecord:
        from ctseg.datasets.volume_slices import slices_of

        volume = _volume(task)
        parts, numbers = {}, []
        for number, image, labels in slices_of(Path(self.folder), volume, self.options):
            numbers.append(number)
            parts[f"images/{number}"], parts[f"labels/{number}"] = image, labels
        digest = _sha256(Path(self.folder) / volume.image)
        row = {
            "volume": volume.name,
            "patient": volume.patient,
            "slices": numbers,
            "sha256": digest,
            "error": "",
        }
        return TaskRecord({**parts, _ROWS: json.dumps(row).encode()}, len(numbers), 0)

    def failed(self, task: BatchTask, sentence: str) -> TaskRecord:
        """See `ctseg.batch.tasks.Job`."""
        volume = _volume(task)
        row = {
            "volume": volume.name,
            "patient": volume.patient,
            "slices": [],
            "sha256": "",
            "error": sentence,
        }
        return TaskRecord({_ROWS: json.dumps(row).encode()}, 0, 1)

    def pack(self, shard: Shard, records: Sequence[TaskRecord]) -> dict[str, bytes]:
        """See `ctseg.batch.tasks.Job`: the PNG files of each volume, and a line for each."""
        files, rows = {}, []
        for place, record in enumerate(records, start=shard.first):
            for name, content in record.parts.items():
                if name == _ROWS:
                    rows.append(json.loads(content))
                else:
                    files[f"{place}/{name}.png"] = content
        return {**files, f"{_ROWS}/{shard.name}.json": json.dumps(rows).encode()}


def build(
    folder: Path, volumes: Sequence[LabelledVolume], out: Path, job: BuildJob, how: HowToRun, tell: TellTask
) -> dict[str, Any]:
    """Build a dataset: for each split a folder with images, labels, an index and the challenge's table.

    Parameters
    ----------
    folder : of the volumes
    volumes : all of them
    out : where the dataset goes; if it was begun before and ``how`` resumes, only what is missing is done
    job, how, tell : what is cut, by which engine, and who is told

    Returns
    -------
    what ``manifest.json`` says: options, splits, patients, images, the sha256 of each volume, and failures

    Raises
    ------
    BatchError
        If ``out`` holds a dataset already, or the work cannot go on; what was done stays.
    """
    if (out / MANIFEST).exists():
        raise BatchError(f"{out} holds a dataset already; name another folder.")
    run = RunFolder(out / _RUN)
    tasks = [_task(folder, volume) for volume in volumes]
    shards = open_run(run, job, lambda: tasks, how)
    run_shards(job, run, shards, how, tell)
    with writing():
        manifest = _assemble(run, shards, out, job)
        write_atomically(out / MANIFEST, (json.dumps(manifest, indent=1, ensure_ascii=False) + "\n").encode())
        shutil.rmtree(run.folder, ignore_errors=True)
    return manifest


def splits_of(volumes: Sequence[LabelledVolume], share: float | None, seed: int) -> dict[str, str]:
    """Say for each patient which split it belongs to, "train", "val" or "test".

    As the dataset says where it says so of all, unless a share is named; else ``share`` (0.15 if None) of the
    patients are drawn for "val", at least one of two or more.

    Raises
    ------
    BatchError
        If the share is not from 0 to below 1.
    """
    told = {volume.patient: volume.split for volume in volumes}
    if share is None and all(told.values()):
        return told
    share = 0.15 if share is None else share
    if not 0 <= share < 1:
        raise BatchError(f"The share of patients for validation is {share}; it must be from 0 to below 1.")
    patients = sorted(told)
    # By digest: another patient more changes few of the others' places.
    drawn = sorted(patients, key=lambda patient: hashlib.sha256(f"{seed} {patient}".encode()).digest())
    count = math.ceil(share * len(patients)) if len(patients) > 1 else 0
    held = set(drawn[:count])
    return {patient: "val" if patient in held else "train" for patient in patients}


def _assemble(run: RunFolder, shards: Sequence[Shard], out: Path, job: BuildJob) -> dict[str, Any]:
    rows = [
        row
        for shard in shards
        for row in json.loads((run.folder / _ROWS / f"{shard.name}.json").read_text("utf-8"))
    ]
    counts = {}
    for split in sorted(set(job.splits.values())):
        home = out / split
        listed: list[tuple[str, str, str, int]] = []
        shutil.rmtree(home, ignore_errors=True)  # of an assembly that was cut short
        for part in ("images", "labels"):
            (home / part).mkdir(parents=True)
        for place, row in enumerate(rows):
            for number in row["slices"] if job.splits[row["patient"]] == split else ():
                name = f"{len(listed)}.png"
                for part in ("images", "labels"):
                    _link(run.folder / str(place) / part / f"{number}.png", home / part / name)
                listed.append((name, row["patient"], row["volume"], number))
        write_atomically(home / INDEX, _csv(("image", "patient", "volume", "slice"), listed))
        if 0 < len(listed) <= MAX_TABLE_IMAGES:
            _write_table(home, [name for name, *_ in listed])
        counts[split] = len(listed)
    failed = {row["volume"]: row["error"] for row in rows if row["error"]}
    if not any(counts.values()):
        first = next(iter(failed.values()), "No slice shows any of the structures.")
        raise BatchError(f"No slice came of {len(rows)} volumes. {first}")
    return {
        **job.facts(),
        "images": counts,
        "volumes": {row["volume"]: row["sha256"] for row in rows if not row["error"]},
        "failed": failed,
    }


def _write_table(home: Path, names: Sequence[str]) -> None:
    from ctseg.datasets.folders import read_grey
    from ctseg.labelmaps.files import write_challenge_csv

    write_challenge_csv(home / TABLE, {name: read_grey(home / "labels" / name) for name in names})


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # file systems without links
        shutil.copyfile(source, target)


def _csv(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()


def _task(folder: Path, volume: LabelledVolume) -> BatchTask:
    return BatchTask(volume.name, (folder / volume.image).stat().st_size, asdict(volume))


def _volume(task: BatchTask) -> LabelledVolume:
    said = dict(task.payload)
    return LabelledVolume(**{**said, "labels": tuple(said["labels"])})


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
