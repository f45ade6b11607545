"""What the server keeps for an open page: decoded pixels and label maps, under no name on the disk."""

import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ctseg.labelmaps import ColouredMap
from ctseg.methods.base.sharing import SharedTrees
from ctseg.slices import CTSlice, Stack
from ctseg.slices.orientation import UPRIGHT, Turn

KEPT_SECONDS = 60 * 60
MAX_VISITED_BYTES = 48 * 1024**2
"""Of label maps of slices that a page showed before and may come back to."""


@dataclass(frozen=True, eq=False)
class Plan:
    """The methods asked for by one press of Compare that are still to finish, and the flag that ends them.

    ``shared`` holds what they compute for one another on the one slice.
    """

    left: set[str]
    running: set[str] = field(default_factory=set)
    stop: threading.Event = field(default_factory=threading.Event)
    identity: str = field(default_factory=lambda: uuid.uuid4().hex)
    shared: SharedTrees = field(default_factory=SharedTrees)

    def finish(self, method: str) -> None:
        """Take a method from those that are left; after the last nothing of the slice is held."""
        self.left.discard(method)
        if not self.left:
            self.shared.forget()


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

    @cached_property
    def coloured(self) -> ColouredMap:
        """What colouring asks of its label map, which does not change."""
        return ColouredMap(self.label_map)

    @property
    def nbytes(self) -> int:
        """Bytes of the label map and of the arrays of its tree."""
        parts = [] if self.tree is None else vars(self.tree).values()
        return self.label_map.nbytes + sum(part.nbytes for part in parts if isinstance(part, np.ndarray))


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
    address: str = ""
    used_at: float = field(default_factory=time.monotonic)

    @property
    def held_bytes(self) -> int:
        """Bytes of the pixels, label maps and merge trees that are held."""
        slices = (self.finished, self.recent, *list(self.visited.values()))
        found = {id(each): each.nbytes for shown in slices for each in list(shown.values())}
        pixels = 0 if self.stack is None else self.stack.pixels.nbytes
        truth = self.truth if self.truths is None else self.truths
        return sum(found.values()) + pixels + (0 if truth is None else truth.nbytes)

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
