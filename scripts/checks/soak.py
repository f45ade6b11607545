"""Ten visitors, good and bad, ask the app for an hour while it is killed now and then; what is left is told.

    python scripts/checks/soak.py [--seconds 3600] [--visitors 10] [--kill-every 300] [--sessions 200]

Ends with a report in JSON, and with 1 if a patient's byte is found, an accepted entry is lost, memory or
temporary files have grown since a sixth of the time, or a good visit failed while the app was up.
A full disk needs a small file system of its own, which only root can mount; without it the report says so.
"""

import argparse
import io
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
from PIL import Image
from pydicom import dcmread
from pydicom.data import get_testdata_file
from visitor import CallFailedError, Visitor

from ctseg.leaderboard.boards import Board, board_to_json
from ctseg.leaderboard.folders import DESCRIPTIONS, ENTRIES, RESULT_FILE

NEEDLE = "NEEDLE^OF^THE^SOAK"
FILE_NAME = "Doe^Jane-of-the-soak.dcm"
BOARD, IMAGES, SHAPE = "soak", ("0.png", "1.png"), (48, 56)
DISK_MB = 256
KINDS = ("good", "equal", "broken", "abrupt", "submitting", "good", "equal", "abrupt", "good", "equal")
SAMPLE_SECONDS = 2.0


def patients_file(seed: int, side: int = 512) -> bytes:
    """Return a slice of noise over a body, with the needle as the patient's name."""
    dataset = dcmread(str(get_testdata_file("CT_small.dcm", download=False)))
    pixels = np.random.default_rng(seed).integers(900, 1100, (side, side)).astype(np.int16)
    pixels[side // 4 : side // 2, side // 4 : side // 2] += 300
    dataset.PatientName = NEEDLE
    dataset.Rows, dataset.Columns, dataset.PixelData = side, side, pixels.tobytes()
    packed = io.BytesIO()
    dataset.save_as(packed)
    return packed.getvalue()


def prepare(folder: Path) -> dict[str, str]:
    """Make an open board of two small images and return the environment that names it."""
    public, store = folder / "public", folder / "store"
    (public / "images").mkdir(parents=True)
    (public / "labels").mkdir()
    (store / DESCRIPTIONS).mkdir(parents=True)
    lines = ["image,source,patient,z,n_structures,coverage"]
    for number, image in enumerate(IMAGES):
        labels = np.zeros(SHAPE, np.uint8)
        labels[10:30, 10 + number : 30] = 1
        Image.fromarray(labels * 100 + 50).save(public / "images" / image)
        Image.fromarray(labels).save(public / "labels" / image)
        lines.append(f"{image},soak,P{number},0,1,0.1")
    (public / "index.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    board = Board(
        name=BOARD,
        title="Soak",
        kind="open",
        about="Two small images.",
        redistribution="images and labels",
        images=IMAGES,
        shape=SHAPE,
    )
    (store / DESCRIPTIONS / f"{BOARD}.json").write_text(board_to_json(board), encoding="utf-8")
    return {"CTSEG_STORE": str(store), "CTSEG_BOARD_FOLDER_SOAK": str(public), "CTSEG_FREE_MB": "16"}


class Soak:
    """The app, its visitors, and what is seen of both."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.small_disk = _mount(folder / "temp")
        self.seen: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self.seconds: list[float] = []
        self.entries: set[str] = set()
        self.samples: list[dict[str, float]] = []
        self.done = threading.Event()
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
                getattr(self, f"_{kind}")(seed, chance)
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

    def _good(self, seed: int, _chance: random.Random) -> None:
        visitor = Visitor(self.app.url)
        try:
            visitor.event("on_upload", [[visitor.upload(patients_file(seed), FILE_NAME)]])
            _ok(visitor.ask("slice", index=0))
            plan = _ok(visitor.ask("begin", index=0, methods=["watershed"])).content
            head = json.loads(plan[8 : 8 + int.from_bytes(plan[:4], "little")])
            if b'"done"' not in _ok(visitor.ask("run", plan=head["plan"], method="watershed")).content:
                raise CallFailedError("the run did not end well")
        finally:
            visitor.leave()

    _equal = _good

    def _broken(self, seed: int, chance: random.Random) -> None:
        visitor = Visitor(self.app.url)
        try:
            content = patients_file(seed)[: chance.randrange(1, 300_000)]
            output = visitor.event("on_upload", [[visitor.upload(content, FILE_NAME)]])
            if "error" in output:
                raise CallFailedError(str(output["error"]))
        finally:
            visitor.leave()

    def _abrupt(self, seed: int, _chance: random.Random) -> None:
        visitor = Visitor(self.app.url)
        try:
            visitor.event("on_upload", [[visitor.upload(patients_file(seed), FILE_NAME)]])
            plan = _ok(visitor.ask("begin", index=0, methods=["watershed", "felzenszwalb"])).content
            head = json.loads(plan[8 : 8 + int.from_bytes(plan[:4], "little")])
            asked = {"plan": head["plan"], "method": "watershed"}
            with visitor.client.stream("POST", "/compare/run", json=asked, headers=visitor.headers) as answer:
                next(answer.iter_raw())
        finally:
            visitor.leave()

    def _submitting(self, seed: int, _chance: random.Random) -> None:
        visitor = Visitor(self.app.url)
        try:
            maps = np.random.default_rng(seed).integers(0, 3, (len(IMAGES), *SHAPE)).astype(np.uint8)
            packed = io.BytesIO()
            np.savez_compressed(packed, **dict(zip(IMAGES, maps, strict=True)))
            file = visitor.upload(packed.getvalue(), "y.npz")
            entry = [file, BOARD, f"Soak {seed}", "", "", "", ["nothing"]]
            output = visitor.event("submit", entry)
            if "data" not in output:
                raise CallFailedError(str(output.get("error")))
            self.entries.add(output["data"][0]["entry"])
        finally:
            visitor.leave()
        self.done.wait(1)

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
        return [entry for entry in self.entries if not (stored / entry / RESULT_FILE).is_file()]

    def memory_of_sessions(self, number: int, side: int) -> dict[str, float]:
        """Let so many visitors upload a slice and leave; return the memory in MB before and after."""
        process = psutil.Process(self.app.process.pid)
        content = patients_file(1, side)
        self._upload_and_leave(content, 10)  # what the first ones load stays
        before = process.memory_info().rss
        self._upload_and_leave(content, number)
        after = process.memory_info().rss
        return {
            "before": before / 2**20,
            "after": after / 2**20,
            "kb a session": (after - before) / 1024 / number,
        }

    def _upload_and_leave(self, content: bytes, number: int) -> None:
        for _ in range(number):
            visitor = Visitor(self.app.url)
            visitor.event("on_upload", [[visitor.upload(content, FILE_NAME)]])
            visitor.leave()


def _ok(answer: httpx.Response) -> httpx.Response:
    if answer.status_code != 200:
        raise CallFailedError(f"{answer.status_code} {answer.text[:200]}")
    return answer


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
        "accepted_entries": len(soak.entries),
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
            {"sessions_mb": soak.memory_of_sessions(options.sessions, options.side)}
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
