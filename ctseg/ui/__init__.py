"""The pages of the app. Importing this package imports neither gradio nor torch."""

import gc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import gradio as gr


def build() -> "gr.Blocks":
    """Return the app with all its pages, not yet launched."""
    from ctseg.ui.app import build

    return build()


def serve(host: str = "127.0.0.1", port: int = 7860, open_browser: bool = False) -> None:
    """Serve the pages until interrupted; port 0 takes any free one."""
    # An import makes a million objects that all stay: to walk through them again and again is a sixth of it.
    gc.disable()
    try:
        from ctseg.ui.app import serve
    finally:
        gc.freeze()
        gc.enable()

    serve(host, port, open_browser)
