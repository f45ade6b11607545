"""Half of the work in a copy of the process gives what the work in one gives, errors included."""

import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

_WORK = """
import os, sys, zipfile
import numpy as np
from ctseg.sandbox import both_cores
os.cpu_count = lambda: 2
{allow}
archive = zipfile.ZipFile(sys.argv[1])
found = both_cores.shared((40,), np.dtype(np.int64))
by = both_cores.shared((40,), np.dtype(np.int64))
{before}
def work(job):
    {inside}
    with archive.open(str(job)) as file:
        found[job] = sum(file.read())
    by[job] = os.getpid()
both_cores.by_two(range(40), work)
print(*found, len(set(by.tolist())))
"""


def done(path: Path, *, allow: bool = True, before: str = "", inside: str = "pass") -> list[int]:
    code = _WORK.format(allow="both_cores.allow()" if allow else "", before=before, inside=inside)
    ran = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, timeout=100, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return [int(word) for word in ran.stdout.split()]


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    chance = np.random.default_rng(0)
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        for number in range(40):
            packed.writestr(str(number), chance.bytes(20_000 + 1_000 * number))
    return tmp_path / "a.zip"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems work in one process")
def test_two_processes_read_one_archive_as_one_does(archive: Path) -> None:
    *alone, processes = done(archive, allow=False)
    assert processes == 1
    *shared, processes = done(archive)
    assert processes == 2
    assert shared == alone
    assert min(alone) > 0
    # A copy that fails or is killed leaves its share to be done.
    fails = "os.getpid() != mine and job > 20 and os.kill(os.getpid(), 9)"
    *mended, _ = done(archive, before="mine = os.getpid()", inside=fails)
    assert mended == alone
