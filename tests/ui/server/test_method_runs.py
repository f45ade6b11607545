"""One run of one method: its steps, its end, its turn."""

import threading
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from small_slices import stack_of

from ctseg.slices import CTSlice, SliceError
from ctseg.ui.server import method_runs


class _Script:
    """A method that does what a test says."""

    def __init__(self, act: Any) -> None:
        self.act = act

    def segment(self, ct_slice: CTSlice, stop: Any, progress: Any) -> NDArray[np.int32]:
        result: NDArray[np.int32] = self.act(ct_slice, stop, progress)
        return result


def _outcome(monkeypatch: pytest.MonkeyPatch, act: Any) -> Any:
    monkeypatch.setattr(method_runs, "load", lambda _name: _Script(act))
    return list(method_runs.run_method(stack_of()[0], "watershed", threading.Event()))[-1]


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (MemoryError(), "not enough memory"),
        (RuntimeError("secret"), "failed on this slice"),
        (SliceError("Too small a slice."), "Too small a slice."),
    ],
)
def test_errors_of_methods_become_one_sentence(
    monkeypatch: pytest.MonkeyPatch, error: Exception, sentence: str
) -> None:
    def act(*_args: object) -> None:
        raise error

    got = _outcome(monkeypatch, act)
    assert isinstance(got, method_runs.Failed)
    assert sentence in got.sentence
    assert "secret" not in got.sentence


def test_one_run_is_not_what_is_usual(monkeypatch: pytest.MonkeyPatch) -> None:
    before = method_runs.usual_seconds("felzenszwalb")
    monkeypatch.setattr(method_runs, "load", lambda _name: _Script(lambda *_: np.zeros((8, 8), np.int32)))
    done = list(method_runs.run_method(stack_of()[0], "felzenszwalb", threading.Event()))[-1]
    assert isinstance(done, method_runs.Done)
    assert method_runs.usual_seconds("felzenszwalb") >= before / 2


def test_run_reports_progress_and_closing_it_stops_the_method(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()

    def act(_ct_slice: CTSlice, stop: Any, progress: Any) -> None:
        progress(7.0)
        stop.wait(20)
        ended.set()
        raise method_runs.Stopped

    monkeypatch.setattr(method_runs, "load", lambda _name: _Script(act))
    stop = threading.Event()
    running = method_runs.run_method(stack_of()[0], "watershed", stop)
    step = next(step for step in running if isinstance(step, method_runs.Step) and step.fraction)
    assert step.fraction == 1.0
    waiting = method_runs.run_method(stack_of()[0], "watershed", given_up := threading.Event())
    next(waiting)
    given_up.set()
    assert list(waiting)[-1] == method_runs.Cancelled()
    running.close()
    assert stop.is_set()
    assert ended.wait(5)
