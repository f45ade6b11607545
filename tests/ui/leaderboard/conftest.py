"""Made-up results for the tests of the Leaderboard page."""

from pathlib import Path

import pytest
from board_results import fill


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of made-up results, where the page looks for them."""
    monkeypatch.setenv("CTSEG_LEADERBOARD", str(tmp_path))
    fill(tmp_path)
    return tmp_path
