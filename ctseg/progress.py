"""How far something has come, as it is told to whoever waits for it."""

from collections.abc import Callable

Progress = Callable[[float], None]
"""Called with the part that is done, from 0 to 1 and never falling."""
CountProgress = Callable[[int, int], None]
"""Called with how many are done, never falling, and how many there are: images, or bytes of a download."""


def ignore_progress(_fraction: float) -> None:
    """Be the progress callback of callers who do not show progress."""


def ignore_count(_done: int, _total: int) -> None:
    """Be the same where things are counted."""
