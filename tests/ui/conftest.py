"""A running app and a browser for the tests of the pages."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from app_server import CHROMIUM_ARGS, AppServer

PLUGIN = Path(__file__).parent / "plugin"


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
