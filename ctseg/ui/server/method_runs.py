"""One run of one method for a page or a program, in a thread that can be stopped, reported step by step."""

import logging
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ctseg.errors import UserError
from ctseg.methods import CARDS, StopFlag, Stopped, load
from ctseg.methods.base.fetching import fetch_weights
from ctseg.methods.base.hierarchical import label_map_and_tree
from ctseg.methods.base.sharing import SharedTrees, sharing
from ctseg.slices import CTSlice
from ctseg.slices.orientation import UPRIGHT, Turn

RUNS = "method-runs"
"""The one queue of all method runs, of pages and programs; it lets one run at a time."""

TICK_SECONDS = 0.05
STEP_SECONDS = 0.15
BUSY = "Too many visitors are waiting for this server; try again in a minute."
MAX_WAITING = 64

_logger = logging.getLogger(__name__)


class _Turns:
    """One run at a time, in the order in which they were asked for; who is stopped leaves the line."""

    def __init__(self) -> None:
        self._line: deque[object] = deque()
        self._moved = threading.Condition()

    def take(self, stop: StopFlag) -> object | None:
        """Wait for a turn and return it; None if the flag is set first, or too many wait already."""
        turn = object()
        with self._moved:
            if len(self._line) > MAX_WAITING:
                return None
            self._line.append(turn)
            while self._line[0] is not turn:
                if stop.is_set():
                    self._line.remove(turn)
                    return None
                self._moved.wait(TICK_SECONDS)
        return turn

    def give_back(self, turn: object) -> None:
        """Let the next one begin."""
        with self._moved:
            self._line.remove(turn)
            self._moved.notify_all()

    def __len__(self) -> int:
        return len(self._line)


_turns = _Turns()
_usual: dict[str, float] = {}
_REFERENCE_PX = 512 * 512


def usual_seconds(method: str) -> float:
    """Return what a method takes for a 512x512 slice: as this machine has seen it, else as its card says."""
    return _usual.get(method, CARDS[method].seconds)


def _learn(method: str, seconds: float, pixels: int) -> None:
    seen = seconds * _REFERENCE_PX / max(pixels, _REFERENCE_PX // 4)
    # Half of it each time, the first too: one slow run, as a first one often is, is not what is usual.
    known = usual_seconds(method)
    _usual[method] = 0.5 * (known + seen) if known else seen  # 0 on a card: never measured


def queue_lengths() -> dict[str, int]:
    """Return how many runs go on, 0 or 1, and how many wait for their turn."""
    asked = len(_turns)
    return {"running": min(asked, 1), "waiting": max(asked - 1, 0)}


@dataclass(frozen=True)
class Step:
    """The finished fraction in [0, 1], seconds since the method began, whether others go first."""

    fraction: float
    seconds: float
    waiting: bool = False


@dataclass(frozen=True)
class Done:
    """The label map (H, W), the seconds of the method itself, without loading it, and its tree, if any."""

    label_map: NDArray[np.integer]
    seconds: float
    tree: Any = None


@dataclass(frozen=True)
class Cancelled:
    """The run ended because its stop flag was set."""


@dataclass(frozen=True)
class Failed:
    """One sentence on why there is no label map."""

    sentence: str


def turned_back(label_map: NDArray[np.integer], tree: Any, turn: Turn) -> tuple[NDArray[np.integer], Any]:
    """Return what a method made of a turned slice as it lies on the slice itself."""
    if turn == UPRIGHT:
        return label_map, tree
    from ctseg.partition import turned

    return turn.back.applied(label_map), None if tree is None else turned(tree, turn.back.applied)


class _Run(threading.Thread):
    """Works in the background; what came of it stands in ``outcome`` once the thread has ended."""

    def __init__(
        self, ct_slice: CTSlice, method: str, stop: StopFlag, turn: Turn, shared: SharedTrees
    ) -> None:
        super().__init__(name=f"ctseg-{method}", daemon=True)
        self._ct_slice = ct_slice if turn == UPRIGHT else turn.applied_to_slice(ct_slice)
        self._turn = turn
        self._method = method
        self._stop_flag = stop
        self._shared = shared
        self.fraction = 0.0
        self.began: float | None = None
        self.waiting = True
        self.outcome: Done | Failed | Cancelled = Cancelled()

    def run(self) -> None:
        """Load the method and let it segment."""
        turn = _turns.take(self._stop_flag)
        if turn is None:
            if not self._stop_flag.is_set():
                self.outcome = Failed(BUSY)
            return
        self.waiting = False
        try:
            self.outcome = self._segment()
        except Stopped:
            pass
        except UserError as error:
            self.outcome = Failed(str(error))
        except MemoryError:
            self.outcome = Failed("There is not enough memory for this slice; try a smaller one.")
        except Exception:  # a method's fault ends in its panel, never in a traceback on the page
            _logger.exception("The method %s failed.", self._method)
            self.outcome = Failed("This method failed on this slice; the server's log says why.")
        finally:
            _turns.give_back(turn)

    def _segment(self) -> Done:
        if self._stop_flag.is_set():
            raise Stopped
        # A name that is not known is said by load.
        if self._method in CARDS:
            fetch_weights(CARDS[self._method].weights, self._stop_flag, self._note)
            self._note(0.0)
        method = load(self._method)
        self.began = time.perf_counter()
        with sharing(self._shared) as use:
            label_map, tree = label_map_and_tree(method, self._ct_slice, self._stop_flag, self._note)
        # What it takes by itself, whatever another run of the comparison did for it.
        needed = time.perf_counter() - self.began + use.spared
        _learn(self._method, needed, self._ct_slice.pixels.size)
        lying, lying_tree = turned_back(label_map, tree, self._turn)
        return Done(lying, needed, lying_tree)

    def _note(self, fraction: float) -> None:
        self.fraction = min(max(float(fraction), 0.0), 1.0)

    @property
    def step(self) -> Step:
        seconds = 0.0 if self.began is None else time.perf_counter() - self.began
        return Step(self.fraction, seconds, self.waiting)


def run_method(
    ct_slice: CTSlice,
    method: str,
    stop: threading.Event,
    turn: Turn = UPRIGHT,
    shared: SharedTrees | None = None,
) -> Iterator[Step | Done | Failed | Cancelled]:
    """Yield a `Step` about every 0.15 s, and at last `Done`, `Failed` or `Cancelled`.

    The method gets the slice turned; what it makes of it is turned back. Closing the iterator sets `stop`,
    so a run ends with the event that asked for it. Runs with one ``shared`` compute once what several of them
    stand on.
    """
    run = _Run(ct_slice, method, stop, turn, SharedTrees() if shared is None else shared)
    run.start()
    try:
        while run.is_alive():
            yield run.step
            run.join(STEP_SECONDS)
    except GeneratorExit:
        stop.set()
        raise
    yield run.outcome
