"""What sweeps uploads away."""

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from small_slices import stack_of
from waiting import until

from ctseg.sandbox.folders import LOCK, give_up
from ctseg.ui.server.housekeeping import (
    Housekeeping,
    empty_dead_folders,
    private_upload_folder,
    sweep,
    sweep_markers,
)
from ctseg.ui.server.open_pages import SESSIONS


def test_sweeping_deletes_old_files_and_empty_folders_only(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "old").write_bytes(b"DICM")
    assert sweep(tmp_path, 3600) == 0
    assert sweep(tmp_path, -1) == 1
    assert list(tmp_path.iterdir()) == []


def test_what_the_framework_leaves_of_a_file_goes_and_no_upload_does(tmp_path: Path) -> None:
    place = tmp_path / "in-0"
    place.mkdir()
    kept = [place / "empty", tmp_path / "full", tmp_path / LOCK]
    for path in (*kept, tmp_path / "marker"):
        path.touch()
    (tmp_path / "full").write_bytes(b"DICM")
    assert sweep_markers(tmp_path, 3600) == 0
    assert sweep_markers(tmp_path, -1) == 1
    assert all(path.exists() for path in kept)
    assert sweep_markers(tmp_path / "gone", -1) == 0


def test_uploads_land_in_a_private_folder_that_goes_with_the_app(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "chosen"))
    (tmp_path / "chosen").mkdir()
    (tmp_path / "chosen" / "not-ours").touch()
    ours = private_upload_folder()
    assert ours.parent == tmp_path / "chosen"
    keeper = Housekeeping(ours)
    keeper.start()
    keeper.stop()
    assert not ours.exists()
    assert (tmp_path / "chosen" / "not-ours").exists()
    monkeypatch.delenv("GRADIO_TEMP_DIR")
    folder = private_upload_folder()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert private_upload_folder() == folder
    session = SESSIONS.of("kept")
    session.keep(stack_of())
    keeping = Housekeeping(folder)
    keeping.start()
    keeping.stop()
    assert not folder.exists()
    assert session.stack is None
    SESSIONS.leave("kept")


def test_housekeeping_sweeps_while_the_app_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("ctseg.ui.server.housekeeping.SWEEP_SECONDS", 0.01)
    monkeypatch.setattr("ctseg.ui.server.housekeeping.STRAY_SECONDS", 0)
    stray = tmp_path / "stray"
    stray.write_bytes(b"DICM")
    keeping = Housekeeping(tmp_path)
    keeping.start()
    until(lambda: not stray.exists(), "the sweep of a stray file")
    keeping.stop()


def test_the_sweep_outlives_folders_that_vanish_and_duties_that_fail(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("ctseg.ui.server.housekeeping.SWEEP_SECONDS", 0.01)
    done = threading.Event()
    rounds: list[int] = []

    def fail() -> None:
        rounds.append(1)
        if len(rounds) == 3:
            done.set()
        raise FileNotFoundError("Doe^Jane.dcm")

    keeper = Housekeeping(tmp_path / "never-made", [fail])
    keeper.start()
    assert done.wait(60)
    assert keeper.alive
    keeper.stop()
    assert not keeper.alive
    assert keeper.faults >= 3
    assert "FileNotFoundError" in caplog.text
    assert "Doe" not in caplog.text


def test_a_walk_goes_on_where_a_folder_vanishes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "old").write_bytes(b"DICM")
    scandir = os.scandir

    def vanishing(path: str) -> Any:
        if Path(path).name == "b":
            (Path(path) / "old").unlink()
            Path(path).rmdir()
        return scandir(path)

    monkeypatch.setattr(os, "scandir", vanishing)
    assert sweep(tmp_path, -1) == 2
    assert list(tmp_path.iterdir()) == []


def test_a_killed_servers_uploads_are_deleted_at_the_next_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    code = (
        "import os, signal; from ctseg.ui.server.housekeeping import private_upload_folder as folder;"
        "from ctseg.sandbox.folders import decoding_folder;"
        "(folder() / 'Doe^Jane.dcm').touch(); (decoding_folder() / 'Doe^Jane').touch();"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    assert len(list(tmp_path.rglob("Doe*"))) == 2
    assert empty_dead_folders() == 2
    assert list(tmp_path.rglob("Doe*")) == []
    give_up(private_upload_folder())
