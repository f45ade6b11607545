"""The limits of uploads, as an ASGI app in front of another."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ctseg.ui.server.upload_limits import MAX_REQUEST_BYTES, UploadLimits


class _Sent:
    """Keeps what an ASGI app sends."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    async def __call__(self, message: dict[str, Any]) -> None:
        self.messages.append(message)

    @property
    def status(self) -> int:
        return int(self.messages[0]["status"])


async def _take_all(scope: dict[str, Any], receive: Any, send: Any) -> None:
    while (await receive()).get("more_body"):
        continue
    await send({"type": "http.response.start", "status": 200, "headers": []})


def _pass(limits: UploadLimits, length: bytes | None, pauses: Iterator[float]) -> _Sent:
    async def receive() -> dict[str, Any]:
        pause = next(pauses, None)
        if pause is None:
            return {"type": "http.request", "more_body": False}
        await asyncio.sleep(pause)
        return {"type": "http.request", "body": b"x", "more_body": True}

    headers = [] if length is None else [(b"content-length", length)]
    scope = {"type": "http", "method": "POST", "path": "/gradio_api/upload", "headers": headers}
    sent = _Sent()
    asyncio.run(limits(scope, receive, sent))
    return sent


def test_the_limits_of_uploads(tmp_path: Path) -> None:
    folder = tmp_path / "limits"
    folder.mkdir()
    limits = UploadLimits(_take_all, folder, max_bytes=1000, silent_seconds=0.1)
    assert _pass(limits, b"10", iter([0.0, 0.0])).status == 200
    assert _pass(limits, None, iter([])).status == 411
    assert _pass(limits, str(MAX_REQUEST_BYTES << 1).encode(), iter([])).status == 413
    stalled = _pass(limits, b"10", iter([0.0, 60.0]))
    assert stalled.status == 408
    assert "stalled" in json.loads(stalled.messages[1]["body"])["detail"]
    (folder / "upload").write_bytes(b"x" * 995)
    assert _pass(limits, b"10", iter([])).status == 503
    assert _pass(limits, b"4", iter([])).status == 200


def test_the_limits_lets_all_else_through(tmp_path: Path) -> None:
    limits = UploadLimits(_take_all, tmp_path, max_bytes=0)
    sent = _Sent()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    scope = {"type": "http", "method": "GET", "path": "/submit", "headers": []}
    asyncio.run(limits(scope, receive, sent))
    assert sent.status == 200
