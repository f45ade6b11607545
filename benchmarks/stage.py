"""How quick the stage is under the hand, on the page's own clock: rows of the table in docs/stage.md.

``python benchmarks/stage.py`` takes about four minutes on two quiet cores. Parts can be named: ``first``
``scroll`` ``slider`` ``pan`` ``visitors``. Headless Chromium without a GPU; while panning, frames are drawn
as fast as they come, not 60 a second, so that the rate tells what the drawing costs.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts" / "checks"))

from app_server import CHROMIUM_ARGS, AppServer, free_port  # noqa: E402 beside this folder
from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402

MEASURED = (ROOT / "benchmarks/stage.js").read_text(encoding="utf-8")
UNCAPPED = ["--disable-frame-rate-limit", "--disable-gpu-vsync"]
DESK = {"width": 1920, "height": 1080}
MAX_WAIT_MS = 120_000
SIX = "watershed,unet-dice,unet-tvmf,vit-mae,swin-mae"
NETWORKS = ["unet-simclr", "unet-tvmf", "partition"]
PAN_MS = 3000
SCROLLS, SLIDES, VISITS = 10, 20, 3
VISITORS, STEPS, EVERY_MS = 5, 12, 150
GRADIO = """
import gradio as gr, numpy as np
image = np.random.default_rng(0).integers(0, 255, (512, 512, 3)).astype("uint8")
with gr.Blocks() as page:
    with gr.Row():
        for _ in range(3):
            gr.ImageSlider((image, image[::-1]), height=512)
page.launch(server_name="127.0.0.1", server_port={port}, quiet=True)
"""
"""Its nearest component: the only one that zooms and pans, two images in each."""


def opened(browser: Browser, url: str, query: str = "") -> Page:
    """Open Compare in a profile of its own and wait until nothing runs."""
    page = browser.new_context(viewport=DESK).new_page()
    page.set_default_timeout(MAX_WAIT_MS)
    page.goto(url + query)
    page.wait_for_selector("gradio-app .ct-stage")
    page.wait_for_selector("#compare")
    wanted = query.partition("methods=")[2].split(",") if query else ["slice"]
    page.wait_for_function(
        """(names) => { const { panes } = window.ctsegStage.compare.stage;
          return names.every((name) => name === "slice" || panes.get(name)?.result); }""",
        arg=wanted,
    )
    page.evaluate(MEASURED)
    return page


def ask(page: Page, call: str) -> Any:
    """Run one of the page's measurements."""
    return page.evaluate(f"window.stageBench.{call}")


def median(times: list[float | None]) -> str:
    """Tell the median and the slowest in ms; what never came is said."""
    came = [each for each in times if each is not None]
    if not came:
        return "did not come"
    late = f", {len(times) - len(came)} did not come" if len(came) < len(times) else ""
    return f"{statistics.median(came):.0f} ms (slowest {max(came):.0f} ms of {len(times)}{late})"


def slowest(times: list[float | None]) -> str:
    """Tell the slowest in s; what never came is said."""
    if not times:
        return "none, nothing ran by itself"
    if None in times:
        return "did not come"
    return f"{max(each for each in times if each is not None) / 1000:.1f} s"


def pan(browser: Browser, url: str) -> Iterator[tuple[str, str, str]]:
    """Pan six panes of 512 x 512, and six images of the nearest component, in turn."""
    page = opened(browser, url, f"/?example=0&slice=19&methods={SIX}")
    ours = ask(page, f"pans({PAN_MS})")
    page.context.close()
    with gradio_page(browser) as other:
        theirs = ask(other, f"pansSliders({PAN_MS})")
    assert theirs["moved"], "the component did not move; nothing to compare with"
    ratio = ours["rate"] / theirs["rate"]
    yield (
        "panning, frames a second",
        f"{ours['rate']:.0f} ({ours['panes']} panes); gr.ImageSlider {theirs['rate']:.0f} "
        f"({theirs['panes']} images); {ratio:.1f} times",
        "3 times",
    )


@contextmanager
def gradio_page(browser: Browser) -> Iterator[Page]:
    """Open a page of the framework's own component."""
    port = free_port()
    server = subprocess.Popen([sys.executable, "-c", GRADIO.format(port=port)], stdout=subprocess.DEVNULL)
    try:
        page = browser.new_page(viewport=DESK)
        page.set_default_timeout(MAX_WAIT_MS)
        for _ in range(60):
            try:
                page.goto(f"http://127.0.0.1:{port}")
                break
            except Exception:
                page.wait_for_timeout(1000)
        page.wait_for_function(
            "[...document.images].filter((one) => one.clientWidth > 100 && one.complete).length >= 6"
        )
        page.evaluate(MEASURED)
        yield page
        page.close()
    finally:
        server.terminate()
        server.wait(60)


def scroll(browser: Browser, url: str) -> Iterator[tuple[str, str, str]]:
    """Turn slices by the wheel, one after the other, each never seen before."""
    for method, aim in (("unet-tvmf", "400 ms"), ("partition", "900 ms")):
        page = opened(browser, url, f"/?example=0&slice=8&methods={method}")
        times = ask(page, f"scrolls('{method}', {SCROLLS})")
        page.context.close()
        if method == "unet-tvmf":
            yield "wheel to the bare slice", median(times["slice"]), "100 ms"
        yield f"wheel to `{method}`", median(times[method]), aim


def slider(browser: Browser, url: str) -> Iterator[tuple[str, str, str]]:
    """Move coarse to fine."""
    for method in ("partition", "partition-all"):
        page = opened(browser, url, f"/?example=0&slice=19&methods={method}")
        yield (
            f"one step of the slider, `{method}`",
            median(ask(page, f"slides('{method}', {SLIDES})")),
            "30 ms",
        )
        page.context.close()


def first(browser: Browser, url: str) -> Iterator[tuple[str, str, str]]:
    """Press Compare on the page as it opens, with its choice of methods: at once, and after a look at it."""
    for when, rest_ms in (("as soon as it is there", 0), ("after five seconds", 5000)):
        times = []
        for _ in range(VISITS):
            page = opened(browser, url)
            page.wait_for_timeout(rest_ms)
            times.append(ask(page, f"pressed({NETWORKS})"))
            page.context.close()
        yield f"Compare pressed {when}, to the first network's result", median(times), "700 ms"


def visitors(browser: Browser, url: str) -> Iterator[tuple[str, str, str]]:
    """Five pages scroll at once."""
    method = "unet-tvmf"
    pages = [opened(browser, url, f"/?example=0&slice={3 + k}&methods={method}") for k in range(VISITORS)]
    for page in pages:
        page.evaluate(
            f"window.stageBench.wanders('{method}', {STEPS}, {EVERY_MS})"
            ".then((found) => { window.stageBench.found = found; }); 0"
        )
    for page in pages:
        page.wait_for_function("window.stageBench.found")
    found = [page.evaluate("window.stageBench.found") for page in pages]
    for page in pages:
        page.context.close()
    slices = max(each["slice"] for each in found) / 1000
    asked, finished = (sum(each[name] for each in found) for name in ("asked", "finished"))
    last = [each["result"] for each in found if not each["held"]]
    held = f" ({VISITORS - len(last)} waited for the button: over 1 s here)" if len(last) < VISITORS else ""
    yield (
        f"{VISITORS} visitors scroll at once",
        f"slowest slice {slices:.1f} s, slowest last result {slowest(last)}{held}; "
        f"{asked} runs begun, {finished} finished, {asked - finished} given up",
        "5 s",
    )


PARTS: dict[str, Callable[[Browser, str], Iterator[tuple[str, str, str]]]] = {
    "first": first,
    "scroll": scroll,
    "slider": slider,
    "pan": pan,
    "visitors": visitors,
}


def main() -> None:
    """Measure and print rows of Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all where none is named")
    chosen = parser.parse_args().parts or list(PARTS)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print("No Chromium is installed; nothing was measured.")
        return
    print("| what | measured | aim |\n|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as place, sync_playwright() as play:
        server = AppServer(Path(place))
        try:
            for name in chosen:
                # Pages that wait frame by frame would else take the cores from the server.
                rate = UNCAPPED if name == "pan" else []
                browser = play.chromium.launch(executable_path=chromium, args=[*CHROMIUM_ARGS, *rate])
                for row in PARTS[name](browser, server.url):
                    print(f"| {' | '.join(row)} |", flush=True)
                browser.close()
        finally:
            server.stop()


if __name__ == "__main__":
    main()
