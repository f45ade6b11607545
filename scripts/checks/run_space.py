"""`make space`: the app as a Space and as the image start it, looked at from outside.

A fresh environment from requirements.txt; exactly the files that `ctseg hub publish-space` sends, read-
only; another user; an empty HOME that cannot be written; no network but loopback; 16 GB; the variables and
the port of a Space. All pages are opened in a browser and Compare runs every method whose weights are there.
Then the same without embedded weights: the stand-in for the Hub has them, and label maps are the same.
Docker cannot run everywhere: the steps of the Dockerfile are read from it and carried out in a folder, with
a virtual environment in place of the image's root.

What this machine lacks for any of that is said by a line of its own (space_means.py). What it takes to the
first page, and the memory after one run of everything, is printed.
"""

import argparse
import contextlib
import fcntl
import json
import os
import shlex
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hub_account import stand_in_account
from hub_repositories import StandInAccount
from image_steps import Image, read_dockerfile, with_root
from space_app import (
    Running,
    SpaceError,
    finish,
    fresh_python,
    get_text,
    lay_out,
    remove,
    started,
    wait_for_the_first_page,
)
from space_means import MAX_BYTES, Means, free_port, means_for, no_network
from space_visits import Found, VisitError, compare_in_a_browser, compare_over_the_wire, open_pages

from ctseg.datasets.phantom import write_dicom
from ctseg.datasets.phantom.dataset import val_slice
from ctseg.methods import CARDS, download_bytes
from ctseg.ui.compare.messages import PRESELECTED
from ctseg.weights import manifest

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("/", "/leaderboard", "/submit", "/methods")
AIM_S, AIM_BYTES = 8.0, 2e9
"""What the first page and the memory after one run of everything are to take."""


@dataclass(frozen=True)
class Seen:
    """What was seen: seconds to the first page, by the clock and of the processor; bytes at the end."""

    first_page_s: float
    processor_s: float
    bytes: int
    found: Found


def look_at_pages(running: Running, image: Image) -> None:
    """Open every page and the health check's address, by the image's own command too."""
    for page in PAGES:
        if "<html" not in get_text(running.url + page):
            raise SpaceError(f"{page} is no page.")
    health = json.loads(get_text(f"{running.url}/health"))
    if health["status"] != "ok":
        raise SpaceError(f"/health says {health}")
    checked = {**os.environ, "PORT": running.url.rsplit(":", 1)[1]}
    command = shlex.split(image.health)
    subprocess.run([sys.executable, *command[1:]], check=True, env=checked, timeout=60)


def check_nothing_was_written(running: Running) -> None:
    """The app's folder has the files it had, and HOME none."""
    image = read_dockerfile(ROOT / "Dockerfile")
    app, home = running.root / "app", Path(with_root(image.environment, running.root)["HOME"])
    new = [path for path in app.rglob("*") if path.stat().st_mtime > running.began_at]
    if new or list(home.iterdir()):
        raise SpaceError(f"Something was written: {[*new, *home.iterdir()][:5]}")


def raise_loopback() -> None:
    """Switch on the loopback device of a network that was just made."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh", b"lo", 1 | 64)
        fcntl.ioctl(any_socket, 0x8914, request + bytes(24))  # SIOCSIFFLAGS: up and running


def look(
    folder: Path,
    python: Path,
    means: Means,
    methods: tuple[str, ...],
    chromium: str | None,
    further: Mapping[str, str],
) -> Seen:
    """Start the Space that was laid out in a folder, look at it, and return what was seen.

    Parameters
    ----------
    folder : as `lay_out` left it; other users must be able to reach it
    python : of the environment that it runs in
    means : what this machine can do
    methods : that Compare is to run
    chromium : path of a browser, or None
    further : variables beside those of a Space; PORT among them
    """
    image = read_dockerfile(ROOT / "Dockerfile")
    finish(folder / "app", python, image)
    slice_file = folder / "slice.dcm"
    write_dicom(val_slice(0), slice_file)
    with started(folder, python, image, means, further) as running:
        wait_for_the_first_page(running)
        look_at_pages(running, image)
        if chromium:
            open_pages(running.url, chromium, PAGES)
            found = compare_in_a_browser(running.url, chromium, slice_file, methods)
        else:
            found = compare_over_the_wire(running.url, slice_file, methods)
        seen = Seen(running.first_page_s, running.processor_s, running.bytes, found)
    check_nothing_was_written(running)
    if seen.bytes > MAX_BYTES:
        raise SpaceError(f"It took {seen.bytes / 2**30:.1f} GB; a Space has 16.")
    return seen


def publish_all(hub: StandInAccount, folder: Path) -> Path:
    """Publish all weights of ours to the stand-in; return the folder whose manifest knows their commits."""
    weights = folder / "weights"
    shutil.copytree(ROOT / "weights", weights)
    client = hub.environment(folder / "hub-home") | {"CTSEG_WEIGHTS_FOLDER": str(weights)}
    words = [sys.executable, "-m", "ctseg", "hub", "publish-weights", "--owner", "someone"]
    subprocess.run(words, check=True, env=client, cwd=ROOT, stdout=subprocess.DEVNULL)
    return weights


def fetched() -> tuple[str, ...]:
    """Names of the methods that are chosen at first and whose weights the owner of a Space publishes.

    That all of them are the same from the Hub is tested by tests/hub/test_app_from_the_hub.py.
    """
    ours = {entry.file for entry in manifest().values() if not entry.outside}
    chosen = ((name, set(CARDS[name].weights)) for name in PRESELECTED)
    return tuple(name for name, files in chosen if files and files <= ours)


def look_with_the_hub(folder: Path, python: Path, means: Means, embedded: Found, port: int) -> Seen:
    """Start the Space without embedded weights beside a stand-in for the Hub that has them, and look at it.

    Its label maps must be those of the embedded weights, and it must have asked the stand-in for them.
    """
    image = read_dockerfile(ROOT / "Dockerfile")
    lay_out(folder, image)
    with stand_in_account() as hub:
        published = publish_all(hub, folder)
        for path in (folder / "app" / "weights").iterdir():
            path.unlink()
        shutil.copy(published / "manifest.toml", folder / "app" / "weights")
        hub.seen.clear()
        of_the_hub = hub.environment(folder / "home") | {"CTSEG_WEIGHTS": "hub", "HF_HUB_OFFLINE": "0"}
        wanted = {name: of_the_hub[name] for name in _OF_THE_HUB}
        seen = look(folder, python, means, fetched(), None, wanted | {"PORT": str(port)})
        if "large" not in hub.seen:
            raise SpaceError("The weights did not come from the stand-in for the Hub.")
    differing = [name for name, digest in seen.found.items() if embedded.get(name, digest) != digest]
    if differing:
        raise SpaceError(f"Label maps with weights of the Hub differ from the embedded ones: {differing}")
    return seen


_OF_THE_HUB = ("HF_ENDPOINT", "HF_HUB_DISABLE_XET", "HF_HUB_DISABLE_TELEMETRY", "NO_PROXY", "no_proxy")
_OF_THE_HUB += ("CTSEG_WEIGHTS", "HF_HUB_OFFLINE")


def main() -> None:
    """Set the Space up, then look at it in a process that has no network."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--here", action="store_true", help="take this environment in place of a fresh one")
    parser.add_argument("--look", nargs=2, type=Path, metavar=("FOLDER", "PYTHON"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.look:
        _look_alone(*options.look)
        return
    folder = Path(tempfile.mkdtemp(prefix="ctseg-space-"))
    try:
        folder.chmod(0o755)
        python = Path(sys.executable)
        if options.here:
            print("Environment: NOT a fresh one, but this checkout's, as --here asks.", flush=True)
        else:
            image = read_dockerfile(ROOT / "Dockerfile")
            lay_out(folder / "set-up", image)
            python = fresh_python(folder / "set-up", image)
            print("Environment: fresh, from requirements.txt.", flush=True)
        words = [sys.executable, __file__, "--look", str(folder), str(python)]
        done = subprocess.run([*no_network(), *words], check=False)
    finally:
        remove(folder)
    sys.exit(done.returncode)


def _look_alone(folder: Path, python: Path) -> None:
    with contextlib.suppress(OSError):  # it is on already, or not ours to switch
        raise_loopback()
    ready = tuple(name for name, card in CARDS.items() if card.trained and download_bytes(name) is None)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    port, on_port = free_port()
    with means_for(python) as means:
        in_words = "pages and Compare in Chromium." if chromium else "NONE here; pages and Compare over HTTP."
        print(*means.said, on_port, f"Browser: {in_words}", sep="\n", flush=True)
        try:
            lay_out(folder / "embedded", read_dockerfile(ROOT / "Dockerfile"))
            seen = look(folder / "embedded", python, means, ready, chromium, {"PORT": str(port)})
            print(_told("Embedded weights", seen), flush=True)
            again = look_with_the_hub(folder / "hub", python, means, seen.found, port)
            print(_told("Weights of the Hub's stand-in, the same label maps", again), flush=True)
        except (SpaceError, VisitError) as error:
            sys.exit(str(error))


def _told(what: str, seen: Seen) -> str:
    took = f"first page after {seen.first_page_s:.1f} s, {seen.processor_s:.1f} s of the processor"
    held = f"{seen.bytes / 1e9:.2f} GB after {len(seen.found)} methods"
    return f"{what}: {took} (aim {AIM_S:g}); {held} (aim {AIM_BYTES / 1e9:g})."


if __name__ == "__main__":
    main()
