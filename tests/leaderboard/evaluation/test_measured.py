"""Evaluations that run at once do not share a core."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TAKE = (
    "from ctseg.leaderboard.evaluation.measured import take_core; import os, sys;"
    "print(take_core(), sorted(os.sched_getaffinity(0)), flush=True); sys.stdin.read()"
)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system pins no process to a core")
def test_every_process_gets_a_core_of_its_own_while_there_are_any(tmp_path: Path) -> None:
    cores = sorted(os.sched_getaffinity(0))[:2]
    environment = os.environ | {"CTSEG_CACHE": str(tmp_path)}
    started = []
    for _ in range(len(cores) + 1):
        process = subprocess.Popen(
            [sys.executable, "-c", f"import os; os.sched_setaffinity(0, {cores}); {TAKE}"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        started.append((process, process.stdout.readline().strip()))
    told = [line for _, line in started]
    assert told == [*(f"{core} [{core}]" for core in cores), f"None {cores}"]
    started[0][0].communicate("")  # who ends gives its core back
    last = subprocess.run(
        [sys.executable, "-c", f"import os; os.sched_setaffinity(0, {cores}); {TAKE}"],
        env=environment,
        input="",
        capture_output=True,
        text=True,
        check=True,
    )
    assert last.stdout.strip() == told[0]
    for process, _ in started[1:]:
        process.communicate("")
