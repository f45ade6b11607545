"""Where the slices of a run come from: a folder of files, or a split."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ctseg.batch.tasks import BatchTask, DiskFullError
from ctseg.cohort.sources import CTSource, sources_in, tasks_of, together_of
from ctseg.datasets import Split, open_split
from ctseg.errors import UserError
from ctseg.sandbox.runner import DecoderError
from ctseg.slices import CTSlice, SliceError, Stack
from ctseg.slices.bulk import StackReader, read_stacks

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, eq=False)
class OpenedSource:
    """A source that was read, or could not be.

    Attributes
    ----------
    name, patient : as in `CTSource`
    sha256 : of its files' bytes; of the files of a series, that of the files' own, in hexadecimal
    slices : its slices; of a `Stack`, each is made when it is asked for
    truth : ndarray, shape (N, H, W), its true label maps, or None
    error : why it could not be read, or ""
    """

    name: str
    patient: str
    sha256: str = ""
    slices: Stack | Sequence[CTSlice] = ()
    truth: NDArray[np.integer] | None = None
    error: str = ""
    notes: tuple[str, ...] = field(default=())


class Input(Protocol):
    """What hands out the slices of tasks; it is pickled into every worker."""

    def open(self, task: BatchTask) -> Iterator[OpenedSource]:
        """Read the sources of a task, one after the other."""
        ...

    def names(self, task: BatchTask) -> list[tuple[str, str]]:
        """Return name and patient of each source of a task."""
        ...


@dataclass(frozen=True)
class FolderInput:
    """The files of a folder, as `ctseg.cohort.sources.find_sources` finds them.

    Attributes
    ----------
    folder : where they lie
    read : `read_stacks`, or `read_named_stacks` for outputs that repeat whose slices they are
    """

    folder: str
    read: StackReader = read_stacks

    def open(self, task: BatchTask) -> Iterator[OpenedSource]:
        """See `Input`; small files are decoded together."""
        sources = sources_in(task)
        files = [[Path(self.folder) / file for file in source.files] for source in sources]
        sums = [_sum_of(source, paths) for source, paths in zip(sources, files, strict=True)]
        try:
            stacks = self.read(files)
        except DecoderError as error:
            raise DiskFullError(f"{error} The decoded files lie in the system's temporary folder.") from error
        for source, (digest, changed), stack in zip(sources, sums, stacks, strict=True):
            if changed or isinstance(stack, SliceError):
                yield OpenedSource(source.name, source.patient, digest, error=changed or str(stack))
            else:
                yield self._opened(source, digest, stack)

    def _opened(self, source: CTSource, digest: str, stack: Stack) -> OpenedSource:
        truth, notes = None, stack.notes
        if source.masks:
            from ctseg.labelmaps.files.label_stack import read_label_stack

            try:
                truth = read_label_stack([Path(self.folder) / mask for mask in source.masks], stack)
            except UserError as error:
                notes = (*notes, f"The truth beside it cannot be used. {error}")
        return OpenedSource(source.name, source.patient, digest, stack, truth, notes=notes)

    def names(self, task: BatchTask) -> list[tuple[str, str]]:
        """See `Input`."""
        return [(source.name, source.patient) for source in sources_in(task)]

    def tasks(self, sources: Sequence[CTSource]) -> list[BatchTask]:
        """Return the tasks of the folder's sources."""
        return tasks_of(sources)


@dataclass(frozen=True)
class SplitInput:
    """The images of a split, with their truth where it may be used.

    Attributes
    ----------
    name : of the split
    with_truth : False for boards whose scores `ctseg evaluate` tells and counts
    """

    name: str
    with_truth: bool

    def open(self, task: BatchTask) -> Iterator[OpenedSource]:
        """See `Input`."""
        split = _split(self.name)
        for index in task.payload["images"]:
            name, patient = split.images[index], split.patients[index]
            try:
                ct_slice = split.slice(index)
                truth = split.label_map(index) if self.with_truth else None
            except UserError as error:
                yield OpenedSource(name, patient, error=str(error))
                continue
            digest = hashlib.sha256(f"{ct_slice.intensity} {ct_slice.pixels.shape}\n".encode())
            digest.update(np.ascontiguousarray(ct_slice.pixels).data)
            yield OpenedSource(
                name,
                patient,
                digest.hexdigest(),
                (ct_slice,),
                None if truth is None else truth[np.newaxis],
                notes=ct_slice.notes,
            )

    def names(self, task: BatchTask) -> list[tuple[str, str]]:
        """See `Input`."""
        split = _split(self.name)
        return [(split.images[index], split.patients[index]) for index in task.payload["images"]]

    def tasks(self) -> list[BatchTask]:
        """Return the tasks of the split."""
        split = _split(self.name)
        most = together_of(len(split))
        return [
            BatchTask(split.images[first], len(indices), {"images": list(indices)})
            for first in range(0, len(split), most)
            if (indices := range(first, min(first + most, len(split))))
        ]


@cache
def _split(name: str) -> Split:
    return open_split(name)


def _sum_of(source: CTSource, paths: Sequence[Path]) -> tuple[str, str]:
    """The digest of a source's bytes, and a sentence where it is not what it was when the run began."""
    sums, size = [], 0
    for path in paths:
        digest = hashlib.sha256()
        try:
            with path.open("rb") as file:
                while chunk := file.read(_CHUNK_BYTES):
                    digest.update(chunk)
                    size += len(chunk)
        except OSError:
            return "", f"{path.name} can no longer be opened; put it back and begin anew."
        sums.append(digest.hexdigest())
    changed = f"{source.name} has changed since the run began; begin anew." if size != source.bytes else ""
    return (sums[0] if len(sums) == 1 else hashlib.sha256("\n".join(sums).encode()).hexdigest()), changed
