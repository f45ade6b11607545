"""Private folders of processes: those of the dead are emptied, whatever their age, and no others."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ctseg.locks import try_lock
from ctseg.sandbox.folders import decoding_folder, empty_dead, give_up, is_held, private_folder

PREFIX = "ctseg-test-"
_HOLDER = """
import sys, time
from pathlib import Path
from ctseg.sandbox.folders import private_folder
folder = private_folder(sys.argv[1], Path(sys.argv[2]))
(folder / "Doe^Jane.dcm").write_bytes(b"DICM")
print(folder, flush=True)
sys.stdin.read()
"""


def _holder(parent: Path) -> tuple[subprocess.Popen[str], Path]:
    """A process that holds a private folder with a file in it."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, PREFIX, str(parent)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_only_the_folder_of_a_killed_process_is_emptied(tmp_path: Path) -> None:
    dead, left = _holder(tmp_path)
    alive, used = _holder(tmp_path)
    ours = private_folder(PREFIX, tmp_path)
    try:
        dead.send_signal(signal.SIGKILL)
        dead.wait(60)
        assert (left / "Doe^Jane.dcm").exists()
        os.utime(used, (0, 0))  # age says nothing
        assert empty_dead(PREFIX, tmp_path) == 1
        assert not left.exists()
        assert (used / "Doe^Jane.dcm").exists()
        assert ours.is_dir()
        assert empty_dead(PREFIX, tmp_path) == 0
    finally:
        alive.communicate(timeout=60)
        give_up(ours)
    assert list(tmp_path.iterdir()) == []  # a process that ends by itself takes its folder along


def test_folders_of_others_and_links_are_left_alone(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").touch()
    (tmp_path / f"{PREFIX}link").symlink_to(outside)
    (tmp_path / f"{PREFIX}file").touch()
    assert empty_dead(PREFIX, tmp_path) == 0
    assert (outside / "file").exists()


def test_a_folder_that_was_emptied_before_its_lock_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Path] = []

    def late(path: Path) -> int | None:
        if not seen:
            seen.append(path.parent)
            assert empty_dead(PREFIX, tmp_path) == 1
        return try_lock(path)

    with monkeypatch.context() as patch:
        patch.setattr("ctseg.sandbox.folders.try_lock", late)
        made = private_folder(PREFIX, tmp_path)
    assert made != seen[0]
    assert made.stat().st_mode & 0o777 == 0o700
    assert is_held(made)
    give_up(made)
    assert not is_held(made)


def test_decoders_of_a_process_share_one_folder() -> None:
    folder = decoding_folder()
    assert decoding_folder() == folder
    give_up(folder)
    assert decoding_folder() != folder
