"""An array that a decoder hands over part by part: some are there while others are still decoded."""

import errno
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ctseg.errors import UserError
from ctseg.sandbox.both_cores import tried_by_two

PART, REFUSED = "part-", "refused-"
"""How the files begin in which a part, or why there is none, is handed over; the part's number follows."""
_OWN_FAULTS = {errno.EFBIG: "output", errno.ENOSPC: "disk", errno.EDQUOT: "disk"}


@dataclass(frozen=True, eq=False)
class Parts:
    """What a decoder returns where its array can be had part by part.

    Attributes
    ----------
    shape, dtype : of the whole array; parts are its elements along the first axis
    metadata : dict of JSON values
    jobs : numbers of parts that are decoded together, each once; those of the first are handed over first
    decode : yields the parts of some numbers of one job in their order; does no harm when it is repeated
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    metadata: dict[str, Any]
    jobs: Sequence[Sequence[int]]
    decode: Callable[[Sequence[int]], Iterator[NDArray[np.generic]]]


def fault_of(error: Exception) -> dict[str, str]:
    """Return what the answer says of an error of a decoder."""
    if isinstance(error, MemoryError):
        return {"failed": "memory"}
    if isinstance(error, OSError) and error.errno in _OWN_FAULTS:
        return {"failed": _OWN_FAULTS[error.errno]}
    # Errors of the project's own are sentences for users; those of libraries may quote the file.
    return {"refused": str(error)} if isinstance(error, UserError) else {"failed": "damaged"}


def leave_first(parts: Parts, folder: Path) -> None:
    """Decode what is wanted first and leave it in the folder; its errors are those of the whole."""
    _leave_job(parts, folder, parts.jobs[0])


def leave_others(parts: Parts, folder: Path) -> None:
    """Decode all else on both cores and leave it in the folder; a part that fails spoils no other."""
    for job in tried_by_two(parts.jobs[1:], partial(_leave_job, parts, folder)):
        for number in job:
            try:
                _leave_job(parts, folder, [number])
            except Exception as error:
                fault = fault_of(error)
                if fault.get("failed", "damaged") != "damaged":  # no room, for the others neither
                    raise
                _hand_over(folder, f"{REFUSED}{number}", json.dumps(fault).encode())


def _leave_job(parts: Parts, folder: Path, job: Sequence[int]) -> None:
    for number, part in zip(job, parts.decode(job), strict=True):
        _hand_over(folder, f"{PART}{number}", np.ascontiguousarray(part, parts.dtype).tobytes())


def _hand_over(folder: Path, name: str, content: bytes) -> None:
    """Leave a file that is there whole or not at all."""
    (folder / f"begun-{name}").write_bytes(content)
    (folder / f"begun-{name}").replace(folder / name)
