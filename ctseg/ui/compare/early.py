"""The stage ahead of the framework: the first page asks for it itself, and it paints the finished result.

The framework takes seconds until its components stand; the stage needs none of them. So its script, its style
and what the page opens on are asked for by the HTML itself, and the framework then only gives the stage its
place. Its own ``head`` would not do: it is added by its script, when that has started.
"""

import hashlib
import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any

from ctseg.labelmaps.judgement import MARKS
from ctseg.labelmaps.palette import PALETTE_SIZE, colours, ramp
from ctseg.slices.windowing import WINDOWS
from ctseg.ui.compare.download import FORMATS, NAMED, UNNAMED, ZIP_NAME
from ctseg.ui.compare.examples import shelf
from ctseg.ui.compare.messages import PRESELECTED, method_rows
from ctseg.ui.components.assets import read_asset
from ctseg.ui.components.defaults import FIRST, WHOLE
from ctseg.ui.components.display import ABOUT, MARK_COLOURS, TITLE, display_head
from ctseg.ui.components.templates import render

_SCRIPTS = (
    "dom.js",
    "wire.js",
    "stage/geometry.js",
    "stage/paint.js",
    "stage/backing.js",
    "stage/overlay.js",
    "stage/pane.js",
    "stage/toolbar.js",
    "stage/tree.js",
    "stage/layout.js",
    "stage/filmstrip.js",
    "stage/picking.js",
    "stage/pointing.js",
    "stage/input.js",
    "stage/knowledge.js",
    "stage/stage.js",
    "page/cuts.js",
    "page/table.js",
    "page/scores.js",
    "page/side.js",
    "page/series.js",
    "page/opening.js",
    "page/runs.js",
    "page/truth.js",
    "page/edits.js",
    "page/takeaway.js",
    "page/main.js",
)
_EARLY = "early.js"
_STYLES = (("components", "page.css"), ("components", "shared.css"), ("compare", "page.css"))
_FIRST_PAGE = "/"
_BEFORE = b'<script type="module"'
_OF_THE_FRAMEWORK = re.compile(rb'<meta\s+(?:property="og:|name="twitter:)[^>]*>')
"""Its own name and an image of its maker's, where somebody passes the page's address on."""

_Scope = dict[str, Any]


def stage_facts() -> dict[str, Any]:
    """Return what the stage must know that Python decides."""
    rows = method_rows()
    return {
        "methods": rows,
        "preselected": [row["name"] for row in rows if row["ready"] and row["name"] in PRESELECTED],
        "first": FIRST,
        "whole": WHOLE,
        "examples": shelf(),
        "windows": [[each.width, each.level, name.capitalize()] for name, each in WINDOWS.items()],
        "palette": colours(PALETTE_SIZE).tolist(),
        "ramp": ramp().tolist(),
        "marks": {name: {"value": mark, "colour": MARK_COLOURS[name]} for name, mark in MARKS.items()},
        "zip": ZIP_NAME,
        "formats": list(FORMATS.items()),
        "seg": {"named": NAMED, "unnamed": UNNAMED},
        "introduction": render("compare", "introduction"),
    }


@cache
def stage_script() -> str:
    """Return the stage's script, with the facts it needs."""
    return joined_script(stage_facts(), read_asset("compare", _EARLY))


def joined_script(facts: dict[str, Any], *more: str) -> str:
    """Return the stage's scripts in one scope, after the facts they need and before what starts them."""
    parts = [read_asset("compare", name) for name in _SCRIPTS]
    return "\n".join(["(() => {", f"const FACTS = {json.dumps(facts)};", *parts, *more, "})();"])


@cache
def stage_style() -> str:
    """Return the styles that the stage needs before the framework has brought the page's."""
    return "\n".join(read_asset(part, name) for part, name in _STYLES)


@cache
def early_head() -> str:
    """Return what the first page's HTML asks for: title, theme, style, the first result, the script."""
    style, script = (hashlib.sha256(each().encode()).hexdigest()[:12] for each in (stage_style, stage_script))
    asks = read_asset("compare", "ask.js")
    words = {"title": TITLE, "about": ABOUT}
    return render("compare", "early", style=style, script=script, asks=asks, **words) + display_head()


class EarlyStage:
    """ASGI middleware: puts `early_head` into the first page's HTML, before the framework's script.

    Parameters
    ----------
    app : the application behind it
    head : returns what to put in
    """

    def __init__(self, app: Any, head: Callable[[], str] = early_head) -> None:
        self._app = app
        self._head = head

    async def __call__(self, scope: _Scope, receive: Any, send: Any) -> None:
        """Pass everything on, the first page with its head."""
        first = scope["type"] == "http" and scope["method"] == "GET" and scope["path"] == _FIRST_PAGE
        await self._app(scope, receive, _Inserted(send, self._head()) if first else send)


class _Inserted:
    """Sends an answer once it is whole, with something before the framework's script."""

    def __init__(self, send: Any, inserted: str) -> None:
        self._send = send
        self._inserted = inserted.encode()
        self._start: dict[str, Any] = {}
        self._body = b""

    async def __call__(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._body += message.get("body", b"")
        if message.get("more_body"):
            return
        body = _OF_THE_FRAMEWORK.sub(b"", self._body).replace(_BEFORE, self._inserted + _BEFORE, 1)
        headers = [each for each in self._start["headers"] if each[0].lower() != b"content-length"]
        headers.append((b"content-length", str(len(body)).encode()))
        await self._send({**self._start, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})
