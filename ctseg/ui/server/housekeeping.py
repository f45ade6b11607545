"""Nothing an upload brought stays on the disk: where uploads land, and what sweeps them away."""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from stat import S_ISREG

from ctseg.sandbox.folders import DECODING, LOCK, empty_dead, give_up, is_held, private_folder
from ctseg.ui.server.open_pages import SESSIONS

SWEEP_SECONDS = 30
# A slice is read at once, a submission when its turn comes; what is older belongs to a page that was closed.
STRAY_SECONDS = 900
MAX_LATE_SWEEPS = 10
"""After so many times its pace without a sweep, it counts as dead."""
_PREFIX = "ctseg-uploads-"

_logger = logging.getLogger(__name__)


def private_upload_folder() -> Path:
    """Return the folder where Gradio puts uploads: one of our own, mode 0700, that may be swept and deleted.

    It lies in the folder that ``GRADIO_TEMP_DIR`` names, else in the system's temporary folder. A folder that
    was named from outside is never taken itself, for other files may lie there. Call it before any component
    is made: components remember the folder.
    """
    named = os.environ.get("GRADIO_TEMP_DIR")
    if named and is_held(Path(named)) and Path(named).is_dir():
        return Path(named)
    if named:
        Path(named).mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = private_folder(_PREFIX, Path(named) if named else None)
    os.environ["GRADIO_TEMP_DIR"] = str(folder)
    return folder


def empty_dead_folders() -> int:
    """Delete what servers and decoders that were killed have left where ours lie; return how many folders."""
    return empty_dead(_PREFIX, private_upload_folder().parent) + empty_dead(DECODING)


def sweep(folder: Path, older_than_seconds: float) -> int:
    """Delete all files under `folder` that are older, and folders left empty; return how many files.

    What vanishes meanwhile is not missed.
    """
    limit = time.time() - older_than_seconds
    gone = 0
    for place, _, names in os.walk(folder, topdown=False):
        here = Path(place)
        for name in names:
            with suppress(OSError):
                if (here / name).lstat().st_mtime <= limit and (here / name) != folder / LOCK:
                    (here / name).unlink()
                    gone += 1
        if here != folder:
            with suppress(OSError):  # not empty
                here.rmdir()
    return gone


def sweep_markers(folder: Path, older_than_seconds: float = SWEEP_SECONDS) -> int:
    """Delete the empty file that Gradio leaves for each that it hands on, all in one folder; return how many.

    Whatever a visitor sent lies deeper, in a folder of its own.
    """
    limit = time.time() - older_than_seconds
    gone = 0
    with suppress(FileNotFoundError), os.scandir(folder) as found:
        for entry in found:
            with suppress(OSError):
                about = entry.stat(follow_symlinks=False)
                empty = S_ISREG(about.st_mode) and not about.st_size
                if empty and about.st_mtime <= limit and entry.name != LOCK:
                    Path(entry.path).unlink()
                    gone += 1
    return gone


class Housekeeping:
    """A thread that forgets expired sessions and deletes stray uploads while the app runs.

    Parameters
    ----------
    folder : where uploads land
    duties : what else is done at each sweep
    """

    def __init__(self, folder: Path, duties: Iterable[Callable[[], object]] = ()) -> None:
        self._folder = folder
        self._duties: list[Callable[[], object]] = [
            lambda: SESSIONS.expire(time.monotonic()),
            lambda: sweep(folder, STRAY_SECONDS),
            lambda: sweep_markers(folder),
            *duties,
        ]
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ctseg-housekeeping", daemon=True)
        self._swept = time.monotonic()
        self.faults = 0

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, forget all sessions and delete all uploads."""
        self._done.set()
        self._thread.join()
        for session in SESSIONS:
            session.forget()
        give_up(self._folder)

    @property
    def alive(self) -> bool:
        """Whether the sweep still comes round."""
        return self._thread.is_alive() and self.seconds_since < MAX_LATE_SWEEPS * SWEEP_SECONDS

    @property
    def seconds_since(self) -> float:
        """How long ago the latest sweep ended, or the app began."""
        return time.monotonic() - self._swept

    def _run(self) -> None:
        while not self._done.wait(SWEEP_SECONDS):
            for duty in self._duties:
                self._do(duty)
            self._swept = time.monotonic()

    def _do(self, duty: Callable[[], object]) -> None:
        try:
            duty()
        except Exception as error:  # one duty's fault must not end the others, nor the sweeps to come
            self.faults += 1
            # Without the traceback: it could hold a file's name.
            _logger.error("A sweep failed with %s; the next one tries again.", type(error).__name__)  # noqa: TRY400
