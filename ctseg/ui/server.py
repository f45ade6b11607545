"""Puts the pages together and serves them."""

import os
import signal
import threading

import gradio as gr

from ctseg.slices import shut_down, warm_up
from ctseg.slices.limits import MAX_UPLOAD_BYTES
from ctseg.ui.api import add_api
from ctseg.ui.assets import read_asset
from ctseg.ui.compare import compare_page, leave, load_thumbnails
from ctseg.ui.housekeeping import Housekeeping, private_upload_folder
from ctseg.ui.leaderboard_page import leaderboard_page
from ctseg.ui.methods_page import methods_page
from ctseg.ui.theme import theme

TITLE = "ctseg: compare ways to segment a CT slice"
FIRST_PAGE = "Compare"


def build() -> gr.Blocks:
    """Return all pages as one Blocks, not yet launched.

    Further pages are added after the first with ``with pages.route("Name", "/path"): ...``; Gradio makes the
    navigation bar.
    """
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    private_upload_folder()
    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True) as pages:
        gr.Navbar(main_page_name=FIRST_PAGE)
        examples = compare_page(pages)
        add_api()
        pages.load(load_thumbnails, None, examples, show_progress="hidden", api_visibility="private")
        pages.unload(leave)
    with pages.route("Leaderboard", "/leaderboard"):
        gr.Navbar(main_page_name=FIRST_PAGE)
        leaderboard_page(pages)
    with pages.route("Methods", "/methods"):
        gr.Navbar(main_page_name=FIRST_PAGE)
        methods_page(pages)
    return pages


def serve(host: str = "127.0.0.1", port: int = 7860, open_browser: bool = False) -> None:
    """Serve the pages until interrupted.

    Parameters
    ----------
    host : address to listen on; 127.0.0.1 is this machine only
    port : port to listen on
    open_browser : open the page in the default browser
    """
    housekeeping = Housekeeping(private_upload_folder())
    pages = build()
    housekeeping.start()
    warm_up()
    if threading.current_thread() is threading.main_thread():
        # A container is told to end this way; uploads are to be deleted then as on Ctrl-C.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        pages.queue(default_concurrency_limit=8).launch(
            server_name=host,
            server_port=port,
            inbrowser=open_browser,
            theme=theme(),
            css=read_asset("page.css") + read_asset("board_page.css"),
            footer_links=[],
            run_history=False,
            max_file_size=MAX_UPLOAD_BYTES,
            show_error=False,
            ssr_mode=False,
            pwa=False,
            mcp_server=False,
            enable_monitoring=False,
            share=False,
        )
    except KeyboardInterrupt:
        pass
    finally:
        pages.close()
        housekeeping.stop()
        shut_down()
