"""A lock keeps others out, in this process and elsewhere, and is free again after its holder."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ctseg.locks import locked, try_lock


def test_a_lock_is_held_once_and_free_after_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    handle = try_lock(path)
    assert handle is not None
    assert try_lock(path) is None
    tried = [
        sys.executable,
        "-c",
        "import sys; from ctseg.locks import *; print(try_lock(Path(sys.argv[1])))",
    ]
    assert subprocess.run([*tried, str(path)], capture_output=True, text=True, check=True).stdout == "None\n"
    os.close(handle)
    with locked(path):
        assert try_lock(path) is None


def test_who_waits_comes_in_after_the_holder(tmp_path: Path) -> None:
    path, order = tmp_path / "lock", []

    def late() -> None:
        with locked(path):
            order.append("late")

    with locked(path):
        waiting = threading.Thread(target=late)
        waiting.start()
        order.append("holder")
    waiting.join(60)
    assert order == ["holder", "late"]


def test_a_lock_in_a_folder_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        try_lock(tmp_path / "gone" / "lock")
