"""What sweeps uploads away."""

import time
from pathlib import Path

import pytest
from small_slices import stack_of

from ctseg.ui.server.housekeeping import Housekeeping, private_upload_folder, sweep
from ctseg.ui.server.sessions import SESSIONS


def test_sweeping_deletes_old_files_and_empty_folders_only(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "old").write_bytes(b"DICM")
    assert sweep(tmp_path, 3600) == 0
    assert sweep(tmp_path, -1) == 1
    assert list(tmp_path.iterdir()) == []


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
    for _ in range(6000):
        if not stray.exists():
            break
        time.sleep(0.01)
    assert not stray.exists()
    keeping.stop()
