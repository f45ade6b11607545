"""A running app and a browser for the tests of the pages."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from app_server import AppServer

PLUGIN = Path(__file__).parent / "plugin"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """The app, with the test methods of a second package."""
    running = AppServer(tmp_path_factory.mktemp("app"), PLUGIN)
    yield running
    running.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Add to a failure in the browser what the page said, which the framework's message does not tell."""
    report = yield
    page = getattr(item, "funcargs", {}).get("page")
    if report.failed and call.when == "call" and page is not None:
        try:
            said = page.inner_text("body", timeout=5000)
        except Exception as error:
            said = f"The page could not be read: {type(error).__name__}"
        report.sections.append(("the page", said[:3000]))
    return report
