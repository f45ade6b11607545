"""Calls of programs end when nobody waits for them, and their number is bounded."""

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
from small_slices import HEAD

from ctseg.ui import api
from ctseg.ui.server import method_runs
from ctseg.ui.server.calls import MAX_CALLS, MAX_WAITING_OF_ADDRESS, CallError, Calls
from ctseg.ui.server.method_runs import MAX_WAITING, RUNS
from ctseg.ui.server.uploads import Uploads


@pytest.mark.thorough
def test_the_run_of_a_caller_who_left_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = threading.Event()

    class Endless:
        def segment(self, _ct_slice: Any, stop: Any, progress: Any) -> Any:
            assert stop.wait(60)
            stopped.set()
            raise method_runs.Stopped

    monkeypatch.setattr(method_runs, "load", lambda _name: Endless())
    file = tmp_path / "slice.dcm"
    file.write_bytes(HEAD.read_bytes())
    answers = iter([True, True])
    with pytest.raises(gr.Error, match="left before it was done"):
        api.segment_upload(str(file), "watershed", -1, lambda: next(answers, False))
    assert stopped.is_set()
    assert not file.exists()


class _Pages:
    """A call for a method run, and so many that wait."""

    def __init__(self, waiting: list[str], others: int = 0) -> None:
        self._waiting = waiting
        self.all_waiting = len(waiting) + others

    def public_calls(self) -> dict[str, Any]:
        return {"segment": SimpleNamespace(inputs=[], concurrency_id=RUNS)}

    def waiting(self, line: str) -> list[Any]:
        return [SimpleNamespace(scope=_scope(address)) for address in self._waiting]


def _scope(address: str) -> dict[str, Any]:
    return {"path": "/gradio_api/call/segment", "headers": [], "client": (address, 1)}


@pytest.mark.parametrize(
    ("waiting", "others", "status"),
    [
        (["me"] * (MAX_WAITING_OF_ADDRESS - 1), 0, None),
        (["you"] * (MAX_WAITING - 1), 0, None),
        (["me"] * MAX_WAITING_OF_ADDRESS, 0, 429),
        (["you"] * MAX_WAITING, 0, 503),
        ([], MAX_CALLS, 503),
    ],
)
def test_calls_that_wait_are_bounded(
    tmp_path: Path, waiting: list[str], others: int, status: int | None
) -> None:
    calls = Calls(_Pages(waiting, others), Uploads(tmp_path))  # type: ignore[arg-type]
    if status is None:
        calls.check(_scope("me"), {"data": []})
        return
    with pytest.raises(CallError) as told:
        calls.check(_scope("me"), {"data": []})
    assert told.value.status == status
    assert str(told.value).endswith(".")
