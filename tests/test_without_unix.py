"""The library, the commands and the app where the modules of Unix are missing, as on plain Windows."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from app_server import AppServer
from PIL import Image
from visitor import Visitor

from ctseg import read_slice, segment
from ctseg.datasets.phantom import phantom_slice, write_dicom

PACKAGES = Path(__file__).parent / "as_on_windows"
_LOCKS = """
import os, signal, sys
from pathlib import Path
import ctseg
from ctseg.sandbox import runner
from ctseg.sandbox.folders import empty_dead, give_up, private_folder
from ctseg.leaderboard.submissions.local_store import Submissions
assert not hasattr(os, "killpg") and not hasattr(signal, "SIGXCPU")
folder = Path(sys.argv[1])
Submissions(folder / "store", 1 << 20).add_record("renamed/a-1.json", b"{}")
assert empty_dead("ctseg-test-", folder) == 1
own = private_folder("ctseg-test-", folder)
assert empty_dead("ctseg-test-", folder) == 0
give_up(own)
print(sorted(path.name for path in folder.iterdir()))
"""
_HOLDER = """
import sys
from pathlib import Path
from ctseg.sandbox.folders import private_folder
print(private_folder("ctseg-test-", Path(sys.argv[1])), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def environment() -> dict[str, str]:
    paths = [str(PACKAGES), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


@pytest.fixture
def slice_file(tmp_path: Path) -> Path:
    path = tmp_path / "slice.dcm"
    write_dicom(phantom_slice(13, "abdomen"), path)
    return path


def test_locks_hold_and_what_a_killed_process_left_is_emptied(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    run = [sys.executable, "-c"]
    holder = subprocess.Popen(
        [*run, _HOLDER, str(tmp_path)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert Path(holder.stdout.readline().strip()).is_dir()
    holder.send_signal(signal.SIGKILL)
    holder.communicate(timeout=60)
    done = subprocess.run(
        [*run, _LOCKS, str(tmp_path)], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "['store']\n"


@pytest.mark.thorough
def test_a_file_is_segmented(tmp_path: Path, slice_file: Path, environment: dict[str, str]) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "ctseg", "segment", str(slice_file), "--out", str(out)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = np.asarray(Image.open(out / "watershed" / "labels.png"))
    assert np.array_equal(found, segment(read_slice(slice_file), "watershed"))


@pytest.mark.thorough
def test_the_app_serves(tmp_path: Path, slice_file: Path) -> None:
    app = AppServer(tmp_path, packages=PACKAGES)
    try:
        visitor = Visitor(app.url)
        visitor.event("on_upload", [[visitor.upload(slice_file.read_bytes())]])
        plan = visitor.ask("begin", index=0, methods=["watershed"]).raise_for_status().content
        head = json.loads(plan[8 : 8 + int.from_bytes(plan[:4], "little")])
        done = visitor.ask("run", plan=head["plan"], method="watershed").raise_for_status().content
        assert b'"done"' in done
        visitor.leave()
    finally:
        app.stop()
