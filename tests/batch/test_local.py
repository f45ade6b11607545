"""The engine of one machine: the same bytes for any number of workers, and every way to fail."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import psutil
import pytest
from toy_job import SquareJob, numbers
from waiting import until

from ctseg.batch.engines import HowToRun, open_run, run_shards, threads_environment
from ctseg.batch.run_folder import RunFolder
from ctseg.batch.tasks import BatchError, DiskFullError
from ctseg.batch.working import CRASHED


def how(**changes) -> HowToRun:
    return HowToRun(**{"workers": 2, "environment": threads_environment(1), **changes})


def ignore(_told) -> None:
    return None


def ended(folder: Path, tasks, tell=ignore, job=None, **changes):
    """Run to the end and return the rows by name."""
    job = job or SquareJob(str(folder.with_suffix(".log")))
    run = RunFolder(folder)
    shards = open_run(run, job, lambda: tasks, how(**changes))
    assert run_shards(job, run, shards, how(**changes), tell)
    return rows(folder)


def rows(folder: Path) -> dict[str, dict]:
    found = [row for path in sorted((folder / "rows").iterdir()) for row in json.loads(path.read_text())]
    return {row["name"]: row for row in found}


def attempts(folder: Path) -> Counter[str]:
    return Counter(folder.with_suffix(".log").read_text().split())


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_any_number_of_workers_writes_the_same_bytes(tmp_path: Path) -> None:
    tasks = numbers({"3": "refuse", "5": "die once"}, count=9)
    told = []
    found = ended(tmp_path / "one", tasks, told.append, workers=1)
    assert {name: row.get("square") for name, row in found.items()} == {
        str(k): None if k == 3 else k * k for k in range(9)
    }
    assert sum(each.done for each in told) == 8
    assert sum(each.failed for each in told) == 1
    ended(tmp_path / "three", tasks, workers=3)
    assert contents(tmp_path / "one") == contents(tmp_path / "three")


def test_what_fails_is_recorded_and_the_rest_goes_on(tmp_path: Path) -> None:
    asked = {"1": "refuse", "2": "raise", "4": "eat", "6": "die", "7": "die once"}
    found = ended(tmp_path / "run", numbers(asked))
    assert found["1"]["error"] == "This is no number; give one."
    assert "ZeroDivisionError" in found["2"]["error"]
    assert "more memory" in found["4"]["error"]
    assert found["6"]["error"] == CRASHED
    assert found["7"]["square"] == 49
    assert len(found) == 12
    assert attempts(tmp_path / "run")["6"] == 2


def test_a_full_disk_is_one_sentence_and_the_run_goes_on_later(tmp_path: Path) -> None:
    job, run = SquareJob(str(tmp_path / "run.log")), RunFolder(tmp_path / "run")
    tasks, alone = numbers({"5": "fill"}), how(workers=1)  # a second worker's shard might not be ended yet
    with pytest.raises(DiskFullError, match=r"no room left .* --resume"):
        run_shards(job, run, open_run(run, job, lambda: tasks, alone), alone, ignore)
    assert len(ended(tmp_path / "run", tasks, resume=True)) == 12
    assert attempts(tmp_path / "run")["0"] == 1


def test_what_a_worker_cannot_load_ends_the_run(tmp_path: Path) -> None:
    for does, sentence in (("refuse", "cannot be had"), ("die", "workers in a row")):
        job = SquareJob(str(tmp_path / "log"), start_does=does)
        with pytest.raises(BatchError, match=sentence):
            ended(tmp_path / does, numbers(count=2), job=job)
    with pytest.raises(BatchError, match="cannot go on"):
        ended(tmp_path / "end", numbers({"1": "end"}))


def test_a_stopped_run_does_only_what_is_missing(tmp_path: Path) -> None:
    told = []

    def stop_after_three(each) -> None:
        told.append(each)
        if len(told) == 3:
            raise KeyboardInterrupt

    tasks = numbers()
    before = set(psutil.Process().children(recursive=True))
    with pytest.raises(KeyboardInterrupt):
        ended(tmp_path / "run", tasks, stop_after_three)

    def left() -> set[psutil.Process]:
        return {each for each in set(psutil.Process().children(recursive=True)) - before if _serves(each)}

    # One that was killed is there for a moment, until it is waited for.
    until(lambda: not left(), "the end of the workers")
    again = []
    assert len(ended(tmp_path / "run", tasks, again.append, resume=True)) == 12
    assert all(attempts(tmp_path / "run")[each.name] == 1 for each in told)
    assert not [path for path in (tmp_path / "run").rglob("*") if path.name.endswith((".begun", ".tmp"))]
    untouched = contents(tmp_path / "run")
    ended(tmp_path / "run", tasks, resume=True)
    assert contents(tmp_path / "run") == untouched
    ended(tmp_path / "other", tasks)
    assert contents(tmp_path / "other") == untouched


def _serves(process: psutil.Process) -> bool:
    try:
        return "spawn_main" in " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return False


def test_a_worker_killed_once_its_shard_is_done_leaves_nothing(tmp_path: Path) -> None:
    """Between the note that a shard is done and the end of what was kept of its tasks."""
    tasks = numbers()
    ended(tmp_path / "run", tasks)
    whole = contents(tmp_path / "run")
    shard = RunFolder(tmp_path / "run").shards()[2]
    RunFolder(tmp_path / "run").begun(shard, 0)
    assert contents(tmp_path / "run") != whole
    ended(tmp_path / "run", tasks, resume=True)
    assert contents(tmp_path / "run") == whole


@pytest.mark.thorough
def test_a_killed_driver_leaves_no_workers_and_a_run_that_goes_on(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from test_local import *\n"
        "if __name__ == '__main__':\n"
        f"    ended(Path({str(tmp_path / 'run')!r}), numbers({{'9': 'wait', '10': 'wait'}}))\n"
    )
    (tmp_path / "driver.py").write_text(script)
    here = Path(__file__).parent
    paths = [str(here), str(here.parent), *sys.path]
    driver = subprocess.Popen(
        [sys.executable, str(tmp_path / "driver.py")],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
    )
    log = tmp_path / "run.log"
    until(lambda: log.exists() and {"9", "10"} <= set(log.read_text().split()), "both workers to wait")
    workers = [each for each in psutil.Process(driver.pid).children(recursive=True) if _serves(each)]
    assert len(workers) == 2
    os.kill(driver.pid, signal.SIGKILL)
    driver.wait(120)
    until(lambda: not any(each.is_running() for each in workers), "the workers to end")
    (tmp_path / "run.log-go").touch()
    assert len(ended(tmp_path / "run", numbers({"9": "wait", "10": "wait"}), resume=True)) == 12
    assert attempts(tmp_path / "run")["0"] == 1
