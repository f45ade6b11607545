"""Fixtures for things that are not on every machine, and an honest count of what was skipped for them."""

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from app_server import CHROMIUM_ARGS

from ctseg.methods import CARDS
from ctseg.methods.base import registry

# How long decoding may take is tested with limits of the tests' own; elsewhere a busy machine gets its time.
os.environ["CTSEG_DECODE_SECONDS"] = "120"
ROOT = Path(__file__).resolve().parents[1]
REQUIRED = {word for word in os.environ.get("CTSEG_REQUIRE", "").split(",") if word}
DATA = Path(os.environ.get("CTSEG_DATA") or ROOT.parent / "shared" / "data")


def _need(what: str, present: bool, reason: str) -> None:
    if present:
        return
    if what in REQUIRED:
        pytest.fail(f"{reason}, and CTSEG_REQUIRE asks for {what}.")
    pytest.skip(f"{what}: {reason}")


@pytest.fixture(scope="session", autouse=True)
def _no_store_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads or writes submissions of whoever runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CTSEG_STORE", str(tmp_path_factory.mktemp("store")))
        yield


@pytest.fixture(autouse=True)
def _no_method_stays_added() -> Iterator[None]:
    """What a test adds to the methods, such as a run of training, the next one does not see."""
    before = set(CARDS)
    yield
    for name in set(CARDS) - before:
        registry.remove(name)


@pytest.fixture(scope="session")
def ct_fewshot() -> Path:
    """Folder of the ct-fewshot data with its splits."""
    folder = DATA / "ct-fewshot"
    _need(
        "data", folder.is_dir(), "the ct-fewshot data is not here; set CTSEG_DATA to the folder that holds it"
    )
    return folder


@pytest.fixture(scope="session")
def samples() -> Path:
    """Folder of sample DICOM and NIfTI files."""
    folder = DATA / "samples"
    _need(
        "data", folder.is_dir(), "the sample files are not here; set CTSEG_DATA to the folder that holds them"
    )
    return folder


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Path of a chromium to drive with Playwright."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    _need("browser", found is not None, "chromium is not installed")
    assert found is not None
    return found


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer how long the tests of mutated bytes go on."""
    parser.addoption("--fuzz-seconds", default="5", help="seconds for each format under mutated bytes")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Name a failure as it happens: a run that is ended from outside prints no summary."""
    if report.failed and "PYTEST_XDIST_WORKER" not in os.environ:
        last = str(report.longrepr).strip().rsplit("\n", 1)[-1]
        print(f"\nFAILED {report.nodeid} ({report.when}, {report.duration:.0f} s): {last}", flush=True)


_deselected = pytest.StashKey[int]()


def pytest_deselected(items: list[pytest.Item]) -> None:
    """Count, in each process, what was left out by its marks."""
    if items:
        stash = items[0].config.stash
        stash[_deselected] = stash.get(_deselected, 0) + len(items)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell the count to the process that started this one, where tests run in several."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["deselected"] = session.config.stash.get(_deselected, 0)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take the count; every process leaves out the same tests."""
    node.config.stash[_deselected] = getattr(node, "workeroutput", {}).get("deselected", 0)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Say in the very last line what was skipped, and why."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or hasattr(config, "workerinput"):
        return
    reasons = Counter(
        str(report.longrepr[2]).removeprefix("Skipped: ") for report in reporter.stats.get("skipped", [])
    )
    deselected = config.stash.get(_deselected, 0)
    if deselected:
        chosen = " and ".join(filter(None, (config.option.markexpr, config.option.keyword)))
        reasons[f"left out by the choice of '{chosen}'"] = deselected
    listed = "; ".join(f"{count} ({reason})" for reason, count in reasons.items()) or "nothing"
    print(f"Skipped: {listed}")


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Any]:
    """A headless browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=chromium_path, args=CHROMIUM_ARGS)
        yield opened
        opened.close()
