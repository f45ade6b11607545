"""Heavy modules are imported after the first page, and not before."""

import asyncio
import json
import subprocess
import sys
import threading

import pytest

from ctseg.ui.components.defaults import PRESELECTED
from ctseg.ui.server import warming
from ctseg.ui.server.warming import CHARTS, HEAVY, WarmAfterFirstPage


async def _nothing(scope: dict, receive: object, send: object) -> None:
    """An application that answers nothing."""


def _ask(app: WarmAfterFirstPage, path: str) -> None:
    asyncio.run(app({"type": "http", "path": path}, None, None))


def _join() -> int:
    threads = [thread for thread in threading.enumerate() if thread.name == "ctseg-warming"]
    for thread in threads:
        thread.join()
    return len(threads)


def test_only_the_first_page_warms(tmp_path, monkeypatch) -> None:
    (tmp_path / "warmed_module.py").write_text("import threading\nNAME = threading.current_thread().name\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    app = WarmAfterFirstPage(_nothing, ("warmed_module",))
    _ask(app, "/")
    assert "warmed_module" not in sys.modules
    _ask(app, "/compare/shelf")
    _join()
    assert sys.modules.pop("warmed_module").NAME == "ctseg-warming"
    _ask(app, "/compare/shelf")
    _join()
    assert "warmed_module" not in sys.modules


def test_it_calls_functions_in_between_too() -> None:
    called: list[str] = []
    app = WarmAfterFirstPage(_nothing, ("json", lambda: called.append(threading.current_thread().name)))
    _ask(app, "/compare/shelf")
    _join()
    assert called == ["ctseg-warming"]


def test_a_step_that_fails_leaves_the_next_ones(caplog) -> None:
    called: list[str] = []
    app = WarmAfterFirstPage(_nothing, ("no_module_of_this_name", lambda: called.append("next")))
    _ask(app, "/compare/shelf")
    _join()
    assert called == ["next"]
    assert "failed" in caplog.text


def test_nothing_is_fetched_ahead(monkeypatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(warming, "load", asked.append)
    monkeypatch.setenv("CTSEG_WEIGHTS", "hub")
    warming.load_preselected()
    assert asked == []


def test_networks_that_are_ticked_are_loaded_if_their_weights_are_here(monkeypatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(warming, "load", asked.append)
    warming.load_preselected()
    assert asked == [name for name in PRESELECTED if not name.startswith("sam-")]
    asked.clear()
    monkeypatch.setattr(warming, "download_bytes", lambda name: 1 if name == "unet-tvmf" else None)
    warming.load_preselected()
    assert "partition" in asked
    assert "unet-tvmf" not in asked


def test_a_network_that_does_not_load_leaves_the_others(monkeypatch, caplog) -> None:
    def load(name: str) -> None:
        if name == "unet-tvmf":
            raise ValueError("Its file is broken.")
        asked.append(name)

    asked: list[str] = []
    monkeypatch.setattr(warming, "load", load)
    warming.load_preselected()
    assert "partition-all" in asked
    assert "unet-tvmf is not ready: Its file is broken." in caplog.text


@pytest.mark.slow
def test_the_pages_are_built_without_what_is_heavy() -> None:
    heavy = (*(name.split(".")[0] for name in (*HEAVY, CHARTS)), "torch", "skimage", "polars", "pydicom")
    question = (
        "import sys, json; import gradio; before = set(sys.modules); import ctseg.ui.app as app; app.build();"
        f"print(json.dumps([name for name in {heavy} if name in sys.modules and name not in before]))"
    )
    answer = subprocess.run([sys.executable, "-c", question], capture_output=True, text=True, check=True)
    assert json.loads(answer.stdout.splitlines()[-1]) == []
