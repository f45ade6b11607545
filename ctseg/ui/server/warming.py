"""What the first page does without is imported once it is whole, so that the first click need not wait."""

import threading
from importlib import import_module
from typing import Any

HEAVY = ("cv2", "onnxruntime", "higra", "plotly.graph_objects")
"""Imported when used, and up to seconds each: networks, merge trees, and the Leaderboard's charts."""
_LAST_ASKED = "/compare/shelf"
"""What the first page asks for last: its first result stands by then and is not held up."""
_Scope = dict[str, Any]


class WarmAfterFirstPage:
    """ASGI middleware: once the first page has all it asks for, a thread imports what is heavy.

    Parameters
    ----------
    app : the application behind it
    modules : names to import, in this order
    """

    def __init__(self, app: Any, modules: tuple[str, ...] = HEAVY) -> None:
        self._app = app
        self._modules = modules
        self._first = True

    async def __call__(self, scope: _Scope, receive: Any, send: Any) -> None:
        """Pass everything on."""
        await self._app(scope, receive, send)
        if self._first and scope["type"] == "http" and scope["path"] == _LAST_ASKED:
            self._first = False
            threading.Thread(target=self._warm, name="ctseg-warming", daemon=True).start()

    def _warm(self) -> None:
        for name in self._modules:
            import_module(name)
