"""The gate, as an ASGI app in front of another: what is open, how much may be sent, and in what time."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from ctseg.ui.server.gate import Gate
from ctseg.ui.server.rules import MAX_IGNORED_BYTES, MAX_JSON_BYTES, MAX_REQUEST_BYTES, MAX_STAGE_BYTES
from ctseg.ui.server.visitors import COOKIE

UPLOAD = "/gradio_api/upload"


class Sent:
    """Keeps what an ASGI app sends."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    async def __call__(self, message: dict[str, Any]) -> None:
        self.messages.append(message)

    @property
    def status(self) -> int:
        return int(self.messages[0]["status"])

    @property
    def sentence(self) -> str:
        return str(json.loads(self.messages[1]["body"])["detail"])


async def take_all(scope: dict[str, Any], receive: Any, send: Any) -> None:
    while (await receive()).get("more_body"):
        continue
    await send({"type": "http.response.start", "status": 200, "headers": []})


def ask(
    gate: Gate,
    path: str,
    method: str = "POST",
    chunks: Iterator[tuple[float, bytes]] | None = None,
    **headers: str,
) -> Sent:
    """What the gate answers to a request whose chunks come after pauses."""

    coming = chunks or iter(())

    async def receive() -> dict[str, Any]:
        pause, chunk = next(coming, (0.0, None))
        await asyncio.sleep(pause)
        if chunk is None:
            return {"type": "http.request", "more_body": False}
        return {"type": "http.request", "body": chunk, "more_body": True}

    told = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "path": path, "headers": told, "client": ("192.0.2.1", 1)}
    sent = Sent()
    asyncio.run(gate(scope, receive, sent))
    return sent


def test_uploads_declare_their_size_and_come_in_time() -> None:
    gate = Gate(take_all, None, silent_seconds=0.1)
    assert ask(gate, UPLOAD, chunks=iter([(0.0, b"x")] * 2), content_length="10").status == 200
    assert ask(gate, UPLOAD).status == 411
    assert ask(gate, UPLOAD, content_length="-1").status == 411
    assert ask(gate, UPLOAD, content_length=str(MAX_REQUEST_BYTES << 1)).status == 413
    stalled = ask(gate, UPLOAD, chunks=iter([(0.0, b"x"), (60.0, b"x")]), content_length="10")
    assert stalled.status == 408
    assert "stalled" in stalled.sentence


@pytest.mark.parametrize(
    ("path", "limit"),
    [
        ("/gradio_api/queue/join", MAX_JSON_BYTES),
        ("/gradio_api/run/predict", MAX_JSON_BYTES),
        ("/gradio_api/call/segment", MAX_JSON_BYTES),
        ("/gradio_api/call/v2/segment", MAX_JSON_BYTES),
        ("/gradio_api/component_server", MAX_JSON_BYTES),
        ("/gradio_api/cancel", MAX_JSON_BYTES),
        ("/gradio_api/reset", MAX_JSON_BYTES),
        ("/compare/open", MAX_STAGE_BYTES),
        ("/compare/enter", MAX_STAGE_BYTES),
    ],
)
@pytest.mark.parametrize("declared", [{}, {"content_length": "5"}, {"transfer_encoding": "chunked"}])
def test_bytes_are_counted_as_they_come(path: str, limit: int, declared: dict[str, str]) -> None:
    gate = Gate(take_all, None)
    block = b"x" * 50_000
    assert ask(gate, path, chunks=iter([(0.0, block)]), **declared).status == 200
    endless = ((0.0, block) for _ in range(10**9))
    told = ask(gate, path, chunks=endless, **declared)
    assert told.status == 413
    assert str(limit // 1000) in told.sentence


def test_more_than_was_declared_of_an_upload_is_not_taken() -> None:
    seen = 0

    async def count(scope: dict[str, Any], receive: Any, send: Any) -> None:
        nonlocal seen
        while (message := await receive()).get("more_body"):
            seen += len(message["body"])

    block = b"x" * (64 << 20)
    told = ask(Gate(count, None), UPLOAD, chunks=((0.0, block) for _ in range(10**9)), content_length="5")
    assert told.status == 413
    assert seen <= MAX_REQUEST_BYTES + len(block)


def test_a_body_that_nobody_asked_for_is_hung_up_on() -> None:
    taken: list[str] = []

    async def listen(scope: dict[str, Any], receive: Any, send: Any) -> None:
        while taken[-1:] != ["http.disconnect"]:
            taken.append((await receive())["type"])

    ask(Gate(listen, None), "/", "GET", chunks=((0.0, b"x" * 1000) for _ in range(10**9)))
    assert len(taken) <= MAX_IGNORED_BYTES // 1000 + 2


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/gradio_api/deep_link", 404),
        ("GET", "/docs", 404),
        ("GET", "/gradio_api/file/x", 404),
        ("POST", "/gradio_api/process_recording", 404),
        ("POST", "/gradio_api/stream/x", 404),
        ("POST", "/login", 404),
        ("GET", "/gradio_api/proxy=http://192.0.2.1", 404),
        ("GET", "/gradio_api/queue/join", 405),
        ("POST", "/", 405),
        ("DELETE", "/compare/open", 405),
        ("GET", f"/gradio_api/file=/x/in-{'0' * 32}/upload", 403),
        ("GET", f"/gradio_api/file=/x/in-{'0' * 32}/../in-{'0' * 32}", 403),
        ("GET", "/gradio_api/file=/x//upload/", 403),
        ("GET", "/gradio_api/file=/x/.lock", 403),
    ],
)
def test_what_the_pages_do_not_use_is_closed(method: str, path: str, status: int) -> None:
    reached: list[str] = []

    async def reach(scope: dict[str, Any], receive: Any, send: Any) -> None:
        reached.append(scope["path"])

    told = ask(Gate(reach, None), path, method)
    assert (told.status, reached) == (status, [])
    assert told.sentence.endswith(".")


def test_what_fails_behind_the_gate_is_one_sentence_and_no_name_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail(scope: dict[str, Any], receive: Any, send: Any) -> None:
        raise OSError("Doe^Jane.dcm")

    async def fail_late(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise OSError("Doe^Jane.dcm")

    told = ask(Gate(fail, None), "/config", "GET")
    assert (told.status, told.sentence.count(".")) == (500, 1)
    assert len(ask(Gate(fail_late, None), "/config", "GET").messages) == 1
    assert "OSError" in caplog.text
    assert "Doe" not in caplog.text
    assert "Doe" not in told.sentence


def test_no_websocket_is_opened() -> None:
    sent = Sent()
    asyncio.run(Gate(take_all, None)({"type": "websocket"}, None, sent))
    assert sent.messages[0]["type"] == "websocket.close"


def test_a_page_gives_a_cookie_to_who_has_none() -> None:
    gate = Gate(take_all, None)
    (first,) = ask(gate, "/submit", "GET").messages
    (_, cookie) = first["headers"][0]
    shown = cookie.decode().partition(";")[0]
    assert shown.startswith(COOKIE)
    (again,) = ask(gate, "/submit", "GET", cookie=shown).messages
    assert again["headers"] == []
    (other,) = ask(gate, "/config", "GET").messages
    assert other["headers"] == []
