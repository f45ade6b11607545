"""What stands in front of the app: routes that are open, how much each may be sent, and in what time."""

import asyncio
import json
import logging
import time
from typing import Any
from urllib.parse import parse_qs

from ctseg.errors import StatusError
from ctseg.ui.server.calls import Calls, parse_json
from ctseg.ui.server.pages import WRONG_ARGUMENTS
from ctseg.ui.server.rules import MAX_IGNORED_BYTES, MAX_REQUEST_BYTES, PAGES, PRIVATE_FILE, RULES, Rule
from ctseg.ui.server.visitors import fresh_cookie

MAX_SILENT_SECONDS = 30.0
MIN_BYTES_PER_S = 32 * 1024
_CLOSED = "There is no such address here; the pages are at /."
_FAULT = "The server could not answer this; try again, and tell who runs this page if it fails again."

_logger = logging.getLogger(__name__)


class Gate:
    """ASGI middleware in front of all routes.

    Parameters
    ----------
    app : what comes after it
    calls : checks the calls of the framework; None where there are none
    silent_seconds : how long a sender may pause
    """

    def __init__(self, app: Any, calls: Calls | None, silent_seconds: float = MAX_SILENT_SECONDS) -> None:
        self._app = app
        self._calls = calls
        self._silent_seconds = silent_seconds

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Let a request through, or answer it with one sentence."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, _Sender(scope, send))
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _answer(self, scope: dict[str, Any], receive: Any, send: "_Sender") -> None:
        try:
            rule = _rule_of(scope)
            await self._app(scope, await self._checked(rule, scope, receive), send)
        except StatusError as error:
            await send.refuse(error.status, str(error))
        except Exception as error:  # what fails in the app, or in who hangs up, ends here
            # Without the traceback: it could hold a file's name.
            _logger.error("A request failed with %s.", type(error).__name__)  # noqa: TRY400
            await send.refuse(500, _FAULT)

    async def _checked(self, rule: Rule, scope: dict[str, Any], receive: Any) -> Any:
        """Return what the app receives from, once the request is allowed."""
        if rule.check == "file" and PRIVATE_FILE.search(scope["path"].partition("=")[2]):
            raise StatusError(403, "Uploads are not handed out.")
        if rule.check == "answer" and self._calls is not None:
            self._calls.check_answer(scope["path"], _asked_session(scope))
        if rule.check == "upload":
            length = _declared(scope)
            if length is None:
                raise StatusError(411, "This upload does not declare its size; upload it through the page.")
            return self._timed(receive, rule.max_bytes, length)
        if rule.method == "GET":
            return _ignored(receive)
        body = await self._body(scope, receive, rule.max_bytes)
        if rule.check == "call" and self._calls is not None:
            if _content_type(scope).startswith(b"multipart/"):
                raise StatusError(415, "This address takes JSON only; send files to /gradio_api/upload.")
            self._calls.check(scope, parse_json(body))
        return _replayed(body, receive)

    async def _body(self, scope: dict[str, Any], receive: Any, max_bytes: int) -> bytes:
        timed = self._timed(receive, max_bytes, min(_declared(scope) or 0, max_bytes))
        body = bytearray()
        while True:
            message = await timed()
            if message["type"] == "http.disconnect":
                raise StatusError(400, "This request ended before it was whole.")
            body += message.get("body", b"")
            if not message.get("more_body"):
                return bytes(body)

    def _timed(self, receive: Any, max_bytes: int, length: int) -> Any:
        """Return a `receive` that counts bytes as they come and ends who stalls."""
        latest = time.monotonic() + self._silent_seconds + length / MIN_BYTES_PER_S
        if length > max_bytes:
            raise StatusError(413, _too_large(max_bytes))
        received = 0

        async def timed() -> Any:
            nonlocal received
            left = min(self._silent_seconds, latest - time.monotonic())
            try:
                message = await asyncio.wait_for(receive(), max(left, 0.001))
            except TimeoutError as error:
                raise StatusError(408, "The upload stalled; try again on a better line.") from error
            received += len(message.get("body", b""))
            if received > max_bytes:
                raise StatusError(413, _too_large(max_bytes))
            return message

        return timed


class _Sender:
    """Sends an answer, and knows whether it has begun."""

    def __init__(self, scope: dict[str, Any], send: Any) -> None:
        self._scope = scope
        self._send = send
        self._begun = False

    async def __call__(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self._begun = True
            cookie = fresh_cookie(self._scope) if PAGES.fullmatch(self._scope["path"]) else None
            if cookie is not None:
                message = message | {"headers": [*message.get("headers", []), cookie]}
        await self._send(message)

    async def refuse(self, status: int, sentence: str) -> None:
        """Answer with one sentence, unless an answer has begun: that one stays cut short."""
        if self._begun:
            return
        body = json.dumps({"detail": sentence}).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        await self({"type": "http.response.start", "status": status, "headers": headers})
        await self({"type": "http.response.body", "body": body})


async def wrong_values(_request: Any, _error: Exception) -> Any:
    """Answer a request whose values the framework itself refuses."""
    from starlette.responses import JSONResponse

    return JSONResponse({"detail": WRONG_ARGUMENTS}, 422)


def _rule_of(scope: dict[str, Any]) -> Rule:
    method = "GET" if scope["method"] == "HEAD" else scope["method"]
    found = [rule for rule in RULES if rule.paths.fullmatch(scope["path"])]
    for rule in found:
        if rule.method == method:
            return rule
    if found:
        raise StatusError(405, f"This address is asked with {found[0].method}.")
    raise StatusError(404, _CLOSED)


def _declared(scope: dict[str, Any]) -> int | None:
    declared = dict(scope["headers"]).get(b"content-length", b"")
    return int(declared) if declared.isdigit() and len(declared) < 16 else None


def _content_type(scope: dict[str, Any]) -> bytes:
    return bytes(dict(scope["headers"]).get(b"content-type", b"")).lower()


def _asked_session(scope: dict[str, Any]) -> str | None:
    if not scope["path"].endswith("/queue/data"):
        return None
    return parse_qs(scope.get("query_string", b"").decode("latin-1")).get("session_hash", [""])[0]


def _too_large(max_bytes: int) -> str:
    if max_bytes >= MAX_REQUEST_BYTES:
        return f"More than {MAX_REQUEST_BYTES >> 20} MB at once cannot be uploaded."
    return f"More than {max_bytes // 1000} kB cannot be sent to this address; send less."


def _ignored(receive: Any) -> Any:
    """Return a `receive` for a request without a body; who sends one all the same is hung up on."""
    received = 0

    async def ignored() -> Any:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        return {"type": "http.disconnect"} if received > MAX_IGNORED_BYTES else message

    return ignored


def _replayed(body: bytes, receive: Any) -> Any:
    """Return a `receive` that gives a body once, and then what comes next."""
    told = False

    async def replayed() -> Any:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed
