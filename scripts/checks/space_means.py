"""How far this machine lets the app be treated as a Space treats it; what it has not is said by a line."""

import contextlib
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

STRANGER = 1000
"""User id under which a Space and the image run."""
PORT = 7860
MAX_BYTES = 16 * 2**30
_CGROUPS = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Means:
    """What stands before the app's command, who it runs as, and one line on each.

    Attributes
    ----------
    before : words before a command
    user : id that it runs under, None for this one
    group : folder of a group of processes whose memory the system bounds, or None
    said : one line for each of network, user and memory
    """

    before: tuple[str, ...]
    user: int | None
    group: Path | None
    said: tuple[str, ...]

    def bind(self, process: int) -> None:
        """Put a process, by its number, under the bound; those it starts come under it too."""
        if self.group is not None:
            (self.group / "cgroup.procs").write_text(str(process))


def no_network() -> tuple[str, ...]:
    """Return words that give a command loopback as its only network; none where this user may not."""
    unshare = shutil.which("unshare")
    for words in ("-n", "-rn"):
        if unshare and _runs([unshare, words, "true"]):
            return (unshare, words)
    return ()


def has_network() -> bool:
    """Whether there is a way to anywhere but this machine; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        try:
            asked.connect(("192.0.2.1", 9))  # an address for documentation, RFC 5737
        except OSError:
            return False
    return True


@contextlib.contextmanager
def means_for(python: Path) -> Iterator[Means]:
    """Look what is there for an app that this Python runs; what was made for it goes at the end."""
    before, user, words = _stranger(python)
    group = _bounded_group()
    network = "Network: loopback only."
    if has_network():
        network = "Network: NOT cut, as unshare is missing or refused; HF_HUB_OFFLINE stands in for that."
    held = "held at 16 GB by a control group." if group else "NOT held here, but measured against 16 GB."
    try:
        yield Means(before, user, group, (network, f"User: {words}", f"Memory: {held}"))
    finally:
        if group:
            with contextlib.suppress(OSError):
                group.rmdir()


def free_port() -> tuple[int, str]:
    """Return the port of a Space, or another where that is taken, and a line on it."""
    for port in (PORT, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found = int(probe.getsockname()[1])
            return (
                found,
                f"Port: {found}." if port else f"Port: NOT {PORT}, which is taken here, but {found}.",
            )
    raise OSError("There is no free port.")


def _stranger(python: Path) -> tuple[tuple[str, ...], int | None, str]:
    """Another user if this one may become one who can run this Python; else root without its rights."""
    if os.geteuid() != 0:
        return (), None, f"NOT another one, as only root may choose; {os.geteuid()}, who passes over no mode."
    with contextlib.suppress(OSError):
        tried = subprocess.run(
            [str(python), "-c", "import gradio"],
            user=STRANGER,
            group=STRANGER,
            extra_groups=[],
            cwd="/",
            check=False,
            env={},
            capture_output=True,
        )
        if tried.returncode == 0:
            return (), STRANGER, f"{STRANGER}."
    given_up = (shutil.which("setpriv") or "", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs")
    if given_up[0] and _runs([*given_up, "true"]):
        return given_up, None, f"NOT {STRANGER}, who cannot run {python} here; root without root's rights."
    return (
        (),
        None,
        "NOT another one, nor without root's rights, as setpriv is missing or refused: modes do not bind.",
    )


def _bounded_group() -> Path | None:
    """Make a control group of 16 GB, where this machine lets us."""
    group = _CGROUPS / f"ctseg-space-{os.getpid()}"
    try:
        group.mkdir()
    except OSError:
        return None
    try:
        # Without the controller there is no such file, and none is made.
        with (group / "memory.max").open("r+") as bound:
            bound.write(str(MAX_BYTES))
    except OSError:
        group.rmdir()
        return None
    return group


def _runs(words: list[str]) -> bool:
    try:
        return subprocess.run(words, check=False, capture_output=True).returncode == 0
    except OSError:
        return False
