"""What lies in a folder: images, volumes and DICOM series, each a source, and what is left out and why."""

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from ctseg.batch.tasks import BatchTask
from ctseg.datasets.volume_folders import SEGMENTATIONS, masks_beside
from ctseg.slices.sniff import READ_HERE, sniff

MAX_TOGETHER = 8
"""So many small sources are decoded by one process, whose start takes longer than a small image."""
SMALL_BYTES = 4 << 20
_MIN_TASKS = 4
_HEADERS_AT_ONCE = 256
# Only what names a format: a DICOM file may be called 1.2.840.113.
_SUFFIX = re.compile(
    r"(?<=[^/])\.(png|jpe?g|tiff?|dcm|dicom|ima|nii(\.gz)?|img|hdr|mha|mhd|nrrd|npy|npz|zip)$", re.IGNORECASE
)


@dataclass(frozen=True)
class CTSource:
    """One image, volume or series.

    Attributes
    ----------
    name : unique in its folder; what its label map is called
    files : paths below the folder, more than one for the files of a series
    patient : whose it is, as far as folders and headers tell
    bytes : of all files
    masks : files with its true structures, one each, where a dataset keeps them beside it
    """

    name: str
    files: tuple[str, ...]
    patient: str
    bytes: int
    masks: tuple[str, ...] = ()


@dataclass(frozen=True)
class LeftOut:
    """A file that is no source, and the sentence that says why."""

    file: str
    why: str


def find_sources(folder: Path) -> tuple[list[CTSource], list[LeftOut]]:
    """Look through a folder and all below it.

    Files are told by their content. Hidden ones, and true structures beside a volume as TotalSegmentator lays
    them, are no sources. The DICOM files of one series are one source, wherever they lie.

    Returns
    -------
    sources in the order of their names, and what was left out in the order of the files
    """
    dicom: list[tuple[str, int]] = []
    sources: list[CTSource] = []
    left_out: list[LeftOut] = []
    for file, path in _files(folder):
        try:
            size = path.stat().st_size
            with path.open("rb") as opened:
                found = sniff(opened)
        except OSError:
            left_out.append(LeftOut(file, "This file cannot be opened; check that it may be read."))
            continue
        if size == 0:
            left_out.append(LeftOut(file, "This file is empty; export or download it again."))
        elif not found.kind:
            why = found.refusal or f"This file is {found.noun}, not a CT slice; {READ_HERE}."
            left_out.append(LeftOut(file, why.replace("upload", "give")))
        elif found.kind == "dicom":
            dicom.append((file, size))
        else:
            masks = tuple(
                f"{PurePosixPath(file).parent / SEGMENTATIONS / each}" for each in masks_beside(path)
            )
            sources.append(CTSource(_stem(file), (file,), _patient(file, bool(masks)), size, masks))
    series, refused = _series(folder, dicom)
    named = _uniquely_named([*sources, *series])
    return sorted(named, key=lambda each: natural(each.name)), sorted(
        [*left_out, *refused], key=lambda each: each.file
    )


def together_of(count: int) -> int:
    """Return how many of so many images share a task: some, but few images still make several tasks."""
    return min(MAX_TOGETHER, max(1, -(-count // _MIN_TASKS)))


def tasks_of(sources: Sequence[CTSource]) -> list[BatchTask]:
    """Put small sources together, each other one alone."""
    tasks: list[BatchTask] = []
    most = together_of(len(sources))
    together: list[CTSource] = []
    for source in sources:
        small = source.bytes <= SMALL_BYTES and not source.masks
        if together and (not small or len(together) == most):
            tasks.append(_task(together))
            together = []
        if small:
            together.append(source)
        else:
            tasks.append(_task([source]))
    return [*tasks, _task(together)] if together else tasks


def sources_in(task: BatchTask) -> list[CTSource]:
    """Return the sources of a task that `tasks_of` made."""
    return [
        CTSource(each["name"], tuple(each["files"]), each["patient"], each["bytes"], tuple(each["masks"]))
        for each in task.payload["sources"]
    ]


def _task(sources: Sequence[CTSource]) -> BatchTask:
    payload: dict[str, Any] = {"sources": [asdict(source) for source in sources]}
    return BatchTask(sources[0].name, sum(source.bytes for source in sources), payload)


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for home, folders, files in os.walk(folder):
        shown = [name for name in folders if not name.startswith(".")]
        if SEGMENTATIONS in shown and any(masks_beside(Path(home) / name) for name in files):
            shown.remove(SEGMENTATIONS)
        folders[:] = sorted(shown)
        for name in sorted(files):
            path = Path(home) / name
            if not name.startswith(".") and path.is_file():
                yield path.relative_to(folder).as_posix(), path


def _series(folder: Path, files: Sequence[tuple[str, int]]) -> tuple[list[CTSource], list[LeftOut]]:
    from ctseg.slices.bulk import series_of

    members: dict[str, list[tuple[str, int]]] = defaultdict(list)
    patients: dict[str, str] = {}
    left_out = []
    for first in range(0, len(files), _HEADERS_AT_ONCE):
        some = files[first : first + _HEADERS_AT_ONCE]
        for (file, size), facts in zip(some, series_of([folder / file for file, _ in some]), strict=True):
            if "series" not in facts:
                left_out.append(LeftOut(file, facts.get("refused", "This file cannot be read.")))
                continue
            members[facts["series"]].append((file, size))
            patients.setdefault(facts["series"], facts.get("patient", ""))
    numbers = {
        digest: f"patient {number}" for number, digest in enumerate(dict.fromkeys(patients.values()), 1)
    }
    found = []
    for series, held in members.items():
        names = tuple(file for file, _ in held)
        # A digest of the PatientID could be guessed back; a number tells no more than who is the same.
        patient = numbers[patients[series]] if patients[series] else _patient(names[0], False)
        found.append(CTSource(_series_name(names), names, patient, sum(size for _, size in held)))
    return found, left_out


def _series_name(files: Sequence[str]) -> str:
    if len(files) == 1:
        return _stem(files[0])
    return str(os.path.commonpath([str(PurePosixPath(file).parent) for file in files])) or "series"


def _uniquely_named(sources: Iterable[CTSource]) -> list[CTSource]:
    """Number those that share a name, such as several series in one folder."""
    groups: dict[str, list[CTSource]] = defaultdict(list)
    for source in sources:
        groups["series" if source.name == "." else source.name].append(source)
    taken = set(groups)
    named = []
    for name, group in groups.items():
        if len(group) == 1:
            named.append(_renamed(group[0], name))
            continue
        number = 0
        for source in sorted(group, key=lambda each: each.files):
            number += 1
            while f"{name}-{number}" in taken:
                number += 1
            taken.add(f"{name}-{number}")
            named.append(_renamed(source, f"{name}-{number}"))
    return named


def _renamed(source: CTSource, name: str) -> CTSource:
    return CTSource(name, source.files, source.patient, source.bytes, source.masks)


def _stem(file: str) -> str:
    return _SUFFIX.sub("", file) or file


def natural(name: str) -> list[tuple[int, str]]:
    """Return what sorts names so that 10 stands after 9."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]


def _patient(file: str, own_folder: bool) -> str:
    """A dataset that keeps a folder for each patient names them by it; else every file counts as one."""
    return str(PurePosixPath(file).parent) if own_folder else _stem(file)
