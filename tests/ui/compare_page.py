"""What a visitor does on the Compare page, for the browser tests.

The server's answers reach the parts of the page one after the other, on a busy machine seconds apart.
So nothing is read at once: `expect` waits for what should be there, and clicks wait until nothing moves.
"""

from pathlib import Path
from typing import Any

from playwright.sync_api import expect

READY_MS = 180_000
expect.set_options(timeout=READY_MS)

PICTURE = """(place) => {
  const [under, over] = [place.querySelector(".ct-under"), place.querySelector(".ct-image")];
  const whole = document.createElement("canvas");
  Object.assign(whole, { width: over.width, height: over.height });
  const context = whole.getContext("2d");
  const dense = over.width / over.clientWidth;
  const { m41, m42 } = new DOMMatrix(getComputedStyle(under).transform);
  context.drawImage(under, Math.round(m41 * dense), Math.round(m42 * dense));
  const bar = place.querySelector(".ct-scale");
  if (!bar.hidden) context.drawImage(bar, 0, over.height - bar.height);
  if (over.style.opacity !== "0") context.drawImage(over, 0, 0);
  return whole;
}"""
"""From a pane's place to one canvas of all that is seen there."""


class ComparePage:
    """One open page; remembers foreign requests, errors of its scripts and of its console."""

    def __init__(self, browser: Any, url: str, viewport: dict[str, int]) -> None:
        self.context = browser.new_context(viewport=viewport, accept_downloads=True)
        self.page = self.context.new_page()
        self.page.set_default_timeout(READY_MS)
        self.turned = False
        self.foreign: list[str] = []
        self.errors: list[str] = []
        self.noted: list[str] = []
        self.page.on("request", lambda request: self._note(request.url, url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda said: self.noted.append(said.text) if said.type == "error" else None)
        self.page.goto(url)
        self.page.wait_for_selector("[data-example]", state="attached")
        # The page opens on a finished result; what a test then asks for comes after it.
        expect(self.page.locator(".ct-panel").first).to_be_visible()

    def _note(self, address: str, url: str) -> None:
        if not address.startswith((url.split("/?")[0], "data:", "blob:")):
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

    def example(self, index: int, *methods: str) -> None:
        """Click an example, which opens it and runs the chosen methods; wait for its slice."""
        self.choose(*methods)
        self._forget_slice()
        button = self.page.locator(f'[data-example="{index}"]')
        button.evaluate("one => { const group = one.closest('details'); if (group) group.open = true; }")
        button.click()
        self.slice_shown()

    def upload(self, *files: Path) -> None:
        """Choose files in the upload and wait until the slice is shown."""
        self._forget_slice()
        self.page.locator("#upload input[type=file]").set_input_files([str(file) for file in files])
        self.slice_shown()

    def _forget_slice(self) -> None:
        # So that waiting for the next slice does not end with the one before it.
        self.page.evaluate("document.querySelector('.ct-grid').replaceChildren()")
        self.page.evaluate("document.querySelector('.ct-badge').remove()")

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
        """Wait until the slice's pane is drawn and the upload says no more that it is reading."""
        expect(self.page.locator(".ct-badge")).to_be_visible()
        expect(self.page.locator(".ct-panel").first).to_be_visible()
        expect(self.page.locator("#said")).not_to_contain_text("Reading …")
        self.drawn()

    def drawn(self) -> None:
        """Wait until all images are drawn and the page stands still."""
        self.page.wait_for_function(
            """() => new Promise((answer) => {
              const places = () => JSON.stringify([...document.querySelectorAll('.ct-image')].map((image) => {
                const { left, top, width, height } = image.getBoundingClientRect();
                return [image.width, left, top, width, height];
              }));
              const before = places();
              const compared = () => answer(before === places() && before !== '[]');
              requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(compared)));
            })"""
        )

    def panel(self, method: str) -> Any:
        """Panel of a method."""
        return self.page.locator(f'.ct-panel[data-method="{method}"]')

    def image(self, method: str) -> str:
        """What a panel's canvas shows, once it is drawn."""
        self.drawn()
        place = self.panel(method).locator(".ct-place")
        return str(place.evaluate(f"(place) => ({PICTURE})(place).toDataURL()"))

    def expect_facts(self, first: str, *more: str) -> None:
        """Wait for the badge, and for further facts, above the panels."""
        expect(self.page.locator(".ct-facts .ct-badge")).to_have_text(first)
        for fact in more:
            expect(self.page.locator(".ct-facts")).to_contain_text(fact)

    def choose(self, *methods: str) -> None:
        """Tick these methods and no others."""
        expect(self.page.locator("#methods input:enabled").first).to_be_visible()
        self.page.locator("#methods details").evaluate_all("all => all.forEach(one => { one.open = true; })")
        for box in self.page.locator("#methods input:enabled").all():
            box.set_checked(box.get_attribute("value") in methods)

    def compare(self, *methods: str) -> None:
        """Choose methods and press Compare."""
        self.choose(*methods)
        self.page.click("#compare")

    def wait(self, method: str, state: str = "done") -> None:
        """Wait until a method's panel is in a state, and is drawn."""
        expect(self.panel(method)).to_have_attribute("data-state", state)
        self.drawn()

    def expect_said(self, method: str, sentence: str) -> None:
        """Wait until a panel says a sentence over its image."""
        expect(self.panel(method).locator(".ct-note")).to_have_text(sentence)

    def click_source_pixel(self, method: str, place: tuple[float, float]) -> None:
        """Click at a part (0 to 1) of the width and height of a slice that is shown whole."""
        self.page.click('[aria-label="Whole slice (0)"]')
        canvas = self.page.locator(f'[data-panel="{method}"]')
        canvas.click(trial=True)  # scrolls to it and waits until it stands still
        self.drawn()
        box = canvas.bounding_box()
        wide, high = self.shape
        scale = min(box["width"] / wide, box["height"] / high)
        left, top = (box["width"] - wide * scale) / 2, (box["height"] - high * scale) / 2
        canvas.click(position={"x": left + place[0] * wide * scale, "y": top + place[1] * high * scale})

    @property
    def shape(self) -> tuple[float, float]:
        """Width and height of the slice on show, as its facts say and as it is turned."""
        fact = self.page.locator(".ct-fact").first.inner_text()
        wide, high = (float(part) for part in fact.removesuffix(" px").split(" × "))
        return (high, wide) if self.turned else (wide, high)

    def expect_selected(self, label: int | None) -> None:
        """Wait until the table's selected row is that of a structure, or until there is none."""
        row = self.page.locator('.ct-table tr[aria-selected="true"]')
        if label is None:
            expect(row).to_have_count(0)
        else:
            expect(row).to_have_attribute("data-label", str(label))

    def expect_picked(self, sentence: str) -> None:
        """Wait for what is said of the selected structure near the panels."""
        expect(self.page.locator(".ct-picked")).to_have_text(sentence)
