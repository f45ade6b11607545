"""Make docs/screens/*.png from the running app. Shows its examples only, which may be passed on."""

import io
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from ctseg.datasets import open_split

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts" / "checks"))

from app_server import CHROMIUM_ARGS, AppServer  # noqa: E402 in the folder beside

SCREENS = ROOT / "docs" / "screens"
DESK = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
MAX_WAIT_MS = 180_000


def screenshot(page: Page, name: str) -> None:
    """Save what the window shows."""
    page.wait_for_timeout(700)
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    # 256 colours halve the file; the palette is refined until chips and overlays keep theirs.
    few = shot.quantize(256, method=Image.Quantize.MEDIANCUT, kmeans=3, dither=Image.Dither.NONE)
    few.save(SCREENS / f"{name}.png", optimize=True)


def done(page: Page, method: str) -> None:
    """Wait until a method's label map is shown, on a phone perhaps in the filmstrip."""
    place = f':is(.ct-panel[data-method="{method}"], [data-film="{method}"])'
    page.wait_for_selector(f'{place}[data-state="done"]', timeout=MAX_WAIT_MS)


def open_example(page: Page, url: str, index: int) -> None:
    """Open the page and one of its examples."""
    page.goto(url)
    page.wait_for_selector("[data-example] img[src]", timeout=MAX_WAIT_MS)
    page.click(f'[data-example="{index}"]')
    page.wait_for_selector(
        '.ct-opening:has-text("Computed beforehand")', state="detached", timeout=MAX_WAIT_MS
    )


def desk(page: Page, url: str) -> None:
    """All states of the page on a desk."""
    page.goto(url)
    page.wait_for_selector("[data-example] img[src]", timeout=MAX_WAIT_MS)
    done(page, "sam-vit-t")
    screenshot(page, "opening")
    open_example(page, url, 0)
    done(page, "watershed")
    page.wait_for_selector('.ct-panel[data-method="sam-vit-t"]:has-text("Running")', timeout=MAX_WAIT_MS)
    page.wait_for_timeout(300)
    screenshot(page, "running")
    page.get_by_role("button", name="Cancel").click()
    page.wait_for_selector('.ct-panel[data-method="sam-vit-t"][data-state="cancelled"]')
    screenshot(page, "cancelled")
    page.get_by_role("button", name="Compare").click()
    done(page, "sam-vit-t")
    page.wait_for_selector("#agreement tbody tr", timeout=MAX_WAIT_MS)
    screenshot(page, "done")
    page.locator("#agreement").scroll_into_view_if_needed()
    screenshot(page, "agreement")
    page.mouse.wheel(0, -2000)
    page.locator('[data-panel="watershed"]').click(position={"x": 120, "y": 120})
    page.mouse.move(5, 5)
    screenshot(page, "selected")
    page.locator("#upload input[type=file]").set_input_files(
        {"name": "report.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 no slice"}
    )
    page.wait_for_selector(".ct-notice")
    screenshot(page, "error")


def many(page: Page, url: str) -> None:
    """Nine panes, two of them with merge trees: their tools stand in the toolbar."""
    methods = "watershed,unet-tvmf,unet-dice,vit-mae,multi-otsu,felzenszwalb,sobel-tree,partition"
    page.goto(f"{url}/?example=0&slice=19&methods={methods}")
    for method in methods.split(","):
        done(page, method)
    screenshot(page, "many")


def board(page: Page, url: str, name: str) -> None:
    """The Leaderboard page with its charts."""
    page.goto(f"{url}/leaderboard")
    page.wait_for_selector("#spread .bd-s-dot", timeout=MAX_WAIT_MS)
    screenshot(page, name)


def cards(page: Page, url: str, name: str) -> None:
    """The Methods page."""
    page.goto(f"{url}/methods")
    page.wait_for_selector(".md-card", timeout=MAX_WAIT_MS)
    screenshot(page, name)


def submission(page: Page, url: str, name: str, folder: Path) -> None:
    """The Submit page: empty, with a file that was refused, and with a result."""
    page.goto(f"{url}/submit?board=phantom-val")
    page.wait_for_selector("#submit-about .sb-downloads", timeout=MAX_WAIT_MS)
    screenshot(page, f"submit-{name}")
    page.locator("#submission input[type=file]").set_input_files(
        write_some(folder / "some-images.npz", 58, 3)
    )
    page.fill("#entry-name input, #entry-name textarea", "Shifted truth")
    page.get_by_label("Nothing: a method without training").check()
    page.wait_for_selector("#submission :text('some-images')")
    page.click("#submit")
    page.wait_for_selector("#submit-said [role=alert]", timeout=MAX_WAIT_MS)
    page.locator("#submit-said").scroll_into_view_if_needed()
    screenshot(page, f"submit-refused-{name}")
    page.locator("#submission input[type=file]").set_input_files(
        write_some(folder / "all-images.npz", 60, len(name))
    )
    page.wait_for_selector("#submission :text('all-images')")
    page.click("#submit")
    page.wait_for_selector(".sb-result", timeout=MAX_WAIT_MS)
    page.locator(".sb-result").evaluate("(element) => element.scrollIntoView({block: 'start'})")
    screenshot(page, f"submit-result-{name}")


def write_some(path: Path, count: int, shift_px: int) -> Path:
    """Write a submission for the first images of the practice board: its truth, shifted and partly joined."""
    split = open_split("phantom-val")
    made = {}
    for index, image in enumerate(split.images[:count]):
        true = split.label_map(index)
        assert true is not None
        shifted = np.roll(true, shift_px, 0)
        shifted[(shifted % 5 == 0) & (shifted > 0)] = 1
        made[image] = shifted.astype(np.uint16)
    np.savez_compressed(path, **made)  # type: ignore[arg-type]
    return path


def finished(page: Page, url: str, name: str) -> None:
    """A finished comparison in this window."""
    open_example(page, url, 1)
    done(page, "sam-vit-t")
    page.locator(".ct-grid").scroll_into_view_if_needed()
    screenshot(page, name)


@contextmanager
def served() -> Iterator[str]:
    """Serve the app from an empty folder."""
    folder = Path(tempfile.mkdtemp(prefix="ctseg-screens-"))
    os.environ["CTSEG_STORE"] = str(folder / "store")
    server = AppServer(folder)
    try:
        yield server.url
    finally:
        server.stop()
        shutil.rmtree(folder)


def main() -> None:
    """Make all images."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    SCREENS.mkdir(parents=True, exist_ok=True)
    with served() as url, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGS)
        desk(browser.new_page(viewport=DESK), url)
        finished(browser.new_page(viewport=DESK, color_scheme="dark"), url, "done-dark")
        many(browser.new_page(viewport={"width": 1280, "height": 900}), url)
        phone = browser.new_page(viewport=PHONE, device_scale_factor=2, has_touch=True)
        open_example(phone, url, 0)
        screenshot(phone, "phone")
        finished(phone, url, "phone-done")
        for scheme in ("light", "dark"):
            wide = browser.new_page(viewport=DESK, color_scheme=scheme)
            narrow = browser.new_page(viewport=PHONE, color_scheme=scheme)
            board(wide, url, f"board-{scheme}")
            board(narrow, url, f"board-phone-{scheme}")
            cards(wide, url, f"methods-{scheme}")
            cards(narrow, url, f"methods-phone-{scheme}")
        with tempfile.TemporaryDirectory() as place:
            submission(browser.new_page(viewport=DESK), url, "desk", Path(place))
            submission(browser.new_page(viewport=PHONE), url, "phone", Path(place))
        browser.close()


if __name__ == "__main__":
    main()
