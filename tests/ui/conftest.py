"""A running app and a browser for the tests of the pages."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from app_server import CHROMIUM_ARGS, AppServer

PLUGIN = Path(__file__).parent / "plugin"
DESK = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """The app, with the test methods of a second package."""
    running = AppServer(tmp_path_factory.mktemp("app"), PLUGIN)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Any]:
    """A headless browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=chromium_path, args=CHROMIUM_ARGS)
        yield opened
        opened.close()


@contextmanager
def clean_page(browser: Any, url: str, timeout_ms: int) -> Iterator[Any]:
    """Open a page on a desk; nothing foreign is asked for and no script fails while it is open."""
    context = browser.new_context(viewport=DESK, accept_downloads=True)
    opened = context.new_page()
    opened.set_default_timeout(timeout_ms)
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on(
        "request",
        lambda request: (
            None if request.url.startswith((url, "data:", "blob:")) else wrong.append(request.url)
        ),
    )
    yield opened
    context.close()
    assert wrong == []
