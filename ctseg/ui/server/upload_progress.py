"""How far an upload is, for the page that sends it; file names are forgotten as soon as it is told."""

import asyncio
import json
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_MAX_WATCHED = 512
_TICK_SECONDS = 0.2
_WAIT_SECONDS = 3.0


class UploadProgress:
    """Bytes that have come and are not told yet, by the page's name for its upload; the oldest give way."""

    def __init__(self) -> None:
        self._untold: OrderedDict[str, dict[str, int]] = OrderedDict()
        self._done: set[str] = set()

    def add(self, upload: str, file: str, size: int) -> None:
        """Count what has come of a file."""
        if upload:
            sizes = self._untold.setdefault(upload, {})
            sizes[file] = sizes.get(file, 0) + size
            while len(self._untold) > _MAX_WATCHED:
                self._forget(next(iter(self._untold)))

    def finish(self, upload: str) -> None:
        """Note that no more comes, and forget the files' names."""
        if upload:
            self.add(upload, "", 0)
            self._untold[upload] = {}
            self._done.add(upload)

    def _forget(self, upload: str) -> None:
        self._untold.pop(upload, None)
        self._done.discard(upload)

    async def endpoint(self, request: "Request") -> "Response":
        """Answer the page that watches, in the events that Gradio's own would send."""
        from starlette.responses import JSONResponse, StreamingResponse

        upload = request.query_params.get("upload_id", "")
        patience = time.monotonic() + _WAIT_SECONDS
        while upload not in self._untold:
            if time.monotonic() > patience:
                return JSONResponse({"detail": "This upload is not known; it may be done already."}, 404)
            await asyncio.sleep(_TICK_SECONDS)
        return StreamingResponse(self._events(upload), media_type="text/event-stream")

    async def _events(self, upload: str) -> AsyncIterator[str]:
        while upload in self._untold:
            untold, self._untold[upload] = self._untold[upload], {}
            for file, size in untold.items():
                yield _event({"msg": "update", "orig_name": file, "chunk_size": size})
            if upload in self._done:
                self._forget(upload)
                yield _event({"msg": "done"})
                return
            await asyncio.sleep(_TICK_SECONDS)


def _event(message: dict[str, Any]) -> str:
    return f"data: {json.dumps(message)}\n\n"
