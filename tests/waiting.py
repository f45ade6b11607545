"""The one way in which tests wait: for a condition, however long a busy machine takes, within a bound."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")
BOUND_S = 180.0


def until(found: Callable[[], Value], what: str, look_every: float = 0.02) -> Value:
    """Call ``found`` until it returns something true, and return that.

    Raises
    ------
    AssertionError
        If that takes more than three minutes; it names ``what`` was waited for.
    """
    end = time.monotonic() + BOUND_S
    pause = threading.Event()
    while not (value := found()):
        assert time.monotonic() < end, f"waited {BOUND_S:.0f} s in vain for {what}"
        pause.wait(look_every)
    return value
