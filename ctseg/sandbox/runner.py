"""Run a decoder of untrusted files in a process of its own, with bounds on memory, time and output."""

import json
import math
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ctseg.errors import UserError
from ctseg.sandbox.folders import decoding_folder
from ctseg.sandbox.processes import end, send, spare
from ctseg.sandbox.worker import ANSWER, PIXELS, REQUEST
from ctseg.settings import DECODE_SECONDS

MEBIBYTE = 1024**2
AT_ONCE = 2
_MAX_ANSWER = 4 * MEBIBYTE
_MAX_SENTENCE = 600
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
_SENTENCES = {
    "memory": "This file needs more memory to decode than is allowed; save a smaller part of it.",
    "damaged": "This file is damaged or incomplete; export or download it again.",
    "crashed": "This file made its decoder crash, as damaged files do; export it again or in another format.",
    "output": "Decoded, this file takes more room than is allowed; save a smaller part of it.",
    "disk": "There is no room for the decoded file at the moment; try again later.",
    "time": "This file takes too long to decode; save a smaller part of it.",
    "busy": "Many files are being read at the moment; try again in a few seconds.",
}


class RefusedError(UserError):
    """A decoder refused the file; the message is its own sentence."""


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


class DecoderError(UserError):
    """A decoder went beyond a limit, crashed, or failed without a sentence of its own.

    Attributes
    ----------
    why : "memory", "damaged", "crashed", "output", "disk", "time" or "busy"
    """

    def __init__(self, why: str) -> None:
        super().__init__(_SENTENCES[why])
        self.why = why


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
    assert _DECODER.fullmatch(decoder), "a decoder is named module:function"
    if not _places.acquire(timeout=limits.place_seconds):
        raise DecoderError("busy")
    try:
        arguments = [*(str(path.resolve()) for path in paths), *settings]
        with _private_folder(decoder, arguments, limits, folder) as private:
            return _receive(private, _run(private, limits.wall_seconds), limits)
    finally:
        _places.release()
        spare.replenish()


_places = threading.BoundedSemaphore(AT_ONCE)


@contextmanager
def _private_folder(
    decoder: str, arguments: Sequence[str], limits: Limits, folder: Path | None
) -> Iterator[Path]:
    """Folder of one request, readable by this user only, and gone at the end."""
    bounds = asdict(limits)
    del bounds["wall_seconds"], bounds["place_seconds"]
    request = {"decoder": decoder, "arguments": list(arguments), "limits": bounds}
    try:
        private = Path(tempfile.mkdtemp(prefix="ctseg-", dir=folder or decoding_folder())).resolve()
    except OSError as error:
        raise DecoderError("disk") from error
    try:
        try:
            (private / REQUEST).write_text(json.dumps(request), encoding="utf-8")
        except OSError as error:
            raise DecoderError("disk") from error
        yield private
    finally:
        shutil.rmtree(private, ignore_errors=True)


def _run(private: Path, seconds: float) -> int | None:
    """Exit status of the process, negative for a signal; None if it had to be ended for its time."""
    deadline = time.monotonic() + seconds
    process = spare.take()
    try:
        send(process, str(private))
        return process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return None
    finally:
        end(process)


def _receive(folder: Path, ended: int | None, limits: Limits) -> tuple[NDArray[np.generic], dict[str, Any]]:
    if ended is None or ended == -signal.SIGXCPU:
        raise DecoderError("time")
    if ended != 0:
        raise DecoderError("memory" if ended == -signal.SIGKILL else "crashed")
    answer = _read_answer(folder / ANSWER)
    if "refused" in answer:
        raise RefusedError(_one_sentence(str(answer["refused"])))
    if "failed" in answer:
        why = str(answer["failed"])
        raise DecoderError(why if why in _SENTENCES else "damaged")
    array = _map(folder / PIXELS, answer.get("shape"), answer.get("dtype"), limits.output_bytes)
    metadata = answer.get("metadata")
    return array, metadata if isinstance(metadata, dict) else {}


def _read_answer(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _MAX_ANSWER:
            raise DecoderError("damaged")
        answer = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DecoderError("crashed") from error
    if not isinstance(answer, dict):
        raise DecoderError("crashed")
    return answer


def _map(path: Path, shape: Any, dtype: Any, max_bytes: int) -> NDArray[np.generic]:
    """Map the decoded array, believing its declared shape only if the file has just that many bytes."""
    plain = isinstance(shape, list) and all(type(length) is int and length > 0 for length in shape)
    if not plain or dtype not in _DTYPES:
        raise DecoderError("damaged")
    needed = math.prod(shape) * np.dtype(dtype).itemsize
    if needed > max_bytes or not path.is_file() or path.stat().st_size != needed:
        raise DecoderError("damaged")
    array = np.memmap(path, dtype=dtype, mode="r", shape=tuple(shape))
    path.unlink()
    return array


def _one_sentence(text: str) -> str:
    return "".join(character for character in text if character.isprintable())[:_MAX_SENTENCE]
