"""Ten visitors, good and bad, ask the app for an hour while it is killed now and then; what is left is told.

    python scripts/checks/soak.py [--seconds 3600] [--visitors 10] [--kill-every 300] [--sessions 200]

Ends with a report in JSON, and with 1 if a patient's byte is found, an accepted entry is lost, memory or
temporary files have grown since a sixth of the time, or a good visit failed while the app was up.
A full disk needs a small file system of its own, which only root can mount; without it the report says so.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
from app_server import AppServer
from soak_visitors import FILE_NAME, KINDS, NEEDLE, Visits, memory_of_sessions, patients_file, prepare
from visitor import CallFailedError

from ctseg.leaderboard.folders import ENTRIES, RESULT_FILE

DISK_MB = 256
SAMPLE_SECONDS = 2.0


class Soak:
    """The app, its visitors, and what is seen of both."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.small_disk = _mount(folder / "temp")
        self.seen: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self.seconds: list[float] = []
        self.samples: list[dict[str, float]] = []
        self.done = threading.Event()
        self.visits = Visits(self.done)
        self.up = threading.Event()
        self.full = threading.Event()
        self.app = AppServer(folder)
        self.began = time.monotonic()
        self.up.set()

    def visit(self, number: int) -> None:
        """Be one visitor after another of one kind until the end."""
        kind, chance = KINDS[number % len(KINDS)], random.Random(number)  # noqa: S311 no secret
        visits = 0
        while not self.done.is_set():
            self.up.wait(1)
            began, app, visits = time.monotonic(), self.app, visits + 1
            seed = 7 if kind == "equal" else number * 100_000 + visits
            try:
                self.visits.make(kind, app.url, seed, chance)
                self.seen[kind] += 1
                self.seconds.append(time.monotonic() - began)
            except (httpx.HTTPError, OSError, CallFailedError, KeyError, ValueError) as error:
                # What happens while the app is down says nothing of it.
                down = not self.up.is_set() or self.app is not app or self.done.is_set()
                told = f"{kind}: {type(error).__name__} {error}"[:160]
                if down or self.full.is_set():
                    told = "while down" if down else "while the disk was full"
                self.failures[told] += 1
                self.done.wait(0.2)

    def sample(self) -> None:
        """Note memory and temporary files until the end."""
        while not self.done.wait(SAMPLE_SECONDS):
            with suppress(psutil.Error):
                process = psutil.Process(self.app.process.pid)
                family = [process, *process.children(recursive=True)]
                files = [path for path in self.temp_files() if path.name != ".lock"]
                self.samples.append(
                    {
                        "at": time.monotonic() - self.began,
                        "mb": sum(each.memory_info().rss for each in family) / 2**20,
                        "files": len(files),
                    }
                )

    def temp_files(self) -> list[Path]:
        """Return all temporary files that are there now."""
        return _files_in(self.folder / "temp")

    def kill(self) -> int:
        """Kill the app as a power cut does, start it again, and return how many of its files were left."""
        self.up.clear()
        before = self.temp_files()
        self.app.process.kill()
        self.app.process.wait()
        self.app = AppServer(self.folder)
        left = sum(path.exists() for path in before)
        self.up.set()
        return left

    def fill_disk(self, seconds: float) -> str:
        """Fill the disk of temporary files for a while and return what an upload was told."""
        if not self.small_disk:
            return "left out: no small file system could be mounted"
        self.full.set()
        filler = self.folder / "temp" / "filler"
        with filler.open("wb") as file, suppress(OSError):
            while True:
                file.write(bytes(1 << 20))
                file.flush()
        answer = httpx.post(
            f"{self.app.url}/gradio_api/upload",
            files=[("files", ("x", bytes(1000)))],
            timeout=60,
            trust_env=False,
        )
        self.done.wait(seconds)
        filler.unlink()
        self.done.wait(SAMPLE_SECONDS)  # who was refused just now says so first
        self.full.clear()
        return f"{answer.status_code} {answer.text}"

    def found_needles(self) -> list[str]:
        """Return where a patient's name, file name or pixels stand: on the disk, in the log, on a route."""
        pixels = patients_file(7)[-4096:-3072]
        needles = (NEEDLE.encode(), FILE_NAME.encode(), pixels)
        found = []
        for path in _files_in(self.folder):
            with suppress(FileNotFoundError):
                if any(needle in path.read_bytes() for needle in needles):
                    found.append(str(path))
        for address in ("/", "/leaderboard", "/submit", "/config", "/health", "/gradio_api/info"):
            body = httpx.get(self.app.url + address, timeout=60, trust_env=False).content
            found += [address] * any(needle in body for needle in needles)
        return found

    def lost_entries(self) -> list[str]:
        """Return entries that were accepted and are not stored."""
        stored = self.folder / "store" / ENTRIES
        return [entry for entry in self.visits.entries if not (stored / entry / RESULT_FILE).is_file()]


def _files_in(folder: Path) -> list[Path]:
    """Return all files below a folder; one that vanishes meanwhile is no fault."""
    return [Path(place, name) for place, _, names in os.walk(folder) for name in names]


def _mount(place: Path) -> bool:
    place.mkdir()
    mount = shutil.which("mount")
    if sys.platform != "linux" or os.geteuid() != 0 or mount is None:
        return False
    asked = [mount, "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(place)]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


def run(soak: Soak, seconds: float, visitors: int, kill_every: float) -> dict[str, Any]:
    """Let visitors come and go for so long and return what was seen."""
    threads = [threading.Thread(target=soak.visit, args=(number,), daemon=True) for number in range(visitors)]
    threads.append(threading.Thread(target=soak.sample, daemon=True))
    for thread in threads:
        thread.start()
    end, left_by_killed, full_disk = soak.began + seconds, [], ""
    next_kill = soak.began + kill_every
    while time.monotonic() < end:
        time.sleep(min(1.0, max(0.0, end - time.monotonic())))
        if time.monotonic() >= next_kill:
            left_by_killed.append(soak.kill())
            next_kill = time.monotonic() + kill_every
        if not full_disk and time.monotonic() > soak.began + 0.6 * seconds:
            full_disk = soak.fill_disk(min(10.0, seconds / 20))
    soak.done.set()
    for thread in threads:
        thread.join(120)
    return {
        "seconds": seconds,
        "visits": dict(soak.seen),
        "failures": dict(soak.failures),
        "median_visit_s": round(float(np.median(soak.seconds)), 1) if soak.seconds else None,
        "kills": len(left_by_killed),
        "files_left_by_killed": sum(left_by_killed),
        "full_disk": full_disk,
        **_levels(soak.samples, seconds),
        "accepted_entries": len(soak.visits.entries),
        "lost_entries": soak.lost_entries(),
        "needles": soak.found_needles(),
    }


def _levels(samples: list[dict[str, float]], seconds: float) -> dict[str, float]:
    """Return the peak, and medians at a sixth of the time (the tenth minute of an hour) and at the end."""
    if not samples:
        return {}
    early = [each for each in samples if 0.12 * seconds < each["at"] < 0.22 * seconds] or samples[:1]
    late = [each for each in samples if each["at"] > 0.9 * seconds] or samples[-1:]
    levels = {"peak_mb": max(each["mb"] for each in samples)}
    for name, some in (("early", early), ("late", late)):
        levels[f"{name}_mb"] = float(np.median([each["mb"] for each in some]))
        levels[f"{name}_files"] = float(np.median([each["files"] for each in some]))
    return {name: round(value, 1) for name, value in levels.items()}


def main() -> int:
    """Soak the app and print the report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--visitors", type=int, default=10)
    parser.add_argument("--kill-every", type=float, default=300)
    parser.add_argument("--sessions", type=int, default=200, help="sessions of the scan of memory")
    parser.add_argument("--side", type=int, default=512, help="of the slice that each of them uploads")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="ctseg-soak-"))
    os.environ.update(prepare(folder))
    soak = Soak(folder)
    try:
        report = (
            {"sessions_mb": memory_of_sessions(soak.app, options.sessions, options.side)}
            if options.sessions
            else {}
        )
        soak.began = time.monotonic()
        report |= run(soak, options.seconds, options.visitors, options.kill_every)
    finally:
        soak.app.stop()
        left = [str(path) for path in soak.temp_files()]
        if soak.small_disk:
            subprocess.run(["umount", str(folder / "temp")], check=False)  # noqa: S607 it was mounted here
        shutil.rmtree(folder, ignore_errors=True)
    report["left_at_the_end"] = left
    print(json.dumps(report, indent=2))
    bad = report["needles"] or report["lost_entries"] or report["files_left_by_killed"] or left
    failed = [each for each in report["failures"] if not each.startswith(("while ", "broken"))]
    return 1 if bad or failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
