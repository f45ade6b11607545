"""Starts the app as a process of its own on a free port, with temporary files of its own; for tests too."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

CHROMIUM_ARGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class AppServer:
    """The app under ``url``; all its temporary files lie under ``temp``, what it says in ``log``.

    ``packages`` is a folder of further packages for it, such as one with methods for the tests.
    """

    def __init__(self, folder: Path, packages: Path | None = None) -> None:
        self.temp = folder / "temp"
        self.temp.mkdir(exist_ok=True)
        self.log = folder / "log.txt"
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        environment = os.environ | {
            "TMPDIR": str(self.temp),
            "GRADIO_TEMP_DIR": str(self.temp / "gradio"),
            "HF_HUB_OFFLINE": os.environ.get("HF_HUB_OFFLINE", "1"),
        }
        if packages is not None:
            environment["PYTHONPATH"] = os.pathsep.join(
                filter(None, (str(packages), os.environ.get("PYTHONPATH")))
            )
        self._output = self.log.open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ctseg", "serve", "--port", str(port)],
            env=environment,
            stdout=self._output,
            stderr=subprocess.STDOUT,
        )
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise

    def _wait(self) -> None:
        for _ in range(3000):
            assert self.process.poll() is None, self.log.read_text()
            try:
                with urllib.request.urlopen(self.url, timeout=60):  # noqa: S310 - our own address
                    return
            except OSError:
                time.sleep(0.1)
        raise AssertionError("the app did not answer: " + self.log.read_text())

    def stop(self) -> None:
        """End the app as an interrupt from the keyboard does."""
        self.process.terminate()
        try:
            self.process.wait(120)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._output.close()
