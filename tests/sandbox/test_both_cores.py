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
    return numbers_printed(code, str(path))


def numbers_printed(code: str, *arguments: str) -> list[int]:
    ran = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=100, check=False
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


_LIMITED = """
import os, resource, sys
import numpy as np
from ctseg.sandbox import both_cores
os.cpu_count = lambda: 2
GIB = 1024**3
resource.setrlimit(resource.RLIMIT_AS, (4 * GIB, 4 * GIB))
both_cores.allow()
pixels = both_cores.shared((GIB // 2,), np.dtype(np.uint8))
found = both_cores.shared((12, 2), np.dtype(np.int64))
def work(job):
    np.empty({needed}, np.uint8)
    found[job] = os.getpid(), resource.getrlimit(resource.RLIMIT_AS)[0]
both_cores.by_two(range(12), work)
print(*found.ravel(), resource.getrlimit(resource.RLIMIT_AS)[0])
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems work in one process")
@pytest.mark.parametrize(("needed", "processes"), [("GIB // 4", 2), ("3 * GIB", 1)])
def test_two_processes_keep_to_the_memory_of_one(needed: str, processes: int) -> None:
    code = _LIMITED.format(needed=needed)
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=100, check=False
    )
    assert ran.returncode == 0, ran.stderr
    *found, at_the_end = numbers_printed(code)
    gib = 1024**3
    assert at_the_end == 4 * gib
    by, limits = found[::2], found[1::2]
    # What needs more than half is done all the same, by one process that has all of the memory then.
    assert len(set(by)) == processes
    if processes == 2:
        shared = gib // 2 + 4096
        assert limits[0] == 4 * gib
        assert 2 * max(limits[1:]) - shared <= 4 * gib
    else:
        assert set(limits) == {4 * gib}
