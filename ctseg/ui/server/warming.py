"""What the first page does without is made ready once it is whole, so that the first click need not wait."""

import logging
import threading
from collections.abc import Callable
from importlib import import_module
from typing import Any

from ctseg.methods import CARDS, download_bytes, load
from ctseg.ui.components.defaults import PRESELECTED
from ctseg.weights.fetch import chosen_source

HEAVY = ("cv2", "onnxruntime", "skimage.segmentation", "higra")
"""Imported when used, and up to seconds each: networks, watershed, merge trees."""
CHARTS = "plotly.graph_objects"
"""The same for the Leaderboard."""
_LAST_ASKED = "/compare/shelf"
"""What the first page asks for last: its first result stands by then and is not held up."""
_Scope = dict[str, Any]
_logger = logging.getLogger(__name__)


def load_preselected() -> None:
    """Load the methods that are ticked at first and whose weights come with the package."""
    for name in PRESELECTED:
        card = CARDS.get(name)
        if card is None or not card.trained or card.family == "foundation model":
            continue
        try:
            if chosen_source() == "embedded" and download_bytes(name) is None:
                load(name)
        except Exception as error:  # its pane will say it, and the others are not to wait for that
            _logger.warning("%s is not ready: %s", name, error)


class WarmAfterFirstPage:
    """ASGI middleware: once the first page has all it asks for, a thread makes ready what is heavy.

    Parameters
    ----------
    app : the application behind it
    steps : names of modules to import and functions to call, in this order
    """

    def __init__(self, app: Any, steps: tuple[str | Callable[[], object], ...] = HEAVY) -> None:
        self._app = app
        self._steps = steps
        self._first = True

    async def __call__(self, scope: _Scope, receive: Any, send: Any) -> None:
        """Pass everything on."""
        await self._app(scope, receive, send)
        if self._first and scope["type"] == "http" and scope["path"] == _LAST_ASKED:
            self._first = False
            threading.Thread(target=self._warm, name="ctseg-warming", daemon=True).start()

    def _warm(self) -> None:
        for step in self._steps:
            try:
                if isinstance(step, str):
                    import_module(step)
                else:
                    step()
            except Exception:  # who needs it will be told; the next ones are made ready
                _logger.exception("One of the things to make ready ahead failed.")
