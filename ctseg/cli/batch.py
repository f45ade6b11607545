"""``ctseg batch``: a folder of patients, or a split, slice by slice, on one machine or a cluster."""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ctseg.batch.run_folder import RunFolder
    from ctseg.batch.tasks import Shard, TaskDone


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its options."""
    command = commands.add_parser("batch", help="segment all that lies in a folder, or a split")
    command.add_argument(
        "input",
        metavar="INPUT",
        help="a folder with DICOM series, volumes and images, at any depth, or the name of a split",
    )
    command.add_argument(
        "--method",
        default="watershed",
        help="a name that `ctseg methods` lists, or run:FOLDER (default watershed)",
    )
    command.add_argument(
        "--out", type=Path, required=True, help="folder for label maps, tables and the report"
    )
    command.add_argument(
        "--format",
        choices=("nifti", "dicom-seg", "npz", "csv"),
        default="nifti",
        help="how label maps are written: a file for each source, with dicom-seg one for each DICOM slice "
        "(it names the patient), with csv also one table in the challenge's layout",
    )
    command.add_argument(
        "--regions",
        type=int,
        metavar="N",
        help="cut each slice into at most N structures; for methods with a merge tree, such as sobel-tree",
    )
    command.add_argument("--shard", metavar="I/N", help="do the I-th of N shares of the work, for job arrays")
    command.add_argument(
        "--resume", action="store_true", help="do what is missing of a run that was begun in --out"
    )
    add_engine(command)
    add_threads(command)
    command.set_defaults(run=run)


def add_engine(command: argparse.ArgumentParser, workers: str = "one for each core") -> None:
    """Add the options that say where the work is done; they change nothing of what comes out."""
    command.add_argument(
        "--engine",
        choices=("local", "ray"),
        default="local",
        help="processes of this machine, or a Ray cluster",
    )
    command.add_argument(
        "--address", help="of a running Ray cluster, such as auto (default: one is started here)"
    )
    command.add_argument("--workers", type=int, help=f"processes at once (default: {workers})")


def add_threads(command: argparse.ArgumentParser) -> None:
    """Add the option that says how many processor threads each worker has."""
    command.add_argument("--threads", type=int, default=1, help="processor threads of each (default 1)")


def run(options: argparse.Namespace) -> int:
    """Do the work, say how far it is, and where the results are."""
    from ctseg.batch.tasks import BatchError
    from ctseg.cohort.run import Asked, segment_all

    asked = Asked(
        input=options.input,
        method=options.method,
        out=options.out,
        format=options.format,
        regions=options.regions,
    )
    if options.format == "dicom-seg":
        from ctseg.labelmaps.files.dicom_seg import CARRIES, VIEWERS

        print(f"Note: {CARRIES} {VIEWERS}", file=sys.stderr)
    line = ProgressLine()
    try:
        report = segment_all(asked, how(options), line.begin, line)
    except KeyboardInterrupt:
        line.end()
        raise BatchError(
            f"Stopped; what is done stays in {options.out}, and --resume does the rest."
        ) from None
    finally:
        line.end()
    print("This share is done; others are missing." if report is None else _summary(report, options.out))
    return 0


def how(options: argparse.Namespace) -> Any:
    """Return the options of `add_engine`, and of resuming, as `ctseg.batch.engines.HowToRun`."""
    from ctseg.batch.engines import HowToRun, cores, share_of, threads_environment
    from ctseg.cli.errors import CommandError

    if options.workers is not None and options.workers < 1:
        raise CommandError(f"--workers is {options.workers}; it must be 1 or more.")
    threads = getattr(options, "threads", 1)
    if threads < 1:
        raise CommandError(f"--threads is {threads}; it must be 1 or more.")
    if options.address and options.engine != "ray":
        raise CommandError("--address names a Ray cluster; add --engine ray.")
    share = getattr(options, "shard", None)
    return HowToRun(
        engine=options.engine,
        address=options.address,
        workers=options.workers or max(1, cores() // threads),
        environment=threads_environment(threads),
        share=None if share is None else share_of(share),
        resume=getattr(options, "resume", False),
    )


def _summary(report: dict[str, Any], out: Path) -> str:
    lines = [
        f"{report['slices']} slices of {report['sources']} sources, "
        f"{report['structures']} structures; wrote {out}"
    ]
    if report["failed"]:
        lines.append(f"{report['failed']} could not be done: {out / 'failures.csv'} says why.")
    if report["files_left_out"]:
        lines.append(f"{report['files_left_out']} files are no CT images: {out / 'left-out.csv'}")
    for name, told in report.get("scores", {}).items():
        if told["mean"] is not None:
            interval = told["interval_95"]
            between = f"  (95 % interval {interval[0]:.4f} to {interval[1]:.4f})" if interval else ""
            lines.append(f"{name:22s} {told['mean']:8.4f}{between}")
    return "\n".join(lines)


class ProgressLine:
    """A line on the terminal: what is done, how fast, what failed, and about how long the rest takes."""

    def __init__(self, weight: int = 0) -> None:
        """``weight`` of all tasks, where no `begin` will tell it."""
        self._start = time.monotonic()
        self._all, self._finished, self._fresh = weight, 0, 0
        self._done = self._fresh_done = self._failed = 0
        self._open = False

    def begin(self, run: "RunFolder", shards: "Sequence[Shard]") -> None:
        """Take in what was done before."""
        self._start = time.monotonic()
        for shard in shards:
            weight = sum(max(task.weight, 1) for task in shard.tasks)
            self._all += weight
            if run.is_done(shard):
                done, failed = run.counts(shard)
                self._finished += weight
                self._done += done
                self._failed += failed

    def __call__(self, told: "TaskDone") -> None:
        """Count a task that ended."""
        weight = max(told.weight, 1)
        self._finished += weight
        self._done += told.done
        self._failed += told.failed
        if told.fresh:
            self._fresh += weight
            self._fresh_done += told.done
        print(f"\r{self.text()}   ", end="", file=sys.stderr, flush=True)
        self._open = True

    def text(self) -> str:
        """Return the line."""
        seconds = max(time.monotonic() - self._start, 1e-9)
        words = f"{self._done} slices"
        if self._fresh_done:
            words += f", {self._fresh_done / seconds:.2g} a second"
        if self._failed:
            words += f", {self._failed} failed"
        if self._fresh:
            left = seconds / self._fresh * (self._all - self._finished)
            words += f", {100 * self._finished // self._all} %, about {_span(left)} left"
        return words

    def end(self) -> None:
        """Leave the line."""
        if self._open:
            print(file=sys.stderr)
        self._open = False


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
