"""Decoders that hand over their array part by part, run by the tests in the decoder's own process."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ctseg.errors import UserError
from ctseg.sandbox.parts import Parts

COUNT = 9
FACTS = {
    "intensity": "HU",
    "spacing_mm": None,
    "source": "DICOM",
    "window": None,
    "affines": None,
    "notes": [],
    "grid": None,
}


def _parts(decode_one: Callable[[int], NDArray[Any]]) -> Parts:
    """Parts of which the fourth is first, two of the others together."""

    def decode(numbers: Sequence[int]) -> Iterator[NDArray[np.generic]]:
        for number in numbers:
            yield decode_one(number)

    jobs = [[4], [5, 3], *([number] for number in (2, 6, 1, 7, 0, 8))]
    return Parts((COUNT, 2, 3), np.dtype(np.int16), FACTS, jobs, decode)


def filled(number: int) -> NDArray[np.int16]:
    """Return one part."""
    return np.full((2, 3), number + 1, np.int16)


def whole(path: str) -> Parts:
    """Hand over all."""
    return _parts(filled)


def at_gate(path: str) -> Parts:
    """Hand over the first, and the others when a file called "gate" lies in the folder of temporary files."""
    gate = Path(os.environ["TMPDIR"]) / "gate"

    def decode(number: int) -> NDArray[np.int16]:
        while number != 4 and not gate.exists():
            time.sleep(0.02)
        return filled(number)

    return _parts(decode)


def some_fail(path: str) -> Parts:
    """Fail on some parts in three ways."""

    def decode(number: int) -> NDArray[np.int16]:
        if number == 3:
            raise UserError("This one is of a kind that is not read here.")
        if number == 8:
            raise ValueError(f"cannot decode {path}: Doe^Jane")
        return filled(number)[:1] if number == 0 else filled(number)

    return _parts(decode)


def first_fails(path: str) -> Parts:
    """Fail on what is wanted first."""

    def decode(number: int) -> NDArray[np.int16]:
        raise UserError("This one is of a kind that is not read here.")

    return _parts(decode)


def dies(path: str) -> Parts:
    """End as a broken codec does, on the first part but one."""

    def decode(number: int) -> NDArray[np.int16]:
        if number == 3:
            os.abort()
        return filled(number)

    return _parts(decode)


def has_no_memory(path: str) -> Parts:
    """Run out of memory on a part, alone too."""

    def decode(number: int) -> NDArray[np.int16]:
        if number == 3:
            raise MemoryError
        return filled(number)

    return _parts(decode)
