"""Fixtures for things that are not on every machine, and an honest count of what was skipped for them."""

import os
import shutil
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
REQUIRED = {word for word in os.environ.get("CTSEG_REQUIRE", "").split(",") if word}
DATA = Path(os.environ.get("CTSEG_DATA") or ROOT.parent / "shared" / "data")


def _need(what: str, present: bool, reason: str) -> None:
    if present:
        return
    if what in REQUIRED:
        pytest.fail(f"{reason}, and CTSEG_REQUIRE asks for {what}.")
    pytest.skip(f"{what}: {reason}")


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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Count the skipped tests by reason in the last lines."""
    reasons = Counter(
        str(report.longrepr[2]).removeprefix("Skipped: ")
        for report in terminalreporter.stats.get("skipped", [])
    )
    deselected = len(terminalreporter.stats.get("deselected", []))
    if deselected:
        reasons["slow: run by `make test-all`"] = deselected
    told = "; ".join(f"{count} ({reason})" for reason, count in reasons.items()) or "nothing"
    terminalreporter.ensure_newline()
    terminalreporter.line(f"Skipped: {told}")
