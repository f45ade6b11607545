"""What axe finds on the pages, light and dark: nothing serious in our own markup."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from app_server import AppServer
from axe_playwright_python.sync_playwright import Axe
from browser_pages import DESK

pytestmark = pytest.mark.browser

DOC = Path(__file__).resolve().parents[2] / "docs/accessibility.md"
READY = {
    "/": "gradio-app .ct-panel[data-state=done]",
    "/leaderboard": ".bd-board",
    "/submit": ".sb-kind",
    "/methods": ".md-page",
}
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def context(browser: Any) -> Iterator[Any]:
    """A visitor who wants no motion."""
    opened = browser.new_context(viewport=DESK, reduced_motion="reduce")
    opened.set_default_timeout(600_000)
    yield opened
    opened.close()


def _found(page: Any) -> list[tuple[str, str]]:
    """Serious findings: the rule, and the element's markup."""
    response = Axe().run(page, options={"resultTypes": ["violations"]}).response
    return [
        (violation["id"], node["html"][:300])
        for violation in response["violations"]
        if violation["impact"] in SERIOUS
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("theme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
@pytest.mark.parametrize("path", list(READY))
def test_axe_finds_nothing_serious_in_our_markup(
    context: Any, server: AppServer, path: str, theme: str
) -> None:
    page = context.new_page()
    page.goto(f"{server.url}{path}?__theme={theme}")
    page.locator(READY[path]).first.wait_for(state="visible")
    found = _found(page)
    page.close()
    # The framework's elements carry the scope classes of its compiler.
    ours = [each for each in found if "svelte-" not in each[1]]
    assert ours == []
    assert {rule for rule, _ in found} <= set(DOC.read_text(encoding="utf-8").split("`")[1::2])
