"""Mutated bytes, read one after the other in the sandbox for a given time; a decoder of the tests."""

import random
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ctseg.errors import UserError
from ctseg.labelmaps.files import read_label_map, read_placed_label_map
from ctseg.slices import Stack
from ctseg.slices.decode import decode, decode_one
from ctseg.slices.geometry import Geometry

PLACED = Geometry((20, 24), np.diag([2.0, 3.0, 4.0, 1.0])[:, [1, 0, 2, 3]], (2.0, 3.0))
"""Where the images of the files that are mutated lie."""


def fuzz(path: str, seconds: str, seed: str) -> tuple[NDArray[np.int64], dict[str, Any]]:
    """Mutate a valid file and read it as stack, as one slice and as label map, until the time is over.

    Every error but one sentence to the user ends it. Its last mutation lies beside the file then.

    Returns
    -------
    number of files that were tried, and of readings that gave a result; and no facts
    """
    valid, chance = Path(path).read_bytes(), random.Random(seed)
    mutated = Path(path).with_suffix(".mutated")
    # Once without a mutation: what is imported for it does not count.
    _read(Path(path))
    end = time.monotonic() + float(seconds)
    tried = read = 0
    while time.monotonic() < end:
        mutated.write_bytes(mutation(valid, chance))
        tried += 1
        read += _read(mutated)
    return np.array([tried, read]), {}


def _read(path: Path) -> int:
    """Number of ways in which a file could be read."""
    results = 0
    with suppress(UserError):
        stack = decode([path])
        assert Stack.from_facts(stack.pixels, stack.facts()).facts() == stack.facts()
        assert np.isfinite(stack[stack.middle].pixels).all()
        results += 1
    with suppress(UserError):
        assert len(decode_one(path, 0)) == 1
        results += 1
    # Of label maps the caller of the sandbox makes a sentence where memory does not suffice.
    with suppress(UserError, MemoryError):
        assert read_label_map(path).min() >= 0
        results += 1
    with suppress(UserError, MemoryError):
        assert read_placed_label_map(path, on=PLACED).label_map.shape == PLACED.shape
        results += 1
    return results


def mutation(valid: bytes, chance: random.Random) -> bytes:
    """Change, cut, repeat or insert a few bytes, mostly in the header."""
    data = bytearray(valid)
    for _ in range(chance.randint(1, 4)):
        place = int(len(data) * chance.random() ** 3)
        kind = chance.random()
        if kind < 0.5 and data:
            data[min(place, len(data) - 1)] = chance.choice((0, 1, 127, 128, 255, chance.randrange(256)))
        elif kind < 0.7:
            number = chance.choice((0, 1, -1, 2**15, 2**31 - 1, -(2**31), chance.randrange(2**31)))
            data[place : place + 4] = number.to_bytes(4, chance.choice(("little", "big")), signed=True)
        elif kind < 0.8:
            data[place : place + chance.randint(1, 16)] = b""
        elif kind < 0.9:
            data[place:place] = data[place : place + chance.randint(1, 64)]
        else:
            text = chance.choice((b"0", b"-1", b"9999999", b"nan", b"1e309", b"\n", b" "))
            data[place : place + len(text)] = text
    return bytes(data)
