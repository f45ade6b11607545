"""Readers of submissions that a hostile file got the better of, run by tests in the reader's own process."""

import ctypes
from typing import Any

import numpy as np
from numpy.typing import NDArray

Read = tuple[NDArray[Any], dict[str, Any]]


def crash(path: str, layout: str) -> Read:
    """End as a broken decoder does."""
    ctypes.string_at(0)
    raise AssertionError("unreachable")


def fail(path: str, layout: str) -> Read:
    """Fail with an error that quotes the file."""
    raise ValueError(f"cannot read {path}")


def swap(path: str, layout: str) -> Read:
    """Return label maps that are not those of the board."""
    return np.zeros((1, 2, 3), np.uint8), {}
