"""Milliseconds from opening Compare to its finished first result, beside an older build.

``python benchmarks/first_result.py --before FOLDER`` visits the package in FOLDER in turn with this one. Each
visit is a browser profile of its own with empty caches; the page's own clock counts, from the navigation.
The median of the visits is printed, and of the first visit after a start apart, where the server is cold.
"""

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts" / "checks"))

from app_server import CHROMIUM_ARGS, AppServer  # noqa: E402 beside this folder
from playwright.sync_api import sync_playwright  # noqa: E402

VISITS = 5
DESK = {"width": 1280, "height": 800}
MAX_WAIT_MS = 120_000
_WATCH = """
new MutationObserver(() => {
  if (!window.stoodAt && document.querySelector('.ct-panel[data-state="done"]')) {
    requestAnimationFrame(() => { window.stoodAt ??= performance.now(); });
  }
}).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-state"] });
"""


def visit(browser: Any, url: str) -> float:
    """Return when the first result stood, in ms from the navigation."""
    context = browser.new_context(viewport=DESK)
    context.add_init_script(_WATCH)
    page = context.new_page()
    page.goto(url, wait_until="commit")
    page.wait_for_function("window.stoodAt", timeout=MAX_WAIT_MS)
    stood = float(page.evaluate("window.stoodAt"))
    context.close()
    return stood


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--before", type=Path, help="root folder of an older build")
    parser.add_argument("--visits", type=int, default=VISITS)
    options = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print("No Chromium is installed; nothing was measured.")
        return
    builds = {"this build": ROOT} | ({"before": options.before.resolve()} if options.before else {})
    servers: dict[str, AppServer] = {}
    with tempfile.TemporaryDirectory() as place, sync_playwright() as play:
        os.chdir(place)  # a package in the folder one stands in would come before the one that is meant
        try:
            for number, (name, root) in enumerate(builds.items()):
                folder = Path(place) / str(number)
                folder.mkdir()
                os.environ["PYTHONPATH"] = str(root)
                servers[name] = AppServer(folder)
            browser = play.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGS)
            times: dict[str, list[float]] = {name: [] for name in servers}
            for _ in range(1 + options.visits):
                for name, server in servers.items():
                    times[name].append(visit(browser, server.url))
            browser.close()
        finally:
            for server in servers.values():
                server.stop()
    for name, found in times.items():
        print(f"{name}: first visit {found[0]:.0f} ms, then {statistics.median(found[1:]):.0f} ms")


if __name__ == "__main__":
    main()
