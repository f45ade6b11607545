"""Run a decoder of untrusted files in a process of its own, with bounds on memory, time and output."""

import atexit
import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ctseg.slices.ct_slice import SliceError
from ctseg.slices.limits import MAX_STACK_BYTES, MEBIBYTE
from ctseg.slices.worker import ANSWER, PIXELS, REQUEST

AT_ONCE = 2
_WAIT_FOR_A_PLACE_S = 30.0
_LONGEST_ANSWER = 4 * MEBIBYTE
_LONGEST_SENTENCE = 600
_DTYPES = {
    "bool",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "int8",
    "int16",
    "int32",
    "int64",
    "float32",
    "float64",
}
_DECODER = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
# What a Python process needs to start; keys and tokens of the server are not among it.
_PASSED_ON = (
    "PATH",
    "PYTHONPATH",
    "PYTHONHOME",
    "VIRTUAL_ENV",
    "LD_LIBRARY_PATH",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
)
_PASSED_ON_FOR_COVERAGE = ("COVERAGE_", "COV_CORE_")
_FIRST_NEEDED = (
    "numpy",
    "PIL.Image",
    "pydicom",
    "pydicom.pixels",
    "ctseg.slices.decode",
    "ctseg.slices.dicom",
)

_SENTENCES = {
    "memory": "This file needs more memory to decode than is allowed; save a smaller part of it.",
    "damaged": "This file is damaged or incomplete; export or download it again.",
    "crashed": "This file made its decoder crash, as damaged files do; export it again or in another format.",
    "time": "This file takes too long to decode; save a smaller part of it.",
    "busy": "Many files are being read at the moment; try again in a few seconds.",
    "started": "The program that reads files could not be started; try again, and tell who runs this page.",
}


@dataclass(frozen=True)
class Limits:
    """Bounds on one decoder: address space and output in bytes, processor and wall-clock time in seconds.

    The wall-clock time includes the start of the process.
    """

    memory_bytes: int = 2048 * MEBIBYTE
    cpu_seconds: int = 10
    output_bytes: int = MAX_STACK_BYTES
    wall_seconds: float = 9.5


_SLICES = Limits()


def run_decoder(
    decoder: str, paths: Sequence[Path], limits: Limits = _SLICES, folder: Path | None = None
) -> tuple[NDArray[np.generic], dict[str, Any]]:
    """Decode files in a process of their own.

    Parameters
    ----------
    decoder : "module:function", trusted; called with the paths as text, it returns an array and a dict of
        JSON values. Its errors of classes from this project are shown to the user as they are.
    paths : the untrusted files
    limits : Limits
    folder : where the decoded data may lie while they are handed over; the system's temporary folder if None

    Returns
    -------
    array : ndarray, read-only, mapped from a file without a name, which is gone with the array
    metadata : dict of JSON values as the decoder returned it; its values are as untrusted as the file

    Raises
    ------
    SliceError
        If the decoder refuses the file, fails, crashes, or goes beyond a limit: one sentence for each.
    """
    assert _DECODER.fullmatch(decoder), "a decoder is named module:function"
    if not _places.acquire(timeout=_WAIT_FOR_A_PLACE_S):
        raise SliceError(_SENTENCES["busy"])
    private = Path(tempfile.mkdtemp(prefix="ctseg-", dir=folder))
    try:
        deadline = time.monotonic() + limits.wall_seconds
        process = _spare.take()
        try:
            (private / REQUEST).write_text(json.dumps(_request(decoder, paths, limits)), encoding="utf-8")
            _send(process, str(private.resolve()))
            ended = _wait(process, deadline)
        finally:
            _end(process)
        return _receive(private, ended, limits)
    finally:
        shutil.rmtree(private, ignore_errors=True)
        _places.release()
        _spare.replenish()


def warm_up() -> None:
    """Start one decoder process ahead, and from now on another after each that was used; for servers."""
    _spare.keep = True
    _spare.replenish()


def shut_down() -> None:
    """End the process that was started ahead, and start no more."""
    _spare.keep = False
    _spare.drop()


class _Spare:
    """At most one process that has its imports done and waits for a request."""

    def __init__(self) -> None:
        self.keep = False
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def take(self) -> subprocess.Popen[bytes]:
        with self._lock:
            process, self._process = self._process, None
        if process is not None and process.poll() is None:
            return process
        if process is not None:
            _end(process)
        return _start(())

    def replenish(self) -> None:
        with self._lock:
            if self.keep and self._process is None:
                self._process = _start(_FIRST_NEEDED)

    def drop(self) -> None:
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            _end(process)


_places = threading.BoundedSemaphore(AT_ONCE)
_spare = _Spare()
atexit.register(shut_down)


def _start(modules: Sequence[str]) -> subprocess.Popen[bytes]:
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    environment |= {
        name: value for name, value in os.environ.items() if name.startswith(_PASSED_ON_FOR_COVERAGE)
    }
    # The package may stand in a checkout that is not installed.
    home = str(Path(__file__).resolve().parents[2])
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (home, environment.get("PYTHONPATH"))))
    # Threads of linear algebra would take address space from the decoder, and it needs none.
    environment |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    try:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "ctseg.slices.worker"],
            stdin=subprocess.PIPE,
            # Codecs quote the files they fail on: nothing they print goes anywhere.
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
            bufsize=0,
        )
    except OSError as error:
        raise SliceError(_SENTENCES["started"]) from error
    _send(process, json.dumps(modules))
    return process


def _send(process: subprocess.Popen[bytes], line: str) -> None:
    assert process.stdin is not None
    # A broken pipe means that it ended already; waiting for it tells how.
    with suppress(BrokenPipeError):
        process.stdin.write(os.fsencode(line + "\n"))


def _request(decoder: str, paths: Sequence[Path], limits: Limits) -> dict[str, Any]:
    bounds = asdict(limits)
    del bounds["wall_seconds"]
    arguments = [str(path.resolve()) for path in paths]
    return {"decoder": decoder, "arguments": arguments, "limits": bounds}


def _wait(process: subprocess.Popen[bytes], deadline: float) -> int | None:
    """Exit status, negative for a signal; None when the deadline passed first."""
    try:
        return process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return None


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        # The whole session, in case a hijacked decoder has started children.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.stdin is not None:
        process.stdin.close()


def _receive(folder: Path, ended: int | None, limits: Limits) -> tuple[NDArray[np.generic], dict[str, Any]]:
    if ended is None or ended == -signal.SIGXCPU:
        raise SliceError(_SENTENCES["time"])
    if ended != 0:
        raise SliceError(_SENTENCES["memory" if ended == -signal.SIGKILL else "crashed"])
    answer = _read_answer(folder / ANSWER)
    if "refused" in answer:
        raise SliceError(_one_sentence(str(answer["refused"])))
    if "failed" in answer:
        raise SliceError(_SENTENCES.get(str(answer["failed"]), _SENTENCES["damaged"]))
    array = _map(folder / PIXELS, answer.get("shape"), answer.get("dtype"), limits.output_bytes)
    metadata = answer.get("metadata")
    return array, metadata if isinstance(metadata, dict) else {}


def _read_answer(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _LONGEST_ANSWER:
            raise SliceError(_SENTENCES["damaged"])
        answer = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SliceError(_SENTENCES["crashed"]) from error
    if not isinstance(answer, dict):
        raise SliceError(_SENTENCES["crashed"])
    return answer


def _map(path: Path, shape: Any, dtype: Any, most_bytes: int) -> NDArray[np.generic]:
    """Map the decoded array, believing its declared shape only if the file has just that many bytes."""
    plain = isinstance(shape, list) and all(type(length) is int and length > 0 for length in shape)
    if not plain or dtype not in _DTYPES:
        raise SliceError(_SENTENCES["damaged"])
    needed = math.prod(shape) * np.dtype(dtype).itemsize
    if needed > most_bytes or not path.is_file() or path.stat().st_size != needed:
        raise SliceError(_SENTENCES["damaged"])
    array = np.memmap(path, dtype=dtype, mode="r", shape=tuple(shape))
    path.unlink()
    return array


def _one_sentence(text: str) -> str:
    return "".join(character for character in text if character.isprintable())[:_LONGEST_SENTENCE]
