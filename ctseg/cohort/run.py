"""From a folder or a split to a finished run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ctseg.batch.engines import HowToRun, open_run, run_shards, writing
from ctseg.batch.run_folder import RunFolder
from ctseg.batch.tasks import BatchError, BatchTask, Shard, TellTask
from ctseg.cohort.inputs import FolderInput, Input, SplitInput
from ctseg.cohort.job import SegmentJob, weights_of
from ctseg.cohort.label_files import reader_for
from ctseg.cohort.report import LEFT_OUT, write_report
from ctseg.cohort.sources import find_sources
from ctseg.files import write_atomically
from ctseg.spreadsheet import to_csv


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is to be segmented, how, and where it goes.

    Attributes
    ----------
    input : a folder, or the name of a split
    method : a name of `ctseg methods`, or ``run:FOLDER``
    out : folder of the run
    format : "nifti", "dicom-seg", "npz" or "csv"
    regions : see `SegmentJob`
    """

    input: str
    method: str
    out: Path
    format: str = "nifti"
    regions: int | None = None


Begun = Callable[[RunFolder, Sequence[Shard]], None]


def segment_all(asked: Asked, how: HowToRun, begun: Begun, tell: TellTask) -> dict[str, Any] | None:
    """Segment everything, or what is missing of it, or one share of it.

    Parameters
    ----------
    asked, how : what, and by which engine
    begun : called once with the run and all its shards
    tell : called for each task that ends

    Returns
    -------
    The report, or None where shares of other processes are missing still.

    Raises
    ------
    BatchError
        If the run cannot begin or go on; what was done stays.
    UserError
        If there is no such folder, split or method.
    """
    run = RunFolder(asked.out)
    job, plan = _planned(asked, run)
    shards = open_run(run, job, plan, how)
    begun(run, shards)
    if not run_shards(job, run, shards, how, tell):
        return None
    with writing():
        return write_report(run)


def _planned(asked: Asked, run: RunFolder) -> tuple[SegmentJob, Callable[[], Sequence[BatchTask]]]:
    weights = weights_of(asked.method)

    def job(source: Input, about: Mapping[str, Any]) -> SegmentJob:
        return SegmentJob(source, asked.method, weights, asked.format, asked.regions, about)

    folder = Path(asked.input)
    if folder.is_dir():
        _check_apart(folder.resolve(), asked.out.resolve())
        files = FolderInput(str(folder.resolve()), reader_for(asked.format))
        return job(files, {"input": "folder"}), lambda: _folder_tasks(files, run)
    from ctseg.datasets import DatasetError, open_split

    try:
        open_split(asked.input)
    except DatasetError as error:
        raise BatchError(f"There is no folder {asked.input}, and as a split: {error}") from error
    split = SplitInput(asked.input, may_score(asked.input))
    return job(split, {"input": asked.input, "truth": split.with_truth}), split.tasks


def _folder_tasks(files: FolderInput, run: RunFolder) -> Sequence[BatchTask]:
    sources, left_out = find_sources(Path(files.folder))
    if not sources:
        why = f" The first of {len(left_out)} files: {left_out[0].why}" if left_out else ""
        raise BatchError(f"{files.folder} holds nothing that can be segmented.{why}")
    listed = to_csv([asdict(each) for each in left_out], ("file", "why"))
    write_atomically(run.folder / LEFT_OUT, listed.encode())
    return files.tasks(sources)


def _check_apart(folder: Path, out: Path) -> None:
    if out == folder or folder in out.parents:
        raise BatchError("--out lies in the folder that is to be segmented; name one outside of it.")


def may_score(split: str) -> bool:
    """Whether scores on a split may be told here: `ctseg evaluate` tells those of a board, and counts."""
    from ctseg.leaderboard.boards import BoardError, find_board

    try:
        return find_board(split).kind == "open"
    except BoardError:
        return True
