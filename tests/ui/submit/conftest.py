"""Small boards, an empty store, and uploads for the tests of the Submit page."""

from collections.abc import Callable
from pathlib import Path

import pytest
import small_boards


@pytest.fixture
def boards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small boards and an empty store, on a machine of one's own; returns the store."""
    for name, value in small_boards.set_up(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("SYSTEM", raising=False)
    return tmp_path / "store"


@pytest.fixture
def upload(tmp_path: Path) -> Callable[..., str]:
    """Make an upload as Gradio does: in a folder of its own."""

    def make(maps: small_boards.LabelMaps, name: str = "y.npz") -> str:
        return str(small_boards.write(tmp_path / "uploads" / "sha", name, maps))

    return make
