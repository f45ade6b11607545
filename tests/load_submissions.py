"""Many users submit to one app at once, as on a Space; the figures go to docs/submissions-load.md.

Everything runs on this machine's loopback: the app, a stand-in for the Hub's login, and a stand-in for the
private dataset that answers a share of the commits with faults.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import psutil

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "ui"), str(ROOT / "scripts" / "checks")]
import small_boards  # noqa: E402 the path is set above
from gradio_client import Client, handle_file  # noqa: E402
from space import Space, a_space  # noqa: E402

from ctseg.datasets import open_split  # noqa: E402
from ctseg.sandbox.folders import LOCK  # noqa: E402

MAX_MEGABYTES = 2048
PHANTOM = "phantom-val"
_FAULTS = ("cut after", 503, "cut before", 412)
_EVERY = 5
"""Every so many commits one goes wrong."""


class Memory(threading.Thread):
    """Watches the largest memory that the app and its processes hold together, in bytes.

    What they share is counted for each, so it is rather more than less.
    """

    def __init__(self, process: int) -> None:
        super().__init__(daemon=True)
        self._process = psutil.Process(process)
        self._done = threading.Event()
        self.largest = 0

    def run(self) -> None:
        """Look twice a second."""
        while not self._done.wait(0.5):
            self.largest = max(self.largest, sum(map(_resident, self._all())))

    def stop(self) -> int:
        """End, and return the largest."""
        self._done.set()
        self.join()
        return self.largest

    def _all(self) -> list[psutil.Process]:
        return [self._process, *self._process.children(recursive=True)]


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:  # it has ended
        return 0


def phantom_guess(number: int) -> dict[str, Any]:
    """Return label maps of the practice board, (512, 512) each, a little wrong in another way every time."""
    split = open_split(PHANTOM)
    made = {}
    for index, image in enumerate(split.images):
        true = split.label_map(index)
        assert true is not None
        made[image] = np.roll(true, (number % 10, number // 10), (0, 1)).astype(np.uint16)
    return made


def submit_all(space: Space, board: str, users: int, each: int, folder: Path) -> list[dict[str, Any]]:
    """Let every user submit so many files, one after the other, all users at once; return the answers."""
    guess: Callable[[int], dict[str, Any]] = phantom_guess if board == PHANTOM else small_boards.guess
    formats = list(small_boards.FORMATS)[2:] if board == PHANTOM else list(small_boards.FORMATS)
    files = [
        small_boards.write(folder / str(number), formats[number % len(formats)], guess(number))
        for number in range(users * each)
    ]

    def one_user(user: int) -> list[dict[str, Any]]:
        client = space.client(f"user{user}")
        answers = []
        for number in range(user * each, (user + 1) * each):
            start = time.monotonic()
            report = client.predict(
                handle_file(files[number]), board, f"Entry {number}", "", "", "", [], api_name="/submit"
            )
            answers.append(report | {"seconds": time.monotonic() - start, "number": number})
        return answers

    with ThreadPoolExecutor(users) as pool:
        return [answer for answers in pool.map(one_user, range(users)) for answer in answers]


def check(space: Space, answers: list[dict[str, Any]], board: str, users: int, each: int) -> None:
    """None is lost, none is doubled: in the answers, on the board, on the disk and on the Hub."""
    wanted = users * each
    entries = {answer["entry"] for answer in answers}
    assert len(answers) == len(entries) == wanted
    assert all(answer["accepted"] for answer in answers)
    rows = Client(space.app.url, verbose=False, httpx_kwargs=small_boards.PATIENT).predict(
        board, api_name="/board"
    )
    assert len(rows) == wanted
    saved = [path.split("/")[1] for path in space.dataset.files if path.endswith("result.json")]
    assert sorted(saved) == sorted(entries)
    assert len(space.dataset.commits) == wanted + 1
    store = space.app.log.parent / "store" / "entries"
    assert {path.name for path in store.iterdir()} == entries
    by_user: dict[str, int] = {}
    for path in store.glob("*/result.json"):
        user = json.loads(path.read_text(encoding="utf-8"))["user"]
        by_user[user] = by_user.get(user, 0) + 1
    assert sorted(by_user.values()) == [each] * users


def run(board: str, users: int, each: int) -> dict[str, Any]:
    """Run the whole, and return its figures."""
    with tempfile.TemporaryDirectory(prefix="ctseg-load-") as place:
        folder = Path(place)
        (folder / "space").mkdir()
        with a_space(folder / "space") as space:
            space.dataset.faults["commit"] = _faults(users * each)
            memory = Memory(space.app.process.pid)
            memory.start()
            start = time.monotonic()
            answers = submit_all(space, board, users, each, folder / "files")
            seconds = time.monotonic() - start
            largest = memory.stop()
            check(space, answers, board, users, each)
            files = (space.app.temp / "gradio").rglob("*")
            left = [path for path in files if path.is_file() and path.name != LOCK]
            assert sum(path.stat().st_size for path in left) == 0, left
            faults = users * each // _EVERY
        assert largest < MAX_MEGABYTES << 20, f"{largest >> 20} MB"
    waits = sorted(answer["seconds"] for answer in answers)
    return {
        "board": board,
        "submissions": len(answers),
        "users": users,
        "seconds": seconds,
        "median": waits[len(waits) // 2],
        "longest": waits[-1],
        "megabytes": largest >> 20,
        "faults": faults,
    }


def _faults(commits: int) -> list[int | str]:
    return [
        _FAULTS[number // _EVERY % len(_FAULTS)] if number % _EVERY == _EVERY - 1 else "none"
        for number in range(commits)
    ]


def page(figures: dict[str, Any]) -> str:
    """Return the figures as a page of documentation."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    images = "60 images of 512x512" if figures["board"] == PHANTOM else "3 images of 48x56"
    return (
        "# Many submissions at once\n\n"
        f"`python tests/load_submissions.py --board {figures['board']}`, {datetime.now(UTC):%Y-%m-%d}, "
        f"{platform.machine()}, {os.cpu_count()} cores shared with other work (load {load} at the end): "
        "one app as on a Space, with a login and a private dataset that are stand-ins on the loopback.\n\n"
        "| | |\n|---|---|\n"
        f"| submissions | {figures['submissions']}, by {figures['users']} users at once, {images} each |\n"
        "| lost, doubled | 0, 0 (answers, board, disk and dataset agree) |\n"
        f"| commits that went wrong and were made again or found to be made | {figures['faults']} |\n"
        f"| in all, making the files included | {figures['seconds']:.0f} s, "
        f"{figures['seconds'] / figures['submissions']:.1f} s each |\n"
        f"| a user waited, queue included | median {figures['median']:.0f} s, longest "
        f"{figures['longest']:.0f} s |\n"
        f"| largest memory, app and its processes | {figures['megabytes']} MB |\n"
        "| left of the uploads | nothing |\n"
    )


def main() -> None:
    """Read the arguments, run, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--board", choices=[PHANTOM, small_boards.OPEN], default=PHANTOM)
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--each", type=int, default=5, help="submissions of a user; 5 a day are allowed")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "submissions-load.md")
    chosen = parser.parse_args()
    figures = run(chosen.board, chosen.users, chosen.each)
    print(json.dumps(figures, indent=1))
    chosen.out.write_text(page(figures), encoding="utf-8")


if __name__ == "__main__":
    main()
