"""What may be uploaded to the app at once: one limit for a request, one for all, and a pace."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

from ctseg.files import bytes_under
from ctseg.leaderboard.submissions.read import MAX_SUBMISSION_BYTES

MAX_REQUEST_BYTES = MAX_SUBMISSION_BYTES
MAX_TOTAL_BYTES = 6 * MAX_REQUEST_BYTES
"""Of all uploads on the disk and on their way."""
MAX_SILENT_SECONDS = 30.0
MIN_BYTES_PER_S = 32 * 1024
_FORM_BYTES = 64 * 1024
_UPLOAD_PATH = "/gradio_api/upload"


class _TooSlowError(Exception):
    """An upload stalls."""


class UploadLimits:
    """ASGI middleware in front of Gradio's upload, which has no such limits itself.

    Parameters
    ----------
    app : what comes after it
    folder : where uploads land
    max_bytes, silent_seconds : see the constants
    """

    def __init__(
        self,
        app: Any,
        folder: Path,
        max_bytes: int = MAX_TOTAL_BYTES,
        silent_seconds: float = MAX_SILENT_SECONDS,
    ) -> None:
        self._app = app
        self._folder = folder
        self._max_bytes = max_bytes
        self._silent_seconds = silent_seconds
        self._coming = 0

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Let a request through, or answer it with one sentence."""
        if scope["type"] != "http" or scope["path"] != _UPLOAD_PATH or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"")
        if not declared.isdigit():
            await _answer(send, 411, "This upload does not declare its size; upload it through the page.")
            return
        length = int(declared)
        if length > MAX_REQUEST_BYTES + _FORM_BYTES:
            await _answer(send, 413, f"More than {MAX_REQUEST_BYTES >> 20} MB at once cannot be uploaded.")
            return
        if self._coming + length + bytes_under(self._folder) > self._max_bytes:
            await _answer(send, 503, "Many files are being uploaded now; try again in a few minutes.")
            return
        self._coming += length
        try:
            await self._app(scope, self._timed(receive, length), send)
        except _TooSlowError:
            await _answer(send, 408, "The upload stalled; try again on a better line.")
        finally:
            self._coming -= length

    def _timed(self, receive: Any, length: int) -> Any:
        latest = time.monotonic() + self._silent_seconds + length / MIN_BYTES_PER_S

        async def timed() -> Any:
            left = min(self._silent_seconds, latest - time.monotonic())
            try:
                return await asyncio.wait_for(receive(), max(left, 0.001))
            except TimeoutError as error:
                raise _TooSlowError from error

        return timed


async def _answer(send: Any, status: int, sentence: str) -> None:
    body = json.dumps({"detail": sentence}).encode()
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
