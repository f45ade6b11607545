"""All methods at once on the Compare page, and what the app then holds in memory."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from app_server import AppServer
from browser_pages import DESK
from compare_page import ComparePage

from ctseg.methods import CARDS, download_bytes

pytestmark = [pytest.mark.browser, pytest.mark.slow]

READY = [name for name, card in CARDS.items() if card.trained and download_bytes(name) is None]
PHANTOM = 2
GIGABYTE = 1e9


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """An app that has run nothing yet."""
    running = AppServer(tmp_path_factory.mktemp("app"))
    yield running
    running.stop()


@pytest.fixture
def page(browser: Any, server: AppServer) -> Iterator[ComparePage]:
    """The page on a desk."""
    opened = ComparePage(browser, server.url, DESK)
    yield opened
    opened.close()


def resident(server: AppServer) -> float:
    """Return the bytes of the app and of the processes it started."""
    process = psutil.Process(server.process.pid)
    return float(sum(one.memory_info().rss for one in [process, *process.children(recursive=True)]))


def compared(page: ComparePage) -> None:
    page.compare(*READY)
    # So many panes stand one at a time on this desk.
    page.page.get_by_text("Grid", exact=True).click()
    for method in READY:
        page.wait(method)


def test_all_on_a_phantom_within_the_memory_of_a_small_space(page: ComparePage, server: AppServer) -> None:
    page.example(PHANTOM)
    assert resident(server) < 2 * GIGABYTE
    compared(page)
    assert resident(server) < 3 * GIGABYTE


@pytest.mark.data
def test_all_on_a_real_slice(page: ComparePage, ct_fewshot: Path, server: AppServer) -> None:
    page.upload(ct_fewshot / "train" / "images" / "0.png")
    compared(page)
    assert resident(server) < 3 * GIGABYTE
