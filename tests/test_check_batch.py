"""Mixed slices go through both engines with kills and a resume, as docs/scale.md says, but fewer of them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / "scripts" / "checks" / "check_batch.py"


@pytest.mark.slow
def test_both_engines_write_the_same_bytes_whatever_is_killed(tmp_path: Path) -> None:
    words = [sys.executable, str(SCRIPT), "--slices", "1", "--some", "25", "--keep", str(tmp_path)]
    environment = {name: value for name, value in os.environ.items() if name != "CTSEG_DATA"}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=3000, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(" 0 differ") == 2
    assert done.stdout.count("a worker killed after") == done.stdout.count("the driver after") == 2
