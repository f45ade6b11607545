"""The page without a server finds what the server finds, in a real browser, and asks nobody else."""

import hashlib
import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Error

from ctseg import cli
from ctseg.labelmaps import judge, numbered
from ctseg.methods import CARDS, load
from ctseg.metrics import score
from ctseg.partition import edge_strength, volume_tree
from ctseg.static_site.facts import METHODS
from ctseg.ui.compare.examples import EXAMPLES, KNOWN
from ctseg.ui.compare.truth import score_row

ASKING = (Path(__file__).parent / "asking.js").read_text(encoding="utf-8")
BOUND_MS = 120_000
PHANTOM = next(k for k, example in enumerate(EXAMPLES) if example.name == "Abdomen, HU")
VENDOR = Path(cli.__file__).parents[1] / "static_site" / "vendor" / "onnxruntime-web"


class Page:
    """The page in a browser; remembers its requests and what went wrong."""

    def __init__(self, browser: Any, address: str, isolated: bool = True) -> None:
        workers = "allow" if isolated else "block"
        self.context = browser.new_context(viewport={"width": 1280, "height": 800}, service_workers=workers)
        self.page = self.context.new_page()
        self.page.set_default_timeout(BOUND_MS)
        self.requests: list[str] = []
        self.wrong: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", lambda said: self.wrong.append(said.text) if said.type == "error" else None)
        self.page.goto(address)
        if isolated:
            self._wait_until_isolated()
        self.page.wait_for_selector('[data-method="partition"][data-state="done"]')

    def _wait_until_isolated(self) -> None:
        """The first load is done again then. The page's policy forbids what `wait_for_function` evaluates."""
        for _ in range(BOUND_MS // 50):
            with suppress(Error):  # the page was just left for its second load
                if self.page.evaluate("window.crossOriginIsolated"):
                    return
            self.page.wait_for_timeout(50)
        raise AssertionError("the page never came to have threads")

    def ask(self, **asked: Any) -> Any:
        bounded = (
            f"(asked) => Promise.race([({ASKING})(asked), new Promise((_, refuse) => "
            f"setTimeout(() => refuse(new Error('too long')), {BOUND_MS}))])"
        )
        return self.page.evaluate(bounded, {"methods": [], **asked})

    def phantom(self, index: int, *methods: str) -> None:
        """Open one of the examples whose structures are known and wait for what methods find on it."""
        self.choose(*methods)
        self.page.click(f'[data-example="{index}"]')
        self.page.wait_for_selector(f'.ct-opening:has-text("{KNOWN}")')
        for method in methods:
            self.page.wait_for_selector(f'[data-method="{method}"][data-state="done"]')

    def choose(self, *methods: str) -> None:
        """Tick just these methods."""
        for box in self.page.query_selector_all("#methods input"):
            box.set_checked(box.get_attribute("value") in methods)

    def close(self) -> None:
        self.context.close()
        assert self.wrong == []


def test_the_folder_is_what_a_web_server_needs(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (site / "index.html").read_text(encoding="utf-8") + (site / "leaderboard.html").read_text("utf-8")
    addresses = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert addresses
    assert not [each for each in addresses if each.startswith(("/", "http"))]
    assert "connect-src 'self'" in text
    # What the first result takes: all but the networks of the others, and the slices that nobody looked at.
    first = [path for path in site.rglob("*") if path.is_file() and site / "examples" not in path.parents]
    first.append(site / "examples" / "0" / "18.frame")
    first = [path for path in first if path.suffix != ".safetensors" or path.name.startswith("unet_tvmf")]
    assert sum(path.stat().st_size for path in first) < 25_000_000
    assert cli.main(["export-static", str(site)]) == 1
    assert "is not empty" in capsys.readouterr().err


def test_the_runtime_is_the_one_that_npm_gave() -> None:
    import gzip

    source = json.loads((VENDOR / "SOURCE.json").read_text(encoding="utf-8"))
    for name, digest in source["sha256"].items():
        packed = VENDOR / f"{name}.gz"
        content = gzip.decompress(packed.read_bytes()) if packed.is_file() else (VENDOR / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest, name
    assert sum(path.stat().st_size for path in VENDOR.iterdir()) < 16_000_000


@pytest.mark.thorough
@pytest.mark.browser
def test_the_browser_finds_what_the_server_finds(browser: Any, address: str) -> None:
    shown = EXAMPLES[PHANTOM].open()
    stack, truth = shown.stack, shown.truths
    assert truth is not None
    page = Page(browser, address)
    answer = page.ask(example=PHANTOM, methods=list(METHODS))
    assert np.array_equal(np.array(answer["pixels"]).reshape(stack[0].shape), stack[0].pixels)
    for name in METHODS:
        expected = numbered(load(name).segment(stack[0])).ravel()
        found = np.array(answer["found"][name])
        assert np.mean(found == expected) >= 0.999, name
        true = numbered(truth[0])
        found = found.reshape(true.shape)
        assert answer["scores"][name] == score_row(CARDS[name].title, score(found, true))
        assert answer["counts"][name]["counts"] == judge(found, true).counts
    page.close()


DONE = '[data-method="unet-tvmf"][data-state="done"] .ct-time:text-matches("[0-9] s$")'


@pytest.mark.browser
@pytest.mark.thorough
def test_nothing_is_asked_of_anybody_once_the_networks_are_there(
    browser: Any, address: str, asked_of_server: list[str], tmp_path: Path
) -> None:
    page = Page(browser, address)
    page.choose("unet-tvmf")
    page.page.click("#compare")
    page.page.wait_for_selector(DONE)
    assert any("networks/unet_tvmf" in each for each in asked_of_server)
    assert all(each.startswith((address, "data:", "blob:")) for each in page.requests)
    before, asked = len(page.requests), len(asked_of_server)
    own = tmp_path / "own.png"
    Image.fromarray(np.arange(64 * 48, dtype=np.uint8).reshape(48, 64)).save(own)
    page.page.set_input_files("#upload input", own)
    page.page.wait_for_selector('.ct-fact:has-text("64 × 48 px")')
    page.page.click("#compare")
    page.page.wait_for_selector(DONE)
    assert page.requests[before:] == []
    assert asked_of_server[asked:] == []
    refused = page.page.evaluate("fetch('https://example.org/').then(() => 'answered', () => 'refused')")
    assert refused == "refused"
    page.wrong = [each for each in page.wrong if "example.org" not in each]
    page.close()


@pytest.mark.browser
@pytest.mark.thorough
@pytest.mark.parametrize("isolated", [True, False])
def test_networks_take_the_threads_that_the_browser_allows(
    browser: Any, address: str, isolated: bool
) -> None:
    """A plain web server sends no headers: the page's service worker does, and without it one thread runs."""
    page = Page(browser, address, isolated)
    assert page.page.evaluate("window.crossOriginIsolated") is isolated
    allowed = page.page.evaluate("Math.min(4, navigator.hardwareConcurrency)") if isolated else 1
    page.choose("unet-tvmf")
    page.page.click("#compare")
    page.page.wait_for_selector(DONE)
    told = page.page.inner_text("#ran")
    assert re.fullmatch(r"First result after \d+\.\d s, fetching included · networks on (.+)", told)
    assert told.endswith(f"on {f'{allowed} threads' if allowed > 1 else 'one thread'}")
    page.close()


@pytest.mark.browser
@pytest.mark.thorough
def test_the_examples_are_those_of_the_app(browser: Any, address: str) -> None:
    page = Page(browser, address)
    told = "buttons => buttons.map((each) => [each.textContent, !!each.querySelector('img').src])"
    shown = page.page.eval_on_selector_all("#examples button", told)
    assert shown == [[example.name, True] for example in EXAMPLES]
    for index, example in enumerate(EXAMPLES):
        stack = example.open().stack
        answer = page.ask(example=index)
        assert answer["opened"]["slices"] == len(stack)
        expected = stack[answer["opened"]["index"]].pixels
        assert np.array_equal(np.array(answer["pixels"]).reshape(expected.shape), expected), example.name
    page.close()


@pytest.mark.browser
def test_all_cuts_of_a_tree_are_those_of_the_server(browser: Any, address: str) -> None:
    chance = np.random.default_rng(0)
    grey = chance.integers(0, 255, (15, 32)).astype(np.uint8)
    tree = volume_tree(edge_strength(grey))
    page = Page(browser, address)
    for most in (1, 7, 30, 500):
        labels, numbers = page.page.evaluate(
            """async ({ leaves, width, height, parents, altitudes, most }) => {
              const { MergeTree } = await import(new URL("engine/trees.js", document.baseURI).href);
              const given = [Int32Array.from(leaves), width, height, parents, Float64Array.from(altitudes)];
              const { labels, numbers } = new MergeTree(...given).nested(most);
              return [[...labels], [...numbers]];
            }""",
            {
                "leaves": tree.leaves.ravel().tolist(), "width": 32, "height": 15,
                "parents": tree.parents.tolist(), "altitudes": tree.altitudes.tolist(), "most": most,
            },
        )  # fmt: skip
        finest, expected = tree.nested(most)
        assert labels == finest.ravel().tolist()
        assert numbers == expected.ravel().tolist()
    page.close()
