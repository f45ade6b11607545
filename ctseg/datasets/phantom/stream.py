"""Random numbers that are the same on every machine and under every version of numpy.

SplitMix64 (Steele, Lea & Flood 2014, doi:10.1145/2660193.2660195) in integers. A stream is named, so that
leaving one organ out does not change the random numbers of any other.
"""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

_GOLDEN = 0x9E3779B97F4A7C15
_FIRST = 0xBF58476D1CE4E5B9
_SECOND = 0x94D049BB133111EB
_BITS = (1 << 64) - 1

Item = TypeVar("Item")


class Stream:
    """A random stream of its own for every ``(seed, names)``.

    Parameters
    ----------
    seed : any integer
    names : what the numbers are for, such as ``"liver"``
    """

    def __init__(self, seed: int, *names: str) -> None:
        digest = hashlib.sha256("/".join((str(int(seed)), *names)).encode()).digest()
        self._state = int.from_bytes(digest[:8], "big")

    def bits(self) -> int:
        """Return the next 64 random bits as an integer."""
        self._state = (self._state + _GOLDEN) & _BITS
        mixed = self._state
        mixed = ((mixed ^ (mixed >> 30)) * _FIRST) & _BITS
        mixed = ((mixed ^ (mixed >> 27)) * _SECOND) & _BITS
        return mixed ^ (mixed >> 31)

    def uniform(self, low: float, high: float) -> float:
        """Return a number in [low, high)."""
        return low + (high - low) * ((self.bits() >> 11) * 2.0**-53)

    def bell(self, spread: float) -> float:
        """Return a number around 0 with this standard deviation: a sum of twelve uniform ones."""
        return spread * (sum(self.bits() >> 40 for _ in range(12)) * 2.0**-24 - 6.0)

    def chance(self, probability: float) -> bool:
        """Return True with this probability."""
        return self.uniform(0.0, 1.0) < probability

    def integer(self, low: int, high: int) -> int:
        """Return an integer in [low, high], ends included."""
        return low + (self.bits() >> 11) % (high - low + 1)

    def choice(self, items: Sequence[Item]) -> Item:
        """Return one of the items."""
        return items[self.integer(0, len(items) - 1)]

    def shuffled(self, items: Sequence[Item]) -> list[Item]:
        """Return the items in random order."""
        order = list(items)
        for last in range(len(order) - 1, 0, -1):
            other = self.integer(0, last)
            order[last], order[other] = order[other], order[last]
        return order

    def field(self, height: int, width: int) -> NDArray[np.uint64]:
        """Return 64 random bits for every pixel, shape (height, width)."""
        counter = np.arange(1, height * width + 1, dtype=np.uint64)
        state = counter * np.uint64(_GOLDEN) + np.full(1, self.bits(), dtype=np.uint64)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(_FIRST)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(_SECOND)
        return (state ^ (state >> np.uint64(31))).reshape(height, width)
