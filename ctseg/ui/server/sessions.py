"""What the server keeps for each open page: decoded pixels and label maps, under no name on the disk.

A page is known by the key that Gradio gives it, which travels in addresses and lies in the framework's state.
Pixels and label maps are handed out for another one only, the page's pass: it is changed once for the
ticket that the page gets when it opens, travels in a header, and lies nowhere else.
"""

import hmac
import secrets
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ctseg.slices import CTSlice, Stack
from ctseg.slices.orientation import UPRIGHT, Turn

KEPT_SECONDS = 60 * 60
MAX_SESSIONS = 32
MAX_VISITED_BYTES = 48 * 1024**2
"""Of label maps of slices that a page showed before and may come back to."""


@dataclass(frozen=True, eq=False)
class Plan:
    """The methods asked for by one press of Compare that are still to finish, and the flag that ends them."""

    left: set[str]
    stop: threading.Event = field(default_factory=threading.Event)
    identity: str = field(default_factory=lambda: uuid.uuid4().hex)


@dataclass(eq=False)
class Finished:
    """A method's label map (H, W), its seconds, the hues of its structures, and its merge tree if it has one.

    ``hues`` holds for each label from 0 to the highest the row of the palette, where they are assigned;
    ``earlier`` those that should stay, 255 for a structure that had none.
    """

    label_map: NDArray[np.integer]
    seconds: float
    hues: NDArray[np.uint8] | None = None
    tree: Any = None
    earlier: NDArray[np.uint8] | None = None


@dataclass
class Session:
    """One open page. Only its own events read or write it."""

    stack: Stack | None = None
    index: int = 0
    loaded_at: float = 0.0
    plan: Plan | None = None
    finished: dict[str, Finished] = field(default_factory=dict)
    truth: NDArray[np.integer] | None = None
    truths: NDArray[np.integer] | None = None
    credit: str = ""
    remark: str = ""
    truth_hues: NDArray[np.uint8] | None = None
    visited: OrderedDict[int, dict[str, Finished]] = field(default_factory=OrderedDict)
    recent: dict[str, Finished] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    turn: Turn = UPRIGHT
    """How methods get the slices: as in the file, or turned where the visitor asked for that."""

    @property
    def ct_slice(self) -> CTSlice | None:
        """The slice on show, or None while there is none."""
        return None if self.stack is None else self.stack[self.index]

    def keep(
        self,
        stack: Stack,
        truths: NDArray[np.integer] | None = None,
        index: int | None = None,
        credit: str = "",
    ) -> None:
        """Take a new upload and forget the one before it.

        Parameters
        ----------
        stack : its slices
        truths : true label maps, shape (N, H, W), where they are known
        index : of the slice to show first; the middle one if None
        credit : whom its licence asks to name
        """
        self.forget()
        self.stack, self.truths, self.credit = stack, truths, credit
        self.loaded_at = time.monotonic()
        self.show(stack.middle if index is None else index)

    def show(self, index: int) -> None:
        """Turn to a slice of the stack; what was found on it before is there again, if it is still kept."""
        self.stop()
        self._put_aside()
        self.finished = self.visited.pop(index, {})
        self.truth = None if self.truths is None else self.truths[index]
        self.truth_hues = None
        self.plan = None
        self.index = index

    def turn_for_methods(self, turn: Turn) -> None:
        """Let methods get the slices turned; what they made of them lying otherwise is forgotten."""
        if turn != self.turn:
            self.stop()
            self.turn = turn
            self.finished, self.recent, self.numbers = {}, {}, {}
            self.visited = OrderedDict()

    def fresh_number(self, method: str) -> int:
        """Return the first number that no structure of a method has had in this series."""
        recent = self.recent.get(method)
        used = 0 if recent is None else int(recent.label_map.max(initial=0))
        self.numbers[method] = max(self.numbers.get(method, 0), used)
        return self.numbers[method] + 1

    def _put_aside(self) -> None:
        if self.finished:
            self.visited[self.index] = self.finished
        held = sum(found.label_map.nbytes for slices in self.visited.values() for found in slices.values())
        while held > MAX_VISITED_BYTES:
            _, oldest = self.visited.popitem(last=False)
            held -= sum(found.label_map.nbytes for found in oldest.values())

    def begin(self, methods: Iterable[str]) -> Plan:
        """Plan runs of these methods on the slice on show; runs that are still planned end."""
        self.stop()
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
        self.stack = self.plan = self.truth = self.truths = None
        self.truth_hues = None
        self.finished, self.recent, self.numbers = {}, {}, {}
        self.visited = OrderedDict()
        self.index, self.credit, self.remark = 0, "", ""
        self.turn = UPRIGHT


class Sessions:
    """All open pages by the key Gradio gives them."""

    def __init__(self) -> None:
        self._open: dict[str, Session] = {}
        self._tickets: dict[str, str] = {}
        self._passes: dict[str, str] = {}
        self._lock = threading.Lock()

    def of(self, key: str | None) -> Session:
        """Return the page's session, a new one at its first call; the page idle longest gives way to it."""
        with self._lock:
            return self._of(key or "")

    def _of(self, key: str) -> Session:
        session = self._open.pop(key, None) or Session()
        self._open[key] = session
        crowded = len(self._open) - MAX_SESSIONS
        for oldest in list(self._open)[: max(crowded, 0)]:
            self._open.pop(oldest).forget()
        return session

    def ticket(self, key: str | None) -> str:
        """Return what the page of this key may change for its pass, once; an older ticket is void."""
        with self._lock:
            made = secrets.token_urlsafe(24)
            self._tickets = {old: owner for old, owner in self._tickets.items() if owner != (key or "")}
            self._tickets[made] = key or ""
            return made

    def enter(self, ticket: str) -> str | None:
        """Return the pass for a ticket, and None for one that is unknown or was used."""
        with self._lock:
            key = self._tickets.pop(ticket, None)
            if key is None:
                return None
            made = secrets.token_urlsafe(24)
            self._passes[made] = key
            return made

    def admitted(self, shown: str) -> Session | None:
        """Return the session of the page that shows this pass, and None if there is none."""
        with self._lock:
            # Every pass is compared in constant time, so that no answer's time tells how much of one is
            # right.
            keys = [
                key
                for known, key in self._passes.items()
                if hmac.compare_digest(known.encode(), shown.encode())
            ]
            return self._of(keys[0]) if keys else None

    def leave(self, key: str | None) -> None:
        """Forget a page that was closed."""
        with self._lock:
            session = self._open.pop(key or "", None)
            self._tickets = {made: owner for made, owner in self._tickets.items() if owner != (key or "")}
            self._passes = {made: owner for made, owner in self._passes.items() if owner != (key or "")}
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
