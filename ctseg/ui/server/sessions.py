"""What the server keeps for each open page: decoded pixels and label maps, under no name on the disk."""

import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ctseg.slices import CTSlice, Stack

KEPT_SECONDS = 60 * 60
MOST_SESSIONS = 32


@dataclass(frozen=True, eq=False)
class Plan:
    """The methods asked for by one press of Compare that are still to finish, and the flag that ends them."""

    left: set[str]
    stop: threading.Event = field(default_factory=threading.Event)
    identity: str = field(default_factory=lambda: uuid.uuid4().hex)


@dataclass(frozen=True, eq=False)
class Finished:
    """A method's label map (H, W) as shown, with colours matched to the other methods', and its seconds."""

    label_map: NDArray[np.integer]
    seconds: float


@dataclass
class Session:
    """One open page. Only its own events read or write it."""

    stack: Stack | None = None
    index: int = 0
    loaded_at: float = 0.0
    plan: Plan | None = None
    finished: dict[str, Finished] = field(default_factory=dict)
    truth: NDArray[np.integer] | None = None

    @property
    def ct_slice(self) -> CTSlice | None:
        """The slice on show, or None while there is none."""
        return None if self.stack is None else self.stack[self.index]

    def keep(self, stack: Stack, truth: NDArray[np.integer] | None = None) -> None:
        """Take a new upload, and its true label map where it is known, and forget the one before it."""
        self.forget()
        self.stack = stack
        self.loaded_at = time.monotonic()
        self.show(stack.middle)
        self.truth = truth

    def show(self, index: int) -> None:
        """Turn to another slice of the stack; what was found on the one before does not fit it."""
        self.stop()
        self.finished = {}
        self.truth = None
        self.plan = None
        self.index = index

    def begin(self, methods: Iterable[str]) -> Plan:
        """Plan runs of these methods on the slice on show; runs that are still planned end."""
        self.stop()
        self.finished = {}
        self.plan = Plan(set(methods))
        return self.plan

    def stop(self) -> None:
        """End the runs that are planned or going on."""
        if self.plan is not None:
            self.plan.stop.set()

    def forget(self) -> None:
        """End all runs and give all pixels back."""
        self.stop()
        if self.stack is not None:
            self.stack.free()
        self.stack = None
        self.plan = None
        self.finished = {}
        self.truth = None


class Sessions:
    """All open pages by the key Gradio gives them."""

    def __init__(self) -> None:
        self._open: dict[str, Session] = {}
        self._lock = threading.Lock()

    def of(self, key: str | None) -> Session:
        """Return the page's session, a new one at its first call; the page idle longest gives way to it."""
        with self._lock:
            name = key or ""
            session = self._open.pop(name, None) or Session()
            self._open[name] = session
            crowded = len(self._open) - MOST_SESSIONS
            for oldest in list(self._open)[: max(crowded, 0)]:
                self._open.pop(oldest).forget()
        return session

    def leave(self, key: str | None) -> None:
        """Forget a page that was closed."""
        with self._lock:
            session = self._open.pop(key or "", None)
        if session is not None:
            session.forget()

    def expire(self, now: float) -> None:
        """Forget what was uploaded more than an hour before `now` (seconds of the monotonic clock)."""
        for session in self:
            if session.stack is not None and now - session.loaded_at > KEPT_SECONDS:
                session.forget()

    def __iter__(self) -> Iterator[Session]:
        with self._lock:
            return iter(list(self._open.values()))


SESSIONS = Sessions()
