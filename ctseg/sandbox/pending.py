"""Part by part: what a decoder hands over is looked at while its process decodes the rest."""

import json
import math
import os
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ctseg.errors import UserError
from ctseg.sandbox.answers import (
    DecoderError,
    fault_in,
    fault_of_end,
    metadata_in,
    read_answer,
    received,
    shape_in,
)
from ctseg.sandbox.parts import PART, REFUSED
from ctseg.sandbox.runner import SLICES, Limits, Running, started
from ctseg.sandbox.worker import ANSWER, ENDED

_PACE_SECONDS = 0.005
_MAX_SECONDS_TO_END = 10.0
_MAX_REFUSAL_BYTES = 64 * 1024
_NAME = re.compile(f"({PART}|{REFUSED})([0-9]{{1,9}})")


def begin_decoder(
    decoder: str, paths: Sequence[Path], limits: Limits = SLICES, folder: Path | None = None
) -> "tuple[NDArray[np.generic], dict[str, Any], Pending | None]":
    """Decode files that belong to nobody else in a process of their own, as `run_decoder` does.

    Where the decoder returns `Parts` this comes back with the first of them.

    Parameters
    ----------
    paths : the untrusted files; they are moved to the decoder and deleted when it has ended
    decoder, limits, folder : as of `run_decoder`

    Returns
    -------
    array, metadata : as of `run_decoder`
    pending : what tells which parts of the array are there; None where all are

    Raises
    ------
    RefusedError, DecoderError
        As `run_decoder`; of a part that fails later `Pending.wait` raises them.
    """
    with ExitStack() as until_end:
        running = until_end.enter_context(started(decoder, partial(_moved, paths), limits, folder))
        while running.process.poll() is None and not (running.folder / ANSWER).exists():
            if time.monotonic() > running.deadline:
                raise DecoderError("time")
            time.sleep(_PACE_SECONDS)
        if (running.folder / ANSWER).exists():
            answer = read_answer(running.folder / ANSWER)
            if answer.get("parts") is True:
                shape, dtype = shape_in(answer, limits.output_bytes)
                pending = Pending(running, shape, dtype)
                array = pending.array()
                pending.start(until_end.pop_all())
                return array, metadata_in(answer), pending
        return *received(running.folder, running.wait(), limits.output_bytes), None


def _moved(paths: Sequence[Path], private: Path) -> list[str]:
    """Move files into a folder; their names, which may be those of patients, are left behind."""
    places = [private / f"file-{number}" for number in range(len(paths))]
    try:
        for path, place in zip(paths, places, strict=True):
            shutil.move(path, place)
    except OSError as error:
        raise DecoderError("disk") from error
    return [str(place) for place in places]


class Pending:
    """The parts of an array that come one by one from a decoder's process; a thread of its own takes them.

    The array's file has no name and is written here alone: the process, which works on an untrusted file,
    could cut short what it may write to.

    Parameters
    ----------
    running : the decoder
    shape, dtype : of the whole array, already checked
    """

    def __init__(self, running: Running, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self._running = running
        self._part_bytes = math.prod(shape[1:]) * dtype.itemsize
        self._shape, self._dtype = shape, dtype
        try:
            self._file: IO[bytes] = tempfile.TemporaryFile(dir=running.folder)  # noqa: SIM115 the thread closes it
            self._file.truncate(self._part_bytes * shape[0])
        except OSError as error:
            raise DecoderError("disk") from error
        self._there = np.zeros(shape[0], bool)
        self._errors: dict[int, UserError] = {}
        self._why: UserError | None = None
        self._changed = threading.Condition()
        self._unwanted = threading.Event()
        self._thread = threading.Thread(target=self._collect, name="ctseg-pending", daemon=True)
        self._until_end = ExitStack()

    def array(self) -> NDArray[np.generic]:
        """Map the array, read-only; parts that are not there yet are 0."""
        return np.memmap(self._file, self._dtype, "r", shape=self._shape)

    def start(self, until_end: ExitStack) -> None:
        """Take the parts from now on; ``until_end`` is closed when no more will come."""
        self._until_end = until_end
        self._thread.start()

    def wait(self, number: int) -> None:
        """Return when a part of the array is there, at the latest when the decoder's time is over.

        Raises
        ------
        RefusedError, DecoderError
            If it cannot be decoded, or will not be any more.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: self._there[number] or number in self._errors or self._why is not None
            )
            if not self._there[number]:
                error = self._errors.get(number) or self._why
                assert error is not None
                raise error.with_traceback(None)

    def end(self) -> None:
        """End the process and delete all that it had; this returns when that is done."""
        self._unwanted.set()
        self._thread.join(_MAX_SECONDS_TO_END)

    def _collect(self) -> None:
        why: UserError | None = DecoderError("gone")
        try:
            with self._until_end, self._file:
                why = self._collected()
        except OSError:  # the disk is full
            why = DecoderError("disk")
        finally:
            with self._changed:
                self._why = why
                self._changed.notify_all()

    def _collected(self) -> UserError:
        """Take parts until no more will come, and return why."""
        while not self._unwanted.wait(_PACE_SECONDS):
            # Asked before the look, so that nothing is missed that came at the end.
            ended = self._running.process.poll()
            self._take()
            if self._there.sum() + len(self._errors) == len(self._there):
                break
            if ended is not None:
                return self._fault(ended)
            if time.monotonic() > self._running.deadline:
                return DecoderError("time")
        return DecoderError("gone")

    def _fault(self, ended: int) -> UserError:
        """Why a process has ended before its last part."""
        if fault := fault_of_end(ended):
            return fault
        try:
            read_answer(self._running.folder / ENDED)
        except UserError as error:
            return error
        return DecoderError("damaged")

    def _take(self) -> None:
        """Take the parts and refusals that lie in the folder."""
        with os.scandir(self._running.folder) as entries:
            found = [match for entry in entries if (match := _NAME.fullmatch(entry.name))]
        for name in found:
            path = self._running.folder / name[0]
            content = path.read_bytes() if self._is_sound(path, name[1]) else b""
            path.unlink()
            number = int(name[2])
            if number < len(self._there) and not self._there[number]:
                self._took(number, content, name[1])

    def _is_sound(self, path: Path, kind: str) -> bool:
        size = path.stat().st_size if path.is_file() else -1
        return size == self._part_bytes if kind == PART else 0 <= size <= _MAX_REFUSAL_BYTES

    def _took(self, number: int, content: bytes, kind: str) -> None:
        if kind == PART and content:
            self._file.seek(number * self._part_bytes)
            self._file.write(content)
            self._file.flush()
        with self._changed:
            if kind == PART and content:
                self._there[number] = True
            else:
                self._errors[number] = _refusal(content)
            self._changed.notify_all()


def _refusal(content: bytes) -> UserError:
    with suppress(ValueError):
        told = json.loads(content)
        if isinstance(told, dict) and (fault := fault_in(told)):
            return fault
    return DecoderError("damaged")
