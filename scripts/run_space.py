"""`make space`: the app as a Space and as the image start it, looked at from outside.

A fresh environment from requirements.txt; exactly the files that `ctseg hub publish-space` sends, read-
only; another user, or root without root's rights where another user cannot reach this Python; an empty
HOME that cannot be written; no network but loopback, where this user may cut it; the variables of a
Space. All pages are opened, in a browser too where there is one, and Compare runs every method whose
weights are there. Docker cannot run everywhere: the steps of the Dockerfile are read from it and carried
out in a folder, with a virtual environment in place of the image's root.

What it takes to the first page, and the memory after one run of everything, is printed.
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
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil
from image_steps import Image, read_dockerfile, with_root
from visitor import Visitor

from ctseg.datasets.phantom import write_dicom
from ctseg.datasets.phantom.dataset import val_slice
from ctseg.hub.space_files import space_files
from ctseg.methods import CARDS, download_bytes

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("/", "/leaderboard", "/submit", "/methods")
STRANGER = 1000
"""User id under which a Space and the image run."""
SPACE = {
    "SYSTEM": "spaces",
    "SPACE_ID": "someone/ctseg",
    "OAUTH_CLIENT_ID": "the-space",
    "OAUTH_CLIENT_SECRET": "nobody-logs-in",
    "OAUTH_SCOPES": "openid profile",
    "OPENID_PROVIDER_URL": "http://127.0.0.1:9",
    "CTSEG_TRUSTED_HOPS": "1",
    "HF_HUB_OFFLINE": "1",
}
MAX_BYTES = 16 * 2**30
_START_S = 300.0


class SpaceError(Exception):
    """The app did not do as a Space has to; the message says what."""


@dataclass(frozen=True)
class Seen:
    """What was seen: seconds to the first page, by the clock and of the processor; bytes at the end."""

    first_page_s: float
    processor_s: float
    bytes: int
    methods: tuple[str, ...]


@dataclass
class Running:
    """The app that runs, under ``url``; ``root`` stands for the root of its machine."""

    process: "subprocess.Popen[bytes]"
    url: str
    root: Path
    began: float
    began_at: float
    first_page_s: float = 0.0
    processor_s: float = 0.0

    @property
    def bytes(self) -> int:
        """Memory of the app and of the processes it started."""
        process = psutil.Process(self.process.pid)
        family = [process, *process.children(recursive=True)]
        return sum(one.memory_info().rss for one in family if one.is_running())


def lay_out(root: Path, image: Image) -> Path:
    """Copy what the image copies, but only files of the Space, and return the app's folder."""
    app = root / "app"
    files = space_files("cpu-basic")
    for source, target in image.copied:
        for path in [each for each in files if each == source or each.startswith(f"{source}/")]:
            place = app / (target + path.removeprefix(source))
            place.parent.mkdir(parents=True, exist_ok=True)
            content = files[path]
            if isinstance(content, bytes):
                place.write_bytes(content)
            else:
                shutil.copyfile(content, place)
    return app


def finish(app: Path, python: Path, image: Image) -> None:
    """Carry out the image's last steps, which compile the app, and take away the right to write."""
    for step in image.runs():
        if "compileall" in step:
            subprocess.run([str(python), *shlex.split(step)[1:]], cwd=app, check=True)
    for path in [app, *app.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)


def fresh_python(root: Path, image: Image) -> Path:
    """Carry out the image's pip step in a new virtual environment and return its Python."""
    (step,) = [each for each in image.runs() if "pip install" in each]
    if "-r requirements.txt" not in step:
        raise SpaceError(f"The Dockerfile installs something else: {step}")
    python = root / "venv" / "bin" / "python"
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, str(root / "venv")], check=True)
    install = [*uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(python)]
    subprocess.run([*install, "-r", str(root / "app" / "requirements.txt")], check=True)
    return python


@contextlib.contextmanager
def started(root: Path, python: Path, image: Image, further: Mapping[str, str]) -> Iterator[Running]:
    """Run the image's command as a Space does until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(further.get("PORT") or probe.getsockname()[1])
    before, user = _other_user(python)
    places = with_root(image.environment, root)
    for name, mode in (("HOME", 0o555), ("CTSEG_STORE", 0o777), ("TMPDIR", 0o1777)):
        folder = Path(places.setdefault(name, str(root / "tmp")))
        folder.mkdir(parents=True)
        folder.chmod(mode)
    environment = {"PATH": f"{python.parent}:/usr/bin:/bin", "LANG": "C.UTF-8"} | SPACE | places
    environment |= {"PORT": str(port)} | dict(further)
    log = root / "log.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*before, str(python), *image.command[1:]],
            cwd=root / "app",
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            user=user,
            group=user,
        )
        running = Running(process, f"http://127.0.0.1:{port}", root, time.monotonic(), time.time())
        try:
            yield running
        except Exception as error:
            raise SpaceError(f"{error}\n{log.read_text(errors='replace')[-4000:]}") from error
        finally:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _other_user(python: Path) -> tuple[list[str], int | None]:
    """Return words before a command and a user id, so that it cannot write what is read-only.

    That is another user if this one may become one and that one can run this Python. Else root gives up what
    lets it pass over modes; whoever is not root passes over nothing anyway.
    """
    if os.geteuid() != 0:
        return [], None
    with contextlib.suppress(OSError):
        tried = subprocess.run(
            [str(python), "-c", "import gradio"], user=STRANGER, group=STRANGER, cwd="/", check=False, env={}
        )
        if tried.returncode == 0:
            return [], STRANGER
    return ["/usr/bin/setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"], None


def wait_for_the_first_page(running: Running) -> None:
    """Wait until the first page is answered and note the seconds since the start."""
    while running.process.poll() is None:
        if time.monotonic() - running.began > _START_S:
            raise SpaceError("The first page did not come.")
        try:
            _get(running.url + "/")
        except OSError:
            time.sleep(0.05)
            continue
        running.first_page_s = time.monotonic() - running.began
        used = psutil.Process(running.process.pid).cpu_times()
        running.processor_s = used.user + used.system
        return
    raise SpaceError("The app ended by itself.")


def look_at_pages(running: Running, image: Image) -> None:
    """Open every page and the health check's address, by the image's own command too."""
    for page in PAGES:
        if "<html" not in _get(running.url + page):
            raise SpaceError(f"{page} is no page.")
    health = json.loads(_get(f"{running.url}/health"))
    if health["status"] != "ok":
        raise SpaceError(f"/health says {health}")
    checked = {**os.environ, "PORT": running.url.rsplit(":", 1)[1]}
    command = shlex.split(image.health)
    subprocess.run([sys.executable, *command[1:]], check=True, env=checked, timeout=60)


def look_in_a_browser(running: Running, chromium: str) -> None:
    """Open every page in a browser; a fault of a script fails."""
    from playwright.sync_api import sync_playwright

    faults: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        for each in PAGES:
            page.goto(running.url + each, timeout=120_000)
            page.get_by_role("link", name="Leaderboard").first.wait_for(timeout=120_000)
        browser.close()
    if faults:
        raise SpaceError(f"Scripts failed: {faults}")


def run_methods(running: Running, methods: tuple[str, ...]) -> None:
    """Let Compare run these methods on a drawn slice, one after the other, as the page asks for it."""
    visitor = Visitor(running.url, timeout=600.0)
    try:
        slice_file = running.root / "slice.dcm"
        write_dicom(val_slice(0), slice_file)
        visitor.event("on_upload", [[visitor.upload(slice_file.read_bytes())]])
        visitor.ask("slice", index=0).raise_for_status()
        plan = visitor.ask("begin", index=0, methods=list(methods)).raise_for_status().content
        head = json.loads(plan[8 : 8 + int.from_bytes(plan[:4], "little")])
        for method in methods:
            done = visitor.ask("run", plan=head["plan"], method=method).raise_for_status().content
            if b'"done"' not in done:
                raise SpaceError(f"{method} gave no label map: {done[-300:]!r}")
    finally:
        visitor.leave()


def check_nothing_was_written(running: Running) -> None:
    """The app's folder has the files it had, and HOME none."""
    image = read_dockerfile(ROOT / "Dockerfile")
    app, home = running.root / "app", Path(with_root(image.environment, running.root)["HOME"])
    new = [path for path in app.rglob("*") if path.stat().st_mtime > running.began_at]
    if new or list(home.iterdir()):
        raise SpaceError(f"Something was written: {[*new, *home.iterdir()][:5]}")


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310 our own address
        return str(answer.read().decode())


def without_network() -> None:
    """Start this program again with loopback as its only network, where this user may ask for that."""
    unshare = shutil.which("unshare")
    if os.geteuid() != 0 or unshare is None or os.environ.get("CTSEG_SPACE_ALONE"):
        return
    if subprocess.run([unshare, "-n", "true"], check=False, capture_output=True).returncode != 0:
        return
    os.environ["CTSEG_SPACE_ALONE"] = "1"
    os.execv(unshare, [unshare, "-n", sys.executable, *sys.argv])  # noqa: S606


def raise_loopback() -> None:
    """Switch on the loopback device of a network that was just made."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh", b"lo", 1 | 64)
        fcntl.ioctl(any_socket, 0x8914, request + bytes(24))  # SIOCSIFFLAGS: up and running


def look(folder: Path, python: Path, methods: tuple[str, ...], chromium: str | None) -> Seen:
    """Lay the Space out in a folder, start it, look at it, and return what was seen.

    Parameters
    ----------
    folder : empty; other users must be able to reach it
    python : of the environment that it runs in
    methods : that Compare is to run
    chromium : path of a browser, or None
    """
    image = read_dockerfile(ROOT / "Dockerfile")
    finish(lay_out(folder, image), python, image)
    with started(folder, python, image, {}) as running:
        wait_for_the_first_page(running)
        look_at_pages(running, image)
        if chromium:
            look_in_a_browser(running, chromium)
        if methods:
            run_methods(running, methods)
        seen = Seen(running.first_page_s, running.processor_s, running.bytes, methods)
    check_nothing_was_written(running)
    if seen.bytes > MAX_BYTES:
        raise SpaceError(f"It took {seen.bytes / 2**30:.1f} GB; a Space has 16.")
    return seen


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
        image = read_dockerfile(ROOT / "Dockerfile")
        python = Path(sys.executable)
        if not options.here:
            lay_out(folder / "set-up", image)
            python = fresh_python(folder / "set-up", image)
        words = [sys.executable, __file__, "--look", str(folder / "space"), str(python)]
        subprocess.run([*_no_network(), *words], check=True)
    finally:
        remove(folder)


def _look_alone(folder: Path, python: Path) -> None:
    with contextlib.suppress(OSError):  # it is on already, or not ours to switch
        raise_loopback()
    ready = tuple(name for name, card in CARDS.items() if card.trained and download_bytes(name) is None)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    seen = look(folder, python, ready, chromium)
    told = f"First page after {seen.first_page_s:.1f} s ({seen.processor_s:.1f} s of the processor)"
    told += f"; {seen.bytes / 1e9:.2f} GB after {len(ready)} methods"
    print(f"{told}{'' if chromium else '; no browser was here'}.")


def _no_network() -> list[str]:
    """Return words that give a command loopback as its only network; none where this user may not."""
    unshare = shutil.which("unshare")
    if unshare and subprocess.run([unshare, "-n", "true"], check=False, capture_output=True).returncode == 0:
        return [unshare, "-n"]
    print("The network cannot be cut here; HF_HUB_OFFLINE stands in for that.")
    return []


def remove(folder: Path) -> None:
    """Delete a folder with read-only folders in it."""
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
