"""What is told of a running app, and when that is an alarm."""

from pathlib import Path

import pytest
import small_boards
from starlette.applications import Starlette
from starlette.testclient import TestClient

from ctseg import __version__
from ctseg.leaderboard.folders import DESCRIPTIONS
from ctseg.methods import CARDS, load
from ctseg.ui.server import housekeeping as module
from ctseg.ui.server.health import Health
from ctseg.ui.server.housekeeping import Housekeeping
from ctseg.ui.server.open_pages import Sessions
from ctseg.ui.server.uploads import Uploads


def _asked(keeper: Housekeeping, folder: Path) -> TestClient:
    return TestClient(Starlette(routes=Health(keeper, Uploads(folder), Sessions()).routes()))


@pytest.fixture
def keeper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Housekeeping:
    """A quick sweep of an empty folder, not begun."""
    for name, value in small_boards.set_up(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(module, "SWEEP_SECONDS", 0.01)
    return Housekeeping(tmp_path / "swept")


def test_a_sweep_that_does_not_run_is_an_alarm(keeper: Housekeeping, tmp_path: Path) -> None:
    client = _asked(keeper, tmp_path)
    told = client.get("/health")
    assert (told.status_code, told.json()["status"], told.json()["sweep"]["alive"]) == (503, "alarm", False)
    keeper.start()
    keeper.stop()
    assert client.get("/health").status_code == 503


def test_a_sweep_that_hangs_is_an_alarm(
    keeper: Housekeeping, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper.start()
    try:
        monkeypatch.setattr(module, "MAX_LATE_SWEEPS", 0)
        assert not keeper.alive
        monkeypatch.setattr(module, "MAX_LATE_SWEEPS", 10**9)
        assert _asked(keeper, tmp_path).get("/health").json()["status"] == "ok"
    finally:
        keeper.stop()


def test_files_that_are_set_aside_are_named_without_their_place(keeper: Housekeeping, tmp_path: Path) -> None:
    (tmp_path / "store" / DESCRIPTIONS / "broken.json").write_text("{", encoding="utf-8")
    told = _asked(keeper, tmp_path).get("/health")
    assert told.json()["set_aside"] == [
        {"file": f"{DESCRIPTIONS}/broken.json", "why": "it is truncated or no JSON"}
    ]
    assert str(tmp_path) not in told.text


def test_version_disk_queue_and_methods_are_told(
    keeper: Housekeeping, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load("watershed")
    told = _asked(keeper, tmp_path).get("/health").json()
    assert told["version"] == __version__
    assert "watershed" in told["methods"]["loaded"]
    assert told["methods"]["known"] == len(CARDS)
    assert told["queue"] == {"running": 0, "waiting": 0}
    assert told["disk"]["free_bytes"] > 0
    assert not told["disk"]["full"]
    monkeypatch.setenv("CTSEG_FREE_MB", "999999999")
    assert _asked(keeper, tmp_path).get("/health").json()["disk"]["full"]
