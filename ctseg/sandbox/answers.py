"""What a decoder's process says at its end, which is as untrusted as the file it worked on."""

import json
import math
import signal
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ctseg.errors import UserError
from ctseg.sandbox.worker import ANSWER, PIXELS

MEBIBYTE = 1024**2
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
_SENTENCES = {
    "memory": "This file needs more memory to decode than is allowed; save a smaller part of it.",
    "damaged": "This file is damaged or incomplete; export or download it again.",
    "crashed": "This file made its decoder crash, as damaged files do; export it again or in another format.",
    "output": "Decoded, this file takes more room than is allowed; save a smaller part of it.",
    "disk": "There is no room for the decoded file at the moment; try again later.",
    "time": "This file takes too long to decode; save a smaller part of it.",
    "busy": "Many files are being read at the moment; try again in a few seconds.",
    "gone": "This file is no longer kept; upload it again.",
}


class RefusedError(UserError):
    """A decoder refused the file; the message is its own sentence."""


class DecoderError(UserError):
    """A decoder went beyond a limit, crashed, or failed without a sentence of its own.

    Attributes
    ----------
    why : "memory", "damaged", "crashed", "output", "disk", "time", "busy" or "gone"
    """

    def __init__(self, why: str) -> None:
        super().__init__(_SENTENCES[why])
        self.why = why


def fault_in(answer: dict[str, Any]) -> UserError | None:
    """Return the error that an answer tells of."""
    if "refused" in answer:
        return RefusedError(_one_sentence(str(answer["refused"])))
    if "failed" in answer:
        why = str(answer["failed"])
        return DecoderError(why if why in _SENTENCES else "damaged")
    return None


def fault_of_end(ended: int | None) -> UserError | None:
    """Return why a process failed by its exit status (negative: a signal; None: its time was over)."""
    if ended is None or ended == _by_signal("SIGXCPU"):
        return DecoderError("time")
    if ended != 0:
        return DecoderError("memory" if ended == _by_signal("SIGKILL") else "crashed")
    return None


def _by_signal(name: str) -> int | None:
    """Exit status of a process that a signal ended; None where the system has no such signal."""
    number = getattr(signal, name, None)
    return None if number is None else -number


def received(folder: Path, ended: int | None, max_bytes: int) -> tuple[NDArray[np.generic], dict[str, Any]]:
    """Return the array and the metadata that a process has left; errors as `run_decoder` raises them."""
    if fault := fault_of_end(ended):
        raise fault
    answer = read_answer(folder / ANSWER)
    shape, dtype = shape_in(answer, max_bytes)
    return _map(folder / PIXELS, shape, dtype), metadata_in(answer)


def read_answer(path: Path) -> dict[str, Any]:
    """Return an answer; raises what it tells of."""
    try:
        if path.stat().st_size > _MAX_ANSWER:
            raise DecoderError("damaged")
        answer = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DecoderError("crashed") from error
    if not isinstance(answer, dict):
        raise DecoderError("crashed")
    if fault := fault_in(answer):
        raise fault
    return answer


def shape_in(answer: dict[str, Any], max_bytes: int) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return shape and dtype that an answer declares, of no more than so many bytes."""
    shape, dtype = answer.get("shape"), answer.get("dtype")
    if not isinstance(shape, list) or not all(type(length) is int and length > 0 for length in shape):
        raise DecoderError("damaged")
    if dtype not in _DTYPES or math.prod(shape) * np.dtype(dtype).itemsize > max_bytes:
        raise DecoderError("damaged")
    return tuple(shape), np.dtype(dtype)


def metadata_in(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the metadata of an answer."""
    metadata = answer.get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def _map(path: Path, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[np.generic]:
    """Map the decoded array, believing its declared shape only if the file has just that many bytes."""
    if not path.is_file() or path.stat().st_size != math.prod(shape) * dtype.itemsize:
        raise DecoderError("damaged")
    array: NDArray[np.generic] = np.memmap(path, dtype=dtype, mode="r", shape=shape)
    try:
        path.unlink()
    except PermissionError:  # Windows deletes no file that is mapped: the private folder goes with it
        array = np.array(array)
        array.flags.writeable = False
    return array


def _one_sentence(text: str) -> str:
    return "".join(character for character in text if character.isprintable())[:_MAX_SENTENCE]
