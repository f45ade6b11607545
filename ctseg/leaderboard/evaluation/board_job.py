"""The images of a board in shards: their label maps and the pairs of labels, from which all scores follow."""

import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ctseg.batch.engines import HowToRun, open_run, run_shards
from ctseg.batch.run_folder import RunFolder
from ctseg.batch.tasks import BatchError, BatchTask, Shard, TaskDone, TaskRecord
from ctseg.datasets import DatasetError, Split, open_split
from ctseg.errors import UserError
from ctseg.metrics import contingency_table, json_ready, scores_of
from ctseg.metrics.sums import SUMS, sums_of, table_from
from ctseg.progress import CountProgress

SUMS_FOLDER, TIMES_FOLDER, LABEL_MAPS_FOLDER = "sums", "times", "label-maps"
Make = Callable[[int, NDArray[np.integer]], tuple[NDArray[np.integer], Mapping[str, float]]]
"""From the number of an image and its true label map (H, W) to a label map (H, W) and what was measured."""


class LabelMapSource(Protocol):
    """Where the label maps of a board come from; it is pickled into every worker."""

    @property
    def kept(self) -> bool:
        """Whether the label maps are kept beside their sums."""
        ...

    def start(self, split: Split, /) -> Make:
        """Load what all images need, once for each worker."""
        ...


@dataclass(frozen=True)
class StoredLabelMaps:
    """Label maps that somebody handed in: a ``.npy`` file of integers, shape (N, H, W)."""

    path: str
    kept: bool = False

    def start(self, _split: Split, /) -> Make:
        """See `LabelMapSource`."""
        label_maps = np.load(self.path, mmap_mode="r", allow_pickle=False)
        return lambda index, _true: (label_maps[index], {})


@dataclass(frozen=True)
class BoardJob:
    """Count the pairs of labels of every image of a board.

    Attributes
    ----------
    board : name of its split
    source : where the label maps come from
    about : what else must be the same for all of a run
    """

    board: str
    source: LabelMapSource
    about: Mapping[str, Any] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        """See `ctseg.batch.tasks.Job`."""
        return {"board": self.board, **self.about}

    def start(self, _folder: Path) -> Callable[[BatchTask], TaskRecord]:
        """See `ctseg.batch.tasks.Job`."""
        split = open_split(self.board)
        make = self.source.start(split)

        def work(task: BatchTask) -> TaskRecord:
            try:
                return self._record(split, make, task.payload["image"])
            except OSError:  # the disk, which the engine tells
                raise
            except UserError as error:
                raise BatchError(str(error)) from error
            except Exception as error:  # scores of some of the images would be no result
                raise BatchError(f"{task.name} of {self.board} could not be done ({error!r}).") from error

        return work

    def _record(self, split: Split, make: Make, index: int) -> TaskRecord:
        true = truth_of(split, index)
        label_map, measured = make(index, true)
        check_shape(split, index, true.shape, label_map.shape)
        row = {"image": index, **sums_of(contingency_table(label_map, true))}
        parts = {SUMS_FOLDER: json.dumps(row).encode(), TIMES_FOLDER: json.dumps(dict(measured)).encode()}
        if self.source.kept:
            parts[LABEL_MAPS_FOLDER] = _packed({str(index): label_map})
        return TaskRecord(parts, 1, 0)

    def failed(self, task: BatchTask, sentence: str) -> TaskRecord:
        """See `ctseg.batch.tasks.Job`: a result without one of its images would be none."""
        raise BatchError(f"{task.name} of {self.board}: {sentence}")

    def pack(self, shard: Shard, records: Sequence[TaskRecord]) -> dict[str, bytes]:
        """See `ctseg.batch.tasks.Job`."""
        import polars as pl

        rows = [json.loads(record.parts[SUMS_FOLDER]) for record in records]
        schema: dict[str, Any] = {"image": pl.Int32, **dict.fromkeys(SUMS, pl.List(pl.Int64))}
        table = io.BytesIO()
        pl.DataFrame(rows, schema=schema).write_parquet(table)
        times = [json.loads(record.parts[TIMES_FOLDER]) for record in records]
        files = {
            f"{SUMS_FOLDER}/{shard.name}.parquet": table.getvalue(),
            f"{TIMES_FOLDER}/{shard.name}.json": json.dumps(times).encode(),
        }
        if self.source.kept:
            held: dict[str, NDArray[np.integer]] = {}
            for record in records:
                with np.load(io.BytesIO(record.parts[LABEL_MAPS_FOLDER]), allow_pickle=False) as stored:
                    held |= dict(stored)
            files[f"{LABEL_MAPS_FOLDER}/{shard.name}.npz"] = _packed(held)
        return files


class CountedBoard:
    """The finished run of a board: what `BoardJob` left."""

    def __init__(self, run: RunFolder) -> None:
        self._folder = run.folder

    def scores(self) -> list[dict[str, float | int | None]]:
        """Return all scores of each image by name, in order, from the sums alone."""
        import polars as pl

        scores = []
        for path in self._files(SUMS_FOLDER):
            for row in pl.read_parquet(path).iter_rows(named=True):
                table = table_from(row)
                assert table is not None, "every image of a board has a truth"
                scores.append(json_ready(scores_of(table)))
        return scores

    def measured(self) -> list[dict[str, float]]:
        """Return what was measured of each image."""
        return [each for path in self._files(TIMES_FOLDER) for each in json.loads(path.read_text("utf-8"))]

    def label_maps(self) -> Iterator[NDArray[np.integer]]:
        """Yield the label map (H, W) of each image, where they were kept."""
        for path in self._files(LABEL_MAPS_FOLDER):
            with np.load(path, allow_pickle=False) as stored:
                yield from (stored[name] for name in sorted(stored, key=int))

    def _files(self, kind: str) -> list[Path]:
        return sorted((self._folder / kind).glob("[0-9]*"))  # a write that was cut off begins with a dot


def count_board(job: BoardJob, folder: Path, how: HowToRun, progress: CountProgress) -> CountedBoard:
    """Count all images of a board, or those that an earlier call in the same folder left.

    Parameters
    ----------
    job : what is counted
    folder : of the run
    how : by which engine
    progress : called with the number of counted images and of all

    Raises
    ------
    BatchError
        If an image cannot be done, or the run cannot go on; what was done stays.
    """
    run = RunFolder(folder)
    split = open_split(job.board)
    tasks = [BatchTask(name, 1, {"image": index}) for index, name in enumerate(split.images)]
    shards = open_run(run, job, lambda: tasks, how)
    done = sum(len(shard.tasks) for shard in shards if run.is_done(shard))
    progress(done, len(tasks))

    def tell(_told: TaskDone) -> None:
        nonlocal done
        done += 1
        progress(done, len(tasks))

    run_shards(job, run, shards, how, tell)
    return CountedBoard(run)


def truth_of(split: Split, index: int) -> NDArray[np.integer]:
    """Return the true label map (H, W) of an image.

    Raises
    ------
    DatasetError
        If it is not on this machine.
    """
    true = split.label_map(index)
    if true is None:
        raise DatasetError(f"The images of {split.name} have no labels on this machine; add them.")
    return true


def check_shape(split: Split, index: int, true: tuple[int, ...], given: tuple[int, ...]) -> None:
    """Raise `DatasetError` where the truth of an image is of another shape than what is scored."""
    if true != given:
        raise DatasetError(
            f"The label map of {split.images[index]} on this machine is {true} and not {given}; mend the "
            "data of this board."
        )


def _packed(arrays: Mapping[str, NDArray[np.integer]]) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **arrays)
    return file.getvalue()
