"""Run a decoder of untrusted files in a process of its own, with bounds on memory, time and output."""

import json
import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ctseg.sandbox.answers import MEBIBYTE, DecoderError, RefusedError, received
from ctseg.sandbox.folders import decoding_folder
from ctseg.sandbox.processes import end, send, spare
from ctseg.sandbox.worker import REQUEST
from ctseg.settings import DECODE_SECONDS

__all__ = [
    "AT_ONCE",
    "MEBIBYTE",
    "SLICES",
    "DecoderError",
    "Limits",
    "RefusedError",
    "Running",
    "run_decoder",
    "started",
]

AT_ONCE = 2
_DECODER = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


@dataclass(frozen=True)
class Limits:
    """Bounds on one decoder: address space and output in bytes, processor and wall-clock time in seconds.

    The wall-clock time includes the start of the process; for how long it may wait for one of the places
    before that is ``place_seconds``.
    """

    memory_bytes: int = 2048 * MEBIBYTE
    cpu_seconds: int = 10
    output_bytes: int = 512 * MEBIBYTE
    wall_seconds: float = 9.5
    place_seconds: float = 30.0


# A machine that does other work at the same time may give more; processor time stays bounded.
SLICES = Limits(wall_seconds=DECODE_SECONDS.number())


def run_decoder(
    decoder: str,
    paths: Sequence[Path],
    limits: Limits = SLICES,
    folder: Path | None = None,
    settings: Sequence[str] = (),
) -> tuple[NDArray[np.generic], dict[str, Any]]:
    """Decode files in a process of their own.

    Parameters
    ----------
    decoder : "module:function", trusted; called with the paths as text, it returns an array and a dict of
        JSON values. Its errors of classes from this project are shown to the user as they are.
    paths : the untrusted files
    limits : Limits
    folder : where the decoded data may lie while they are handed over; a private one of this process if None
    settings : text of the caller's own that the decoder gets after the paths

    Returns
    -------
    array : ndarray, read-only, mapped from a file without a name, which is gone with the array
    metadata : dict of JSON values as the decoder returned it; its values are as untrusted as the file

    Raises
    ------
    RefusedError
        If the decoder refuses the file, in its own sentence.
    DecoderError
        If it fails, crashes, or goes beyond a limit: one sentence for each.
    """
    arguments = [*(str(path.resolve()) for path in paths), *settings]
    with started(decoder, lambda _: arguments, limits, folder) as running:
        return received(running.folder, running.wait(), limits.output_bytes)


_places = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True)
class Running:
    """A decoder's process at work, its private folder, and when it has to have ended (monotonic seconds)."""

    process: subprocess.Popen[bytes]
    folder: Path
    deadline: float

    def wait(self) -> int | None:
        """Return its exit status, negative for a signal; None if its time is over before."""
        try:
            return self.process.wait(max(0.0, self.deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            return None


@contextmanager
def started(
    decoder: str, arguments: Callable[[Path], Sequence[str]], limits: Limits, folder: Path | None
) -> Iterator[Running]:
    """Start a decoder, which is ended with the block, when its folder goes and its place is free again.

    Parameters
    ----------
    decoder, limits, folder : as of `run_decoder`
    arguments : what the decoder is called with, told its private folder
    """
    assert _DECODER.fullmatch(decoder), "a decoder is named module:function"
    if not _places.acquire(timeout=limits.place_seconds):
        raise DecoderError("busy")
    try:
        with _private_folder(folder) as private:
            _ask(private, decoder, arguments(private), limits)
            deadline = time.monotonic() + limits.wall_seconds
            process = spare.take()
            try:
                send(process, str(private))
                yield Running(process, private, deadline)
            finally:
                end(process)
    finally:
        _places.release()
        spare.replenish()


@contextmanager
def _private_folder(folder: Path | None) -> Iterator[Path]:
    """Folder of one request, readable by this user only, and gone at the end."""
    try:
        private = Path(tempfile.mkdtemp(prefix="ctseg-", dir=folder or decoding_folder())).resolve()
    except OSError as error:
        raise DecoderError("disk") from error
    try:
        yield private
    finally:
        shutil.rmtree(private, ignore_errors=True)


def _ask(private: Path, decoder: str, arguments: Sequence[str], limits: Limits) -> None:
    bounds = asdict(limits)
    del bounds["wall_seconds"], bounds["place_seconds"]
    request = {"decoder": decoder, "arguments": list(arguments), "limits": bounds}
    try:
        (private / REQUEST).write_text(json.dumps(request), encoding="utf-8")
    except OSError as error:
        raise DecoderError("disk") from error
