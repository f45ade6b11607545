"""The Submit page as a visitor uses it, in a real browser."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import small_boards
from app_server import AppServer
from browser_pages import PHONE, clean_page

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)>"
READY_MS = 120_000


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """The app with small boards."""
    folder = tmp_path_factory.mktemp("app")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in small_boards.set_up(folder).items():
            patch.setitem(os.environ, name, value)
        running = AppServer(folder)
    yield running
    running.stop()


@pytest.fixture
def page(browser: Any, app: AppServer) -> Iterator[Any]:
    """A page that asks for nothing foreign and whose scripts do not fail."""
    with clean_page(browser, app.url, READY_MS) as opened:
        yield opened


def _send(page: Any, url: str, board: str, file: Path, name: str = "My method") -> None:
    page.goto(f"{url}/submit?board={board}")
    # Another board is selected until the page has read its address.
    page.wait_for_selector(f"#submit-board label.selected:has(input[value='{board}'])")
    page.locator("#submission input[type=file]").set_input_files(str(file))
    page.fill("#entry-name input, #entry-name textarea", name)
    page.get_by_label("Nothing: a method without training").check()
    # The framework sends what its own state holds, which follows a click and an upload a moment later.
    page.wait_for_selector("label.selected:has-text('Nothing: a method without training')")
    page.wait_for_selector("#submission .file-preview")
    page.click("#submit")


@pytest.mark.thorough
def test_a_visitor_submits_and_finds_the_entry_on_the_board(
    page: Any, app: AppServer, tmp_path: Path
) -> None:
    file = small_boards.write(tmp_path, "y.zip", small_boards.guess(1))
    _send(page, app.url, small_boards.OPEN, file)
    page.wait_for_selector("#submit-result h2:has-text('Accepted: My method has rank 1 of 1 methods')")
    assert page.locator("#submit-result figure img").count() == 3
    page.click("#submit-result summary:has-text('All 3 images')")
    page.wait_for_selector("#submit-result .sb-images td:text('2.png')")
    page.click("#submit-result a:has-text('See it on the Leaderboard')")
    page.wait_for_selector("#board-table .bd-row:has-text('My method')")
    page.wait_for_selector("#board-table .bd-row:has-text('local')")


@pytest.mark.thorough
def test_a_sealed_board_tells_means_only(page: Any, app: AppServer, tmp_path: Path) -> None:
    file = small_boards.write(tmp_path, "y.csv", small_boards.guess(1))
    _send(page, app.url, small_boards.SEALED, file)
    page.wait_for_selector("#submit-result :text('more is not disclosed')")
    assert page.locator("#submit-result figure").count() == 0
    page.goto(f"{app.url}/leaderboard?board={small_boards.SEALED}")
    page.wait_for_selector("#board-table .bd-row:has-text('My method')")
    page.wait_for_selector("#of-images", state="hidden")


@pytest.mark.thorough
def test_a_refused_file_and_a_hostile_name_are_plain_text(page: Any, app: AppServer, tmp_path: Path) -> None:
    file = small_boards.write(tmp_path, "y.npz", {"0.png": small_boards.guess(1)["0.png"]})
    _send(page, app.url, small_boards.OPEN, file)
    page.wait_for_selector("#submit-said [role=alert]:has-text('1.png')")
    file = small_boards.write(tmp_path, "y.npz", small_boards.guess(2))
    _send(page, app.url, small_boards.OPEN, file, HOSTILE)
    page.wait_for_selector("#submit-said [role=alert]:has-text('The name holds the character')")
    assert page.locator("img[src=x]").count() == 0
    assert page.input_value("#entry-name input, #entry-name textarea") == HOSTILE


@pytest.mark.thorough
def test_a_doubt_is_said_before_anything_is_stored(page: Any, app: AppServer, tmp_path: Path) -> None:
    empty = {image: 0 * label_map for image, label_map in small_boards.guess(1).items()}
    _send(page, app.url, small_boards.OPEN, small_boards.write(tmp_path, "y.npz", empty), "Nothing at all")
    page.wait_for_selector("#submit-said :text('Nothing is marked in any image')")
    page.click("#submit-anyway")
    page.wait_for_selector("#submit-result h2:has-text('Accepted: Nothing at all')")
    page.wait_for_selector("#submit-anyway", state="hidden")


@pytest.mark.thorough
def test_what_a_board_hands_out(page: Any, app: AppServer) -> None:
    page.goto(f"{app.url}/submit?board={small_boards.SEALED}")
    page.wait_for_selector("#submit-about :text('Sealed')")
    with page.expect_download() as download:
        page.click("#submit-about a:has-text('All images, ZIP')")
    assert download.value.suggested_filename == "lab-sealed-images.zip"
    page.click("#submit-board label:has-text('CT abdomen, validation')")
    page.wait_for_selector("#submit-about :text('Bring your own images')")
    assert page.locator("#submit-about a:has-text('ZIP')").count() == 0


@pytest.mark.thorough
def test_nothing_is_wider_than_a_phone(page: Any, app: AppServer, tmp_path: Path) -> None:
    page.set_viewport_size(PHONE)
    page.goto(f"{app.url}/leaderboard?board={small_boards.OPEN}")
    page.click("#board-table a:has-text('Submit your own')")
    file = small_boards.write(tmp_path, "y.npz", small_boards.guess(3))
    _send(page, app.url, small_boards.OPEN, file)
    page.wait_for_selector("#submit-result h2:has-text('Accepted')")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
