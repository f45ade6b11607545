"""The contract between a method and everything that calls it."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ctseg.progress import Progress, ignore_progress
from ctseg.slices.ct_slice import CTSlice

__all__ = [
    "Method",
    "NeverStop",
    "Progress",
    "StopFlag",
    "Stopped",
    "ignore_progress",
    "raise_if_stopped",
]


class Stopped(Exception):  # noqa: N818 - no error: the caller asked for it
    """The caller raised the stop flag before the method was done."""


class StopFlag(Protocol):
    """Anything with ``is_set``, such as ``threading.Event``; methods look at it at least every 0.5 s."""

    def is_set(self) -> bool:
        """True once the method should end."""
        ...


class NeverStop:
    """The stop flag of callers who never stop a method."""

    def is_set(self) -> bool:
        """Return False, always."""
        return False


def raise_if_stopped(stop: StopFlag) -> None:
    """Raise ``Stopped`` if the flag is set; methods call it between steps."""
    if stop.is_set():
        raise Stopped


class Method(Protocol):
    """Turns a slice into a label map. A method module offers ``CARD`` and ``load() -> Method``."""

    def segment(
        self, ct_slice: CTSlice, stop: StopFlag = NeverStop(), progress: Progress = ignore_progress
    ) -> NDArray[np.int32]:
        """Segment all structures of a slice.

        Parameters
        ----------
        ct_slice : CTSlice, left untouched
        stop : looked at at least every 0.5 s
        progress : called with the finished fraction in [0, 1]

        Returns
        -------
        ndarray of int32, shape (H, W) of the slice; 0 is background, every other value one structure.

        Raises
        ------
        Stopped
            If ``stop`` is set before the label map is ready.
        """
        ...
