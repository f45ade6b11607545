"""Processes of decoders: one started ahead, so that a visitor does not wait for Python's imports."""

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ctseg.errors import UserError

# What a Python process needs to start; keys and tokens of the server are not among it.
_PASSED_ON = (
    "PATH",
    "PYTHONPATH",
    "PYTHONHOME",
    "VIRTUAL_ENV",
    "LD_LIBRARY_PATH",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
    "TEMP",
    "TMP",
    "SYSTEMROOT",  # without it Python does not start on Windows
)
_PASSED_ON_FOR_COVERAGE = ("COVERAGE_", "COV_CORE_")


class ProcessError(UserError):
    """No process for a decoder could be started; the message is one sentence."""


def warm_up(modules: Sequence[str]) -> None:
    """Start one decoder process ahead, and from now on another after each that was used; for servers.

    Parameters
    ----------
    modules : what it imports while it waits
    """
    spare.modules = modules
    spare.keep = True
    spare.replenish()


def shut_down() -> None:
    """End the process that was started ahead, and start no more."""
    spare.keep = False
    spare.drop()


class Spare:
    """At most one process that has its imports done and waits for a request."""

    def __init__(self) -> None:
        self.keep = False
        self.modules: Sequence[str] = ()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def take(self) -> subprocess.Popen[bytes]:
        """The spare if there is one, else a new process; the caller ends it."""
        with self._lock:
            process, self._process = self._process, None
        if process is not None and process.poll() is None:
            return process
        if process is not None:
            end(process)
        return _start(())

    def replenish(self) -> None:
        """Start a spare where one is wanted and missing."""
        # A spare is only a convenience: whoever needs a process is told if none can be started.
        with self._lock, suppress(ProcessError):
            if self.keep and self._process is None:
                self._process = _start(self.modules)

    def drop(self) -> None:
        """End the spare."""
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            end(process)


spare = Spare()
atexit.register(shut_down)


def _start(modules: Sequence[str]) -> subprocess.Popen[bytes]:
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    environment |= {
        name: value for name, value in os.environ.items() if name.startswith(_PASSED_ON_FOR_COVERAGE)
    }
    # The package may stand in a checkout that is not installed.
    home = str(Path(__file__).resolve().parents[2])
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (home, environment.get("PYTHONPATH"))))
    # Threads take address space, which is bounded: one for every core of a large machine would not fit.
    environment |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "2"}
    try:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "ctseg.sandbox.worker"],
            stdin=subprocess.PIPE,
            # Codecs quote the files they fail on: nothing they print goes anywhere.
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
            bufsize=0,
        )
    except OSError as error:
        raise ProcessError(
            "The program that reads files could not be started; try again, and tell who runs this page."
        ) from error
    send(process, json.dumps(modules))
    return process


def send(process: subprocess.Popen[bytes], line: str) -> None:
    """Send one short line to a process."""
    assert process.stdin is not None
    # A broken pipe, which Windows calls an invalid argument, means that it ended already; waiting tells how.
    with suppress(OSError):
        process.stdin.write(os.fsencode(line + "\n"))


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process if it still runs, and wait for it."""
    if process.poll() is None:
        # The whole session, in case a hijacked decoder has started children; Windows has none.
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        process.wait()
    if process.stdin is not None:
        process.stdin.close()
