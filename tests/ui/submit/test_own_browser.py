"""A user logs in to a Space, renames an own entry and withdraws it, in a real browser."""

from collections.abc import Iterator
from typing import Any

import pytest
import small_boards
from browser_pages import DESK, PHONE
from gradio_client import handle_file
from space import Space, a_space

pytestmark = [pytest.mark.browser, pytest.mark.thorough]

READY_MS = 120_000
LABEL_ABOVE_ICON = """() => {
  const [label, icon] = ["#submission > label", "#submission [data-testid=upload-icon]"].map(
    (one) => document.querySelector(one)?.getBoundingClientRect(),
  );
  return label && icon && label.bottom <= icon.top;
}"""


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Space]:
    """A Space on whose open board alice and bob have an entry each."""
    folder = tmp_path_factory.mktemp("space")
    with a_space(folder) as running:
        for number, user in enumerate(("alice", "bob")):
            path = small_boards.write(folder, "y.npz", small_boards.guess(number))
            running.client(user).predict(
                handle_file(path),
                small_boards.OPEN,
                f"Of {user}",
                "",
                "",
                "",
                ["nothing"],
                api_name="/submit",
            )
        yield running


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page of a browser that nobody has used yet."""
    context = browser.new_context(viewport=DESK)
    opened = context.new_page()
    opened.set_default_timeout(READY_MS)
    yield opened
    context.close()


def _open(page: Any, space: Space, path: str) -> None:
    page.goto(f"{space.app.url}{path}?board={small_boards.OPEN}")


def test_who_is_logged_in_renames_and_withdraws(page: Any, space: Space) -> None:
    _open(page, space, "/submit")
    page.wait_for_selector("#submit")
    assert page.locator("#own-entries").count() == 0 or not page.is_visible("#own-entries")
    page.click("button:has-text('Sign in')")  # the stand-in for the Hub logs alice in and comes back
    page.wait_for_selector("button:has-text('Logout (alice)')")
    broken = page.evaluate("[...document.images].filter(one => one.complete && !one.naturalWidth).length")
    assert broken == 0
    _open(page, space, "/submit")
    page.click("#own-entries > button")
    assert "Of alice" in page.input_value("#own-entry input")

    page.fill("#own-name input, #own-name textarea", "<b>Better</b>")
    page.click("#own-rename")
    page.wait_for_selector("#own-said [role=alert]:has-text('holds the character')")
    assert page.locator("#own-said b:text-is('Better')").count() == 0
    page.fill("#own-name input, #own-name textarea", "Better")
    page.click("#own-rename")
    page.wait_for_selector("#own-said :text('It is called Better.')")
    _open(page, space, "/leaderboard")
    page.wait_for_selector("#board-table .bd-row:has-text('Better')")
    assert page.locator("#board-table .bd-row:has-text('Of alice')").count() == 0

    page.set_viewport_size(PHONE)
    _open(page, space, "/submit")
    # Until the page is laid out for the phone; where the label lies over the icon it never is.
    page.wait_for_function(LABEL_ABOVE_ICON, timeout=30_000)
    page.click("#own-entries > button")
    page.click("#own-withdraw")
    page.wait_for_selector("#own-said [role=alert]:has-text('tick the box')")
    page.check("#own-sure input")
    page.click("#own-withdraw")
    page.wait_for_selector("#own-said :text('Better is withdrawn.')")
    page.wait_for_selector("#own-entries", state="hidden")
    _open(page, space, "/leaderboard")
    page.wait_for_selector("#board-table .bd-row:has-text('Of bob')")
    assert page.locator("#board-table .bd-row:has-text('Better')").count() == 0
