"""``/health``: version, whether the sweep still comes round, disk, queue, methods, what is set aside."""

import shutil
import threading
import time
from typing import TYPE_CHECKING, Any

from ctseg import __version__
from ctseg.leaderboard.doctor import set_aside_files
from ctseg.leaderboard.folders import folders
from ctseg.leaderboard.set_aside import SetAside
from ctseg.methods import CARDS, loaded
from ctseg.settings import FREE_MB
from ctseg.ui.server.housekeeping import Housekeeping
from ctseg.ui.server.method_runs import queue_lengths
from ctseg.ui.server.open_pages import SESSIONS, Sessions
from ctseg.ui.server.uploads import UPLOADS, Uploads

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

LOOK_SECONDS = 10.0
"""Boards' files are looked at no more often than this, whoever asks."""


class Health:
    """What is told of a running app.

    Parameters
    ----------
    housekeeping : whose sweep
    uploads, sessions : what is counted
    """

    def __init__(
        self, housekeeping: Housekeeping, uploads: Uploads = UPLOADS, sessions: Sessions = SESSIONS
    ) -> None:
        self._housekeeping = housekeeping
        self._uploads = uploads
        self._sessions = sessions
        self._lock = threading.Lock()
        self._looked = float("-inf")
        self._set_aside: list[dict[str, str]] = []

    def report(self) -> dict[str, Any]:
        """Return plain values; ``status`` is "alarm" where the sweep is dead, else "ok".

        Files that are set aside are no alarm: everything else goes on without them.
        """
        alive = self._housekeeping.alive
        held = [session for session in self._sessions if session.stack is not None]
        return {
            "status": "ok" if alive else "alarm",
            "sweep": {
                "alive": alive,
                "seconds_since": round(self._housekeeping.seconds_since, 1),
                "faults": self._housekeeping.faults,
            },
            "version": __version__,
            "methods": {"loaded": list(loaded()), "known": len(CARDS)},
            "queue": queue_lengths(),
            "disk": self._disk(),
            "set_aside": self._files(),
            "uploads": {"files": self._uploads.files, "bytes": self._uploads.bytes},
            "slices": {"pages": len(held), "bytes": sum(session.held_bytes for session in held)},
        }

    def _disk(self) -> dict[str, Any]:
        """What is free where uploads land; uploads are refused that would leave less than ``needed``."""
        free, needed = shutil.disk_usage(self._uploads.folder).free, int(FREE_MB.number() * 2**20)
        return {"free_bytes": free, "needed_bytes": needed, "full": free < needed}

    def _files(self) -> list[dict[str, str]]:
        with self._lock:
            if time.monotonic() - self._looked > LOOK_SECONDS:
                self._set_aside = [{"file": _name(found), "why": found.why} for found in set_aside_files()]
                self._looked = time.monotonic()
            return self._set_aside

    def routes(self) -> "list[Route]":
        """Return the route."""
        from starlette.routing import Route

        return [Route("/health", self._endpoint)]

    def _endpoint(self, _request: "Request") -> "Response":
        from starlette.responses import JSONResponse

        report = self.report()
        status = 200 if report["status"] == "ok" else 503
        return JSONResponse(report, status, headers={"cache-control": "no-store"})


def _name(found: SetAside) -> str:
    """Return a file's name inside its leaderboard folder: where that lies is nobody's business."""
    for folder in folders():
        if folder in found.path.parents:
            return found.path.relative_to(folder).as_posix()
    return found.path.name
