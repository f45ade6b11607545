"""Pages in a headless browser: how large they are, and what must never happen while one is open."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

DESK = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}


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
