"""The app as a Space and as the image have it: laid out in a folder, made read-only, and run there."""

import contextlib
import shlex
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil
from image_steps import Image, with_root
from space_means import Means

from ctseg.hub.space_files import space_files

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
_START_S = 300.0


class SpaceError(Exception):
    """The app did not do as a Space has to; the message says what."""


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
def started(
    root: Path, python: Path, image: Image, means: Means, further: Mapping[str, str]
) -> Iterator[Running]:
    """Run the image's command as a Space does until the block ends.

    Parameters
    ----------
    root : where the app was laid out; its log and its places of Dockerfile's variables come here
    python : of the environment
    image, means : what the Dockerfile says, and what this machine can do of it
    further : variables beside those of a Space, such as PORT
    """
    places = with_root(image.environment, root)
    for name, mode in (("HOME", 0o555), ("CTSEG_STORE", 0o777), ("TMPDIR", 0o1777)):
        folder = Path(places.setdefault(name, str(root / "tmp")))
        folder.mkdir(parents=True)
        folder.chmod(mode)
    environment = {"PATH": f"{python.parent}:/usr/bin:/bin", "LANG": "C.UTF-8"} | SPACE | places | further
    log = root / "log.txt"
    began, began_at = time.monotonic(), time.time()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*means.before, str(python), *image.command[1:]],
            cwd=root / "app",
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            user=means.user,
            group=means.user,
            extra_groups=None if means.user is None else [],
        )
        means.bind(process.pid)
        try:
            yield Running(process, f"http://127.0.0.1:{environment['PORT']}", root, began, began_at)
        except Exception as error:
            raise SpaceError(f"{error}\n{log.read_text(errors='replace')[-4000:]}") from error
        finally:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_for_the_first_page(running: Running) -> None:
    """Wait until the first page is answered and note the seconds since the start."""
    while running.process.poll() is None:
        if time.monotonic() - running.began > _START_S:
            raise SpaceError("The first page did not come.")
        try:
            get_text(running.url + "/")
        except OSError:
            time.sleep(0.05)
            continue
        running.first_page_s = time.monotonic() - running.began
        used = psutil.Process(running.process.pid).cpu_times()
        running.processor_s = used.user + used.system
        return
    raise SpaceError("The app ended by itself.")


def get_text(url: str) -> str:
    """Return what the app answers with under an address."""
    with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310 our own address
        return str(answer.read().decode())


def remove(folder: Path) -> None:
    """Delete a folder with read-only folders in it."""
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
    shutil.rmtree(folder)
