"""Heavy modules are imported after the first page, and not before."""

import asyncio
import json
import subprocess
import sys
import threading

import pytest

from ctseg.ui.server.warming import HEAVY, WarmAfterFirstPage


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


@pytest.mark.slow
def test_the_pages_are_built_without_what_is_heavy() -> None:
    heavy = (*(name.split(".")[0] for name in HEAVY), "torch", "skimage", "polars", "pydicom")
    question = (
        "import sys, json; import gradio; before = set(sys.modules); import ctseg.ui.app as app; app.build();"
        f"print(json.dumps([name for name in {heavy} if name in sys.modules and name not in before]))"
    )
    answer = subprocess.run([sys.executable, "-c", question], capture_output=True, text=True, check=True)
    assert json.loads(answer.stdout.splitlines()[-1]) == []
