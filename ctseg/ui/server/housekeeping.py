"""Nothing an upload brought stays on the disk: where uploads land, and what sweeps them away."""

import os
import shutil
import tempfile
import threading
import time
from pathlib import Path

from ctseg.ui.server.sessions import SESSIONS

SWEEP_SECONDS = 30
# A slice is read at once, a submission when its turn comes; what is older belongs to a page that was closed.
STRAY_SECONDS = 900
_PREFIX = "ctseg-uploads-"


def private_upload_folder() -> Path:
    """Return the folder where Gradio puts uploads: one of our own, mode 0700, that may be swept and deleted.

    It lies in the folder that ``GRADIO_TEMP_DIR`` names, else in the system's temporary folder. A folder that
    was named from outside is never taken itself, for other files may lie there. Call it before any component
    is made: components remember the folder.
    """
    named = os.environ.get("GRADIO_TEMP_DIR")
    if named and Path(named).name.startswith(_PREFIX) and Path(named).is_dir():
        return Path(named)
    if named:
        Path(named).mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=named))
    os.environ["GRADIO_TEMP_DIR"] = str(folder)
    return folder


def sweep(folder: Path, older_than_seconds: float) -> int:
    """Delete all files under `folder` that are older, and folders left empty; return how many files."""
    limit = time.time() - older_than_seconds
    gone = 0
    for path in sorted(folder.rglob("*"), reverse=True):
        try:
            if path.is_dir() and not path.is_symlink():
                path.rmdir()
            elif path.lstat().st_mtime <= limit:
                path.unlink()
                gone += 1
        except OSError:  # not empty, or another thread was quicker
            continue
    return gone


class Housekeeping:
    """A thread that forgets expired sessions and deletes stray uploads while the app runs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ctseg-housekeeping", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, forget all sessions and delete all uploads."""
        self._done.set()
        self._thread.join()
        for session in SESSIONS:
            session.forget()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self) -> None:
        while not self._done.wait(SWEEP_SECONDS):
            SESSIONS.expire(time.monotonic())
            sweep(self._folder, STRAY_SECONDS)
