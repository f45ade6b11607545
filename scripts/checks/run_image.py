"""The Dockerfile's steps in a clean root, where Docker cannot run: what `docker build` and `docker run` do.

    sudo .venv/bin/python scripts/checks/run_image.py FOLDER

makes a root by debootstrap: the Debian that the base image is made from, with Debian's own Python of the same
line in place of the image's. ENV, WORKDIR, COPY, RUN and USER are carried out in it by chroot, then it is
read-only but for /tmp and /data, CMD is started as the image's user without root's rights, HEALTHCHECK's
command has to say that it serves, and what that user could write is looked for.

It needs root, debootstrap, 8 GB of disk, a Debian mirror and a package index. PIP_* and the variables of
proxies are passed on to RUN; ``--bind`` lends it further folders, such as one of certificates.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from image_steps import Image, read_dockerfile

TOP = Path(__file__).resolve().parents[2]
PATH = "/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin"
WRITABLE = ("/tmp", "/data")  # noqa: S108 in the image, as `docker run` in the Dockerfile's head says
PORT = 7860
_START_S = 300
_OF_THE_MACHINE = ("/proc", "/dev", "/sys")
_PASSED_ON = re.compile(r"(?i)pip_.*|https?_proxy|no_proxy|ssl_cert_file|requests_ca_bundle")


class Root:
    """A folder that is the root of a machine.

    Parameters
    ----------
    folder : of the root
    image : what the Dockerfile says
    """

    def __init__(self, folder: Path, image: Image) -> None:
        self.folder = folder
        self.image = image
        self.environment: dict[str, str] = {"PATH": PATH}
        self.place = "/"

    def make(self) -> None:
        """Make a Debian with a Python under /usr/local, where the base image has its own."""
        release = self.image.base.rsplit("-", 1)[1]
        wanted = "--include=ca-certificates,python3,python3-venv"
        _host("debootstrap", "--variant=minbase", wanted, release, str(self.folder))
        self.run(["python3", "-m", "venv", "/usr/local"])

    def build(self, lent: Mapping[str, str]) -> None:
        """Carry out the steps up to CMD; RUN has some variables more."""
        copied = False
        for word, rest in self.image.steps:
            if word == "ENV":
                known = self.image.environment
                named = re.findall(r"(\w+)=", rest)
                self.environment |= {name: known[name] for name in named if name in known}
            elif word == "WORKDIR":
                self.place = rest
                (self.folder / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)
            elif word == "COPY" and not copied:
                self.copy()
                copied = True
            elif word == "RUN":
                print("RUN", rest, flush=True)
                self.run(["sh", "-c", rest], lent)
        self.environment.setdefault("HOME", "/root")

    def copy(self) -> None:
        """Carry out all of COPY at once; git says which files are the clone's."""
        tracked = [name for name in _host("git", "-C", str(TOP), "ls-files", "-z").split("\0") if name]
        for source, target in self.image.copied:
            for name in (each for each in tracked if each == source or each.startswith(f"{source}/")):
                place = self.folder / "app" / (target + name.removeprefix(source))
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(TOP / name, place)

    def words(self, command: Sequence[str], before: Sequence[str] = ()) -> list[str]:
        """Return the words that run a command within the root, at the place and with the variables of now."""
        inside = ["env", "-i", *(f"{name}={value}" for name, value in self.environment.items())]
        within = ["sh", "-c", f'cd {self.place}; exec "$@"', "-"]
        return ["chroot", str(self.folder), *before, *inside, *within, *command]

    def run(self, command: Sequence[str], lent: Mapping[str, str] | None = None) -> None:
        """Run a command within the root; variables that are lent do not stay."""
        words = self.words(["env", *(f"{name}={value}" for name, value in (lent or {}).items()), *command])
        subprocess.run(words, check=True)


def main() -> None:
    """Build the root, run the app in it, and say what was seen."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="new folder for the root; it stays afterwards")
    parser.add_argument(
        "--bind", action="append", default=[], metavar="FOLDER", help="lent to RUN, read-only"
    )
    options = parser.parse_args()
    if "CTSEG_IMAGE_ALONE" not in os.environ:  # mounts of its own, which end with it
        os.environ["CTSEG_IMAGE_ALONE"] = "1"
        os.execvp("unshare", ["unshare", "-m", sys.executable, *sys.argv])  # noqa: S606, S607 the same again
    options.folder.mkdir()
    root = Root(options.folder.resolve(), read_dockerfile(TOP / "Dockerfile"))
    root.make()
    bound = [Path(each) for each in options.bind]
    for each in _OF_THE_MACHINE:
        _mount(root, Path(each))
    for each in bound:
        _mount(root, each)
    shutil.copyfile("/etc/resolv.conf", root.folder / "etc/resolv.conf")
    # What runs a container writes this too.
    (root.folder / "etc/hosts").write_text("127.0.0.1 localhost\n", encoding="ascii")
    root.build({name: value for name, value in os.environ.items() if _PASSED_ON.fullmatch(name)})
    for each in bound:
        _host("umount", str(root.folder / str(each).lstrip("/")))
    _look(root)


def _host(*words: str) -> str:
    """Run a command of this machine and return what it says."""
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout


def _mount(root: Root, folder: Path) -> None:
    target = root.folder / str(folder).lstrip("/")
    target.mkdir(parents=True, exist_ok=True)
    _host("mount", "--bind", str(folder), str(target))


def _look(root: Root) -> None:
    """Start the app as `docker run --read-only --cap-drop ALL` does, and look at it."""
    folder = str(root.folder)
    _host("mount", "--bind", folder, folder)
    for each in WRITABLE:
        _host("mount", "--bind", f"{folder}{each}", f"{folder}{each}")
    _host("mount", "-o", "remount,ro,bind", folder)
    for each in _OF_THE_MACHINE:
        _mount(root, Path(each))
    user = ["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", "--bounding-set=-all"]
    user += ["--inh-caps=-all", "--no-new-privs"]
    began = time.monotonic()
    process = subprocess.Popen(root.words(root.image.command, user))
    try:
        check = root.words(["sh", "-c", root.image.health], user)
        while subprocess.run(check, check=False, capture_output=True).returncode:
            if process.poll() is not None or time.monotonic() - began > _START_S:
                sys.exit("The app did not become healthy.")
            time.sleep(0.2)
        print(f"Healthy after {time.monotonic() - began:.1f} s.")
        left_out = " -o ".join(f"-path {each}" for each in (*WRITABLE, *_OF_THE_MACHINE))
        find = f"find / \\( {left_out} \\) -prune -o -writable -not -type l -print 2>/dev/null"
        found = subprocess.run(
            root.words(["sh", "-c", find], user), check=False, capture_output=True, text=True
        )
        if found.stdout.strip():
            sys.exit(f"The app's user may write: {found.stdout.split()[:5]}")
        print("Nothing of the root is writable for its user.")
    finally:
        process.terminate()
        process.wait(60)


if __name__ == "__main__":
    main()
