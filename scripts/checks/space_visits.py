"""What is looked at on a running Space: its pages in a browser, and Compare with many methods."""

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from app_server import CHROMIUM_ARGS
from numpy.typing import NDArray
from visitor import Visitor

from ctseg.ui.compare.frames import unframe

Found = dict[str, str]
"""Digest of each method's label map."""
_PAGE_MS = 120_000
_RUN_MS = 900_000
_OVER = """methods => methods.every((name) => {
  const pane = document.querySelector(`.ct-panel[data-method="${name}"], [data-film="${name}"]`);
  return ["done", "failed", "cancelled"].includes(pane?.dataset.state);
})"""


# A browser does not keep the bodies of streamed answers for whoever drives it.
_KEEP_RUNS = """(() => {
  const asked = window.fetch;
  window.keptRuns = [];
  window.fetch = async (...words) => {
    const answer = await asked(...words);
    const read = (blob) => new Promise((done) => {
      const reader = new FileReader();
      reader.onload = () => done(reader.result);
      reader.readAsDataURL(blob);
    });
    if (answer.url.endsWith("/compare/run")) window.keptRuns.push(answer.clone().blob().then(read));
    return answer;
  };
})()"""


class VisitError(Exception):
    """A page or a method did not do what it should; the message says which."""


def open_pages(url: str, chromium: str, pages: tuple[str, ...]) -> None:
    """Open every page in a browser; a fault of a script fails."""
    with _page(chromium) as page:
        for each in pages:
            page.goto(url + each)
            page.get_by_role("link", name="Leaderboard").first.wait_for()


def compare_in_a_browser(url: str, chromium: str, slice_file: Path, methods: tuple[str, ...]) -> Found:
    """Choose a slice and methods on the Compare page as a visitor does, and return what they found."""
    with _page(chromium) as page:
        page.add_init_script(_KEEP_RUNS)
        page.goto(url)
        # What the page opens on is shown by now; the badge comes back with the slice that is chosen.
        page.wait_for_selector("[data-example]", state="attached")
        page.locator(".ct-badge").evaluate("badge => badge.remove()")
        page.locator("#upload input[type=file]").set_input_files(str(slice_file))
        page.wait_for_selector(".ct-badge")
        page.eval_on_selector_all(
            "#methods input",
            "(boxes, methods) => boxes.forEach((box) => { box.checked = methods.includes(box.value); })",
            list(methods),
        )
        page.click("#compare")
        page.wait_for_function(_OVER, arg=list(methods), timeout=_RUN_MS)
        answers = page.evaluate("Promise.all(window.keptRuns)")
        return _found([base64.b64decode(answer.split(",")[1]) for answer in answers], methods)


def compare_over_the_wire(url: str, slice_file: Path, methods: tuple[str, ...]) -> Found:
    """Ask for the same as the page does, without a browser."""
    visitor = Visitor(url, timeout=_RUN_MS / 1000)
    try:
        visitor.event("on_upload", [[visitor.upload(slice_file.read_bytes())]])
        visitor.ask("slice", index=0).raise_for_status()
        begun = visitor.ask("begin", index=0, methods=list(methods), anew=True).raise_for_status()
        plan = _frames(begun.content)[0][0]["plan"]
        asked = (visitor.ask("run", plan=plan, method=method).raise_for_status() for method in methods)
        return _found([answer.content for answer in asked], methods)
    finally:
        visitor.leave()


def _found(answers: list[bytes], methods: tuple[str, ...]) -> Found:
    """Digests of the label maps in what the runs answered; each method must have one."""
    last = [_frames(answer)[-1] for answer in answers]
    told = {message["method"]: (message, arrays) for message, arrays in last}
    failed = [(name, told.get(name, ({},))[0].get("text")) for name in methods]
    failed = [(name, text) for name, text in failed if told.get(name, ({},))[0].get("state") != "done"]
    if failed:
        raise VisitError(f"Methods gave no label map: {failed}")
    labels = {name: told[name][1]["labels"].astype(np.uint32) for name in methods}
    return {name: hashlib.sha256(each.tobytes()).hexdigest() for name, each in labels.items()}


def _frames(packed: bytes) -> list[tuple[dict[str, Any], dict[str, NDArray[np.generic]]]]:
    frames = []
    while packed:
        size = 8 + int.from_bytes(packed[:4], "little") + int.from_bytes(packed[4:8], "little")
        frames.append(unframe(packed[:size]))
        packed = packed[size:]
    return frames


@contextmanager
def _page(chromium: str) -> Iterator[Any]:
    """A page in a browser of its own; at the end none of its scripts may have failed."""
    from playwright.sync_api import sync_playwright

    faults: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGS)
        page = browser.new_page()
        page.set_default_timeout(_PAGE_MS)
        page.on("pageerror", lambda error: faults.append(str(error)))
        yield page
        browser.close()
    if faults:
        raise VisitError(f"Scripts failed: {faults}")
