"""One run of one method for a page or a program, in a thread that can be stopped, reported step by step."""

import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ctseg.errors import UserError
from ctseg.methods import StopFlag, Stopped, load
from ctseg.slices import CTSlice

RUNS = "method-runs"
"""The one queue of all method runs, of pages and programs; it lets one run at a time."""

TICK_SECONDS = 0.15

_logger = logging.getLogger(__name__)
# Gradio frees a cancelled run's place in the queue up to half a second before its thread has ended.
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Step:
    """Where a run is: the finished fraction in [0, 1], and seconds since the method began, 0 till then."""

    fraction: float
    seconds: float


@dataclass(frozen=True)
class Done:
    """The label map (H, W) and the seconds the method itself took, without loading it."""

    label_map: NDArray[np.integer]
    seconds: float


@dataclass(frozen=True)
class Cancelled:
    """The run ended because somebody stopped it."""


@dataclass(frozen=True)
class Failed:
    """One sentence on why there is no label map."""

    sentence: str


class _Run(threading.Thread):
    """Works in the background; what came of it stands in ``outcome`` once the thread has ended."""

    def __init__(self, ct_slice: CTSlice, method: str, stop: StopFlag) -> None:
        super().__init__(name=f"ctseg-{method}", daemon=True)
        self._ct_slice = ct_slice
        self._method = method
        self._stop_flag = stop
        self.fraction = 0.0
        self.began: float | None = None
        self.outcome: Done | Failed | Cancelled = Cancelled()

    def run(self) -> None:
        """Load the method and let it segment."""
        while not _one_at_a_time.acquire(timeout=TICK_SECONDS):
            if self._stop_flag.is_set():
                return
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
            _one_at_a_time.release()

    def _segment(self) -> Done:
        if self._stop_flag.is_set():
            raise Stopped
        method = load(self._method)
        self.began = time.perf_counter()
        label_map = method.segment(self._ct_slice, stop=self._stop_flag, progress=self._note)
        return Done(label_map, time.perf_counter() - self.began)

    def _note(self, fraction: float) -> None:
        self.fraction = min(max(float(fraction), 0.0), 1.0)

    @property
    def step(self) -> Step:
        return Step(self.fraction, 0.0 if self.began is None else time.perf_counter() - self.began)


def run_method(
    ct_slice: CTSlice, method: str, stop: threading.Event
) -> Iterator[Step | Done | Failed | Cancelled]:
    """Yield a `Step` about every 0.15 s, and at last `Done`, `Failed` or `Cancelled`.

    Closing the iterator sets `stop`, so a run ends with the event that asked for it.
    """
    run = _Run(ct_slice, method, stop)
    run.start()
    try:
        while run.is_alive():
            yield run.step
            run.join(TICK_SECONDS)
    except GeneratorExit:
        stop.set()
        raise
    yield run.outcome
