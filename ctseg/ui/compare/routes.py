"""The stage's own way to the server: slices, label maps and runs outside the framework's state.

Each request shows the page's pass in a header, so no address gives anything away and none can be guessed;
what a pass opens goes with the session.
"""

import errno
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Any

from ctseg.errors import UserError
from ctseg.ui.compare import early, edits, handlers, opening, truth
from ctseg.ui.compare.download import results_zip
from ctseg.ui.compare.examples import draw_thumbnails
from ctseg.ui.compare.frames import frame
from ctseg.ui.compare.messages import CLOSED
from ctseg.ui.compare.volume import begin_volume
from ctseg.ui.server.open_pages import SESSIONS
from ctseg.ui.server.sessions import Session
from ctseg.ui.server.uploads import FULL

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

PASS_HEADER = "x-ctseg-pass"  # noqa: S105 the header's name
MAX_BODY_BYTES = 256 * 1024
_FRAMES = "application/octet-stream"
# A proxy that gathered a run's steps would show them all at its end.
_PRIVATE = {"cache-control": "no-store", "x-content-type-options": "nosniff", "x-accel-buffering": "no"}

_Answer = Callable[[Session, dict[str, Any]], "Response"]


def compare_routes() -> "list[Route]":
    """Return the routes of the stage."""
    from starlette.routing import Route

    answers: dict[str, _Answer] = {
        "open": _open,
        "opened": _opened,
        "slice": _slice,
        "begin": _begin,
        "run": _run,
        "cancel": _cancel,
        "truth": _truth,
        "edit": _edit,
        "cuts": _cuts,
        "zip": _zip,
        "volume": _volume,
    }
    return [
        Route("/compare/opening", _opening),
        Route("/compare/stage.js", _script),
        Route("/compare/stage.css", _style),
        Route("/compare/shelf", _shelf),
        Route("/compare/enter", _enter, methods=["POST"]),
        *(Route(f"/compare/{name}", _admitted(answer), methods=["POST"]) for name, answer in answers.items()),
    ]


def _opening(_request: "Request") -> "Response":
    from starlette.responses import Response

    headers = _PRIVATE | {"content-encoding": "gzip"}
    return Response(opening.opening_gzip(), media_type=_FRAMES, headers=headers)


def _script(request: "Request") -> "Response":
    return _asset(request, early.stage_script(), "text/javascript")


def _style(request: "Request") -> "Response":
    return _asset(request, early.stage_style(), "text/css")


def _asset(request: "Request", content: str, media_type: str) -> "Response":
    """Return a file of ours; under the address that names its version it never changes."""
    from starlette.responses import Response

    kept = "public, max-age=31536000, immutable" if "v" in request.query_params else "no-cache"
    return Response(content, media_type=media_type, headers={"cache-control": kept})


def _shelf(_request: "Request") -> "Response":
    return _json(draw_thumbnails())


async def _enter(request: "Request") -> "Response":
    asked = await _body(request)
    entered = SESSIONS.enter(str((asked or {}).get("ticket", "")))
    return _sentence(CLOSED, 403) if entered is None else _json({"pass": entered})


def _admitted(answer: _Answer) -> "Callable[[Request], Awaitable[Response]]":
    """Return an endpoint that lets in who shows a pass, and answers what goes wrong by one sentence."""
    from starlette.concurrency import run_in_threadpool

    async def endpoint(request: "Request") -> "Response":
        session = SESSIONS.admitted(request.headers.get(PASS_HEADER, ""))
        if session is None:
            return _sentence(CLOSED, 403)
        asked = await _body(request)
        if asked is None:
            return _sentence("This request is too large or no JSON object; reload the page.", 400)
        try:
            return await run_in_threadpool(answer, session, asked)
        except UserError as error:
            return _sentence(str(error), 409)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            return _sentence(FULL, 507)

    return endpoint


async def _body(request: "Request") -> dict[str, Any] | None:
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > MAX_BODY_BYTES:
            return None
    try:
        asked = json.loads(received or b"{}")
    except (ValueError, RecursionError):
        return None
    return asked if isinstance(asked, dict) else None


def _open(session: Session, asked: dict[str, Any]) -> "Response":
    if asked.get("opening") is True:
        opening.fill(session)
    elif "board" in asked or "image" in asked:
        handlers.load_board_image(session, str(asked.get("board", ""))[:80], str(asked.get("image", ""))[:80])
    else:
        handlers.load_example(session, _whole(asked.get("example")))
    return _json(handlers.opened(session))


def _opened(session: Session, _asked: dict[str, Any]) -> "Response":
    return _json(handlers.opened(session))


def _slice(session: Session, asked: dict[str, Any]) -> "Response":
    return _framed(handlers.show_slice(session, _whole(asked.get("index"))))


def _begin(session: Session, asked: dict[str, Any]) -> "Response":
    handlers.turn_to(session, _whole(asked.get("index")))
    if "turned" in asked:
        handlers.turn_for_methods(session, asked["turned"])
    chosen = asked.get("methods")
    names = [str(name) for name in chosen] if isinstance(chosen, list) else []
    if asked.get("anew") is True:
        session.finished = {}
    elif not names:  # scrolling with no method chosen is no mistake
        return _framed(frame({"plan": "", "index": session.index, "methods": []}, {}))
    return _framed(b"".join(handlers.begin(session, names)))


def _run(session: Session, asked: dict[str, Any]) -> "Response":
    from starlette.responses import StreamingResponse

    plan, method = str(asked.get("plan", "")), str(asked.get("method", ""))
    frames = handlers.run(session, plan, method)
    return StreamingResponse(_until_left(session, plan, frames), media_type=_FRAMES, headers=_PRIVATE)


async def _until_left(session: Session, plan: str, frames: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Pass frames on; a browser that hangs up ends the plan's runs."""
    from starlette.concurrency import iterate_in_threadpool

    whole = False
    try:
        async for packed in iterate_in_threadpool(frames):
            yield packed
        whole = True
    finally:
        if not whole and session.plan is not None and session.plan.identity == plan:
            session.plan.stop.set()


def _cancel(session: Session, _asked: dict[str, Any]) -> "Response":
    return _json(handlers.cancel(session))


def _truth(session: Session, _asked: dict[str, Any]) -> "Response":
    return _framed(truth.judged(session) or b"")


def _edit(session: Session, asked: dict[str, Any]) -> "Response":
    return _framed(edits.edit(session, asked))


def _cuts(session: Session, asked: dict[str, Any]) -> "Response":
    return _framed(edits.cuts(session, asked))


def _zip(session: Session, asked: dict[str, Any]) -> "Response":
    from starlette.responses import Response

    packed = results_zip(session, asked)
    return Response(packed, media_type="application/zip", headers=_PRIVATE)


def _volume(session: Session, asked: dict[str, Any]) -> "Response":
    from starlette.responses import StreamingResponse

    plan, frames = begin_volume(session, str(asked.get("method", "")))
    return StreamingResponse(
        _until_left(session, plan.identity, frames), media_type=_FRAMES, headers=_PRIVATE
    )


def _whole(value: Any) -> int:
    """Return a whole number, -1 for anything else: no index."""
    return value if isinstance(value, int) and not isinstance(value, bool) else -1


def _framed(packed: bytes) -> "Response":
    from starlette.responses import Response

    return Response(packed, media_type=_FRAMES, headers=_PRIVATE)


def _json(value: Any) -> "Response":
    from starlette.responses import JSONResponse

    return JSONResponse(value, headers=_PRIVATE)


def _sentence(sentence: str, status: int) -> "Response":
    from starlette.responses import JSONResponse

    return JSONResponse({"sentence": sentence}, status, headers=_PRIVATE)
