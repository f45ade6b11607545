"""What a visitor does on the Compare page, for the browser tests."""

from pathlib import Path
from typing import Any

READY_MS = 60_000


class ComparePage:
    """One open page; remembers foreign requests, errors of its scripts and of its console."""

    def __init__(self, browser: Any, url: str, viewport: dict[str, int]) -> None:
        self.context = browser.new_context(viewport=viewport, accept_downloads=True)
        self.page = self.context.new_page()
        self.page.set_default_timeout(READY_MS)
        self.foreign: list[str] = []
        self.errors: list[str] = []
        self.noted: list[str] = []
        self.page.on("request", lambda request: self._note(request.url, url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda said: self.noted.append(said.text) if said.type == "error" else None)
        self.page.goto(url)
        self.page.wait_for_selector("[data-example]")

    def _note(self, address: str, url: str) -> None:
        if not address.startswith((url, "data:", "blob:")):
            self.foreign.append(address)

    def leave(self) -> None:
        """Leave the page; nothing foreign was asked for and no script failed."""
        self.context.close()
        assert self.foreign == [], self.foreign
        assert self.errors == [], self.errors

    def close(self) -> None:
        """Leave the page as `leave` does; the console was told of no error either."""
        self.leave()
        assert self.noted == [], self.noted

    def example(self, index: int) -> None:
        """Open an example."""
        self.page.click(f'[data-example="{index}"]')
        self.slice_shown()

    def upload(self, *files: Path) -> None:
        """Choose files in the upload and wait until the slice is shown."""
        self.page.evaluate("document.querySelector('.ct-grid').replaceChildren()")
        self.page.locator("#upload input[type=file]").set_input_files([str(file) for file in files])
        self.slice_shown()

    def upload_refused(self, file: Path) -> str:
        """Choose a file that is refused; returns the sentence."""
        self.page.locator("#upload input[type=file]").set_input_files(str(file))
        self.page.wait_for_function(
            "(now) => { const said = document.querySelector('#said .ct-notice');"
            " return said && said.dataset.seen !== 'yes'; }",
            arg=None,
        )
        notice = self.page.locator("#said .ct-notice")
        notice.evaluate("(element) => { element.dataset.seen = 'yes'; }")
        return str(notice.inner_text())

    def slice_shown(self) -> None:
        """Wait for the slice's panel."""
        self.page.wait_for_selector('.ct-panel[data-method="slice"]')
        self.page.wait_for_function("document.querySelector('.ct-image').width > 0")

    def facts(self) -> str:
        """Badge and facts above the panels."""
        return str(self.page.locator(".ct-facts").inner_text())

    def choose(self, *methods: str) -> None:
        """Tick these methods and no others."""
        self.page.locator("#methods details").evaluate_all("all => all.forEach(one => { one.open = true; })")
        for box in self.page.locator("#methods input:enabled").all():
            box.set_checked(box.get_attribute("value") in methods)

    def compare(self, *methods: str) -> None:
        """Choose methods and press Compare."""
        self.choose(*methods)
        self.page.click("#compare")

    def wait(self, method: str, state: str = "done") -> None:
        """Wait until a method's panel is in a state."""
        self.page.wait_for_selector(
            f'.ct-panel[data-method="{method}"][data-state="{state}"]', timeout=READY_MS
        )

    def state(self, method: str) -> str:
        """State of a method's panel."""
        return str(self.page.locator(f'.ct-panel[data-method="{method}"]').get_attribute("data-state"))

    def said_by(self, method: str) -> str:
        """What a panel says over its picture."""
        return str(self.page.locator(f'.ct-panel[data-method="{method}"] .ct-note').inner_text())

    def click_source_pixel(self, method: str, place: tuple[float, float]) -> None:
        """Click at a part (0 to 1) of the width and height of a panel's picture."""
        layer = self.page.locator(f'[data-panel="{method}"]')
        layer.scroll_into_view_if_needed()
        box = layer.bounding_box()
        self.page.mouse.click(box["x"] + place[0] * box["width"], box["y"] + place[1] * box["height"])

    def selected(self) -> int | None:
        """Label of the selected structure, as its row in the table says."""
        row = self.page.locator('.ct-table tr[aria-selected="true"]')
        return int(row.get_attribute("data-label")) if row.count() else None

    def picked(self) -> str:
        """What is said of the selected structure near the panels."""
        return str(self.page.locator(".ct-picked").inner_text())
