"""``ctseg dataset build``: a dataset of slices in the challenge's layout, from labelled volumes."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from ctseg.cli.batch import ProgressLine, add_engine, add_threads, how
from ctseg.cli.errors import CommandError


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its options."""
    command = commands.add_parser("dataset", help="build a dataset of slices from labelled volumes")
    actions = command.add_subparsers(dest="action", required=True, metavar="ACTION")
    build = actions.add_parser("build", help="cut slices, split by patient")
    build.add_argument(
        "layout",
        choices=("totalsegmentator", "folder"),
        help="PATIENT/ct.nii.gz with PATIENT/segmentations, or images/ with labels/",
    )
    build.add_argument(
        "--from", dest="source", type=Path, required=True, metavar="FOLDER", help="of the volumes"
    )
    build.add_argument("--out", type=Path, required=True, help="folder for the dataset")
    build.add_argument(
        "--window", default="soft tissue", help="a preset, or WIDTH/LEVEL in HU (default soft tissue)"
    )
    build.add_argument("--step", type=int, default=1, help="take every N-th slice only (default 1)")
    build.add_argument(
        "--group",
        action="append",
        default=[],
        metavar="NAME=A+B",
        help="structures that count as one, such as kidneys=kidney_left+kidney_right; may repeat",
    )
    build.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="NAME",
        help="take only this structure or group; may repeat",
    )
    build.add_argument(
        "--val-share",
        type=float,
        help="part of the patients for validation (default as meta.csv says, else 0.15)",
    )
    build.add_argument(
        "--seed", type=int, default=0, help="of the draw of patients, and of the labels' numbers"
    )
    build.add_argument("--resume", action="store_true", help="do what is missing of a dataset that was begun")
    add_engine(build)
    add_threads(build)
    build.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Build the dataset and say what came of it."""
    from ctseg.batch.tasks import BatchError
    from ctseg.datasets.building import BuildJob, build, splits_of
    from ctseg.datasets.volume_folders import paired_volumes, totalsegmentator_volumes
    from ctseg.datasets.volume_slices import SliceOptions

    folder = options.source
    if not folder.is_dir():
        raise CommandError(f"There is no folder {folder}; name the one that holds the volumes.")
    if options.step < 1:
        raise CommandError(f"--step is {options.step}; it must be 1 or more.")
    volumes = (totalsegmentator_volumes if options.layout == "totalsegmentator" else paired_volumes)(folder)
    width, level = _window(options.window)
    wanted = SliceOptions(
        width, level, options.step, _groups(options.group), tuple(options.only), options.seed
    )
    job = BuildJob(str(folder.resolve()), wanted, splits_of(volumes, options.val_share, options.seed))
    line = ProgressLine(sum(volume_bytes(folder, volume.image) for volume in volumes))
    try:
        made = build(folder, volumes, options.out, job, how(options), line)
    except KeyboardInterrupt:
        raise BatchError(
            f"Stopped; what is done stays in {options.out}, and --resume does the rest."
        ) from None
    finally:
        line.end()
    for split, images in made["images"].items():
        patients = sum(each == split for each in job.splits.values())
        print(f"{options.out / split}: {images} slices of {patients} patients")
    for volume, sentence in made["failed"].items():
        print(f"{volume} could not be used. {sentence}")
    return 0


def volume_bytes(folder: Path, image: str) -> int:
    """Return the size of a volume's file."""
    return max(1, (folder / image).stat().st_size)


def _window(text: str) -> tuple[float, float]:
    from ctseg.slices.windowing import WINDOWS

    if text in WINDOWS:
        return WINDOWS[text].width, WINDOWS[text].level
    try:
        width, level = (float(part) for part in text.split("/"))
    except ValueError:
        width = 0.0
    if not width > 0:
        raise CommandError(f"--window is {text!r}; give WIDTH/LEVEL in HU, or one of {', '.join(WINDOWS)}.")
    return width, level


def _groups(texts: Sequence[str]) -> dict[str, tuple[str, ...]]:
    groups = {}
    for text in texts:
        name, equals, members = text.partition("=")
        if not (name and equals and all(members.split("+"))):
            raise CommandError(
                f"--group is {text!r}; give a name and its structures, such as lungs=left+right."
            )
        groups[name] = tuple(members.split("+"))
    return groups
