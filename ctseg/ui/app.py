"""Puts the pages together and serves them."""

import os
import signal
import threading
from typing import Any

import gradio as gr

from ctseg.leaderboard.submissions.service import SubmissionService, open_service
from ctseg.methods.runs import add_runs_of_setting
from ctseg.slices import shut_down, warm_up
from ctseg.ui.api import add_api, forget_answers, forget_swept
from ctseg.ui.compare.early import EarlyStage
from ctseg.ui.compare.opening import opening_gzip
from ctseg.ui.compare.page import compare_page, leave
from ctseg.ui.compare.routes import compare_routes
from ctseg.ui.components.assets import read_asset
from ctseg.ui.components.display import TITLE, display_head
from ctseg.ui.leaderboard.page import leaderboard_page
from ctseg.ui.methods.page import methods_page
from ctseg.ui.server.calls import Calls
from ctseg.ui.server.downloads import download_routes
from ctseg.ui.server.gate import MAX_REQUEST_BYTES, Gate, wrong_values
from ctseg.ui.server.health import Health
from ctseg.ui.server.housekeeping import Housekeeping, empty_dead_folders, private_upload_folder
from ctseg.ui.server.pages import MAX_STATES, Pages
from ctseg.ui.server.upload_route import upload_routes
from ctseg.ui.server.uploads import UPLOADS
from ctseg.ui.server.warming import CHARTS, HEAVY, WarmAfterFirstPage, load_preselected
from ctseg.ui.submit.page import submit_page
from ctseg.ui.theme import theme

FIRST_PAGE = "Compare"
STYLES = (
    ("components", "page.css"),
    ("components", "shared.css"),
    ("compare", "page.css"),
    ("leaderboard", "page.css"),
    ("submit", "page.css"),
    ("methods", "page.css"),
)


def build(service: SubmissionService | None = None) -> Pages:
    """Return all pages as one Blocks, not yet launched; ``service`` takes submissions, or this machine's.

    Further pages are added after the first with ``with pages.route("Name", "/path"): ...``; Gradio makes the
    navigation bar.
    """
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    # The peer's address counts, not what it claims; `CTSEG_TRUSTED_HOPS` says which claims are believed.
    os.environ.setdefault("FORWARDED_ALLOW_IPS", "")
    private_upload_folder()
    add_runs_of_setting()

    async def left(request: gr.Request) -> None:
        leave(request)
        forget_answers(request.session_hash)
        await pages.forget(request.session_hash)

    with Pages(title=TITLE, analytics_enabled=False, fill_width=True) as pages:
        gr.Navbar(main_page_name=FIRST_PAGE)
        compare_page(pages)
        add_api(pages)
        pages.unload(left)
    with pages.route("Leaderboard", "/leaderboard"):
        gr.Navbar(main_page_name=FIRST_PAGE)
        leaderboard_page(pages)
    with pages.route("Submit", "/submit"):
        gr.Navbar(main_page_name=FIRST_PAGE)
        submit_page(pages, service or open_service())
    with pages.route("Methods", "/methods"):
        gr.Navbar(main_page_name=FIRST_PAGE)
        methods_page(pages)
    return pages


def launch(pages: Pages, health: Health, **further: Any) -> None:
    """Open the pages behind the gate, with our own routes before Gradio's.

    Parameters
    ----------
    pages : as `build` returned them
    health : what ``/health`` tells
    further : of Gradio's ``launch``
    """
    from fastapi.exceptions import RequestValidationError
    from starlette.middleware import Middleware

    pages.queue(default_concurrency_limit=8).launch(
        theme=theme(),
        css="".join(read_asset(part, name) for part, name in STYLES),
        head=display_head(),
        footer_links=[],
        run_history=False,
        max_file_size=MAX_REQUEST_BYTES,
        state_session_capacity=MAX_STATES,
        app_kwargs={
            "routes": [*upload_routes(), *download_routes(), *compare_routes(), *health.routes()],
            "middleware": [
                Middleware(WarmAfterFirstPage, steps=(*HEAVY, load_preselected, CHARTS)),
                Middleware(Gate, calls=Calls(pages)),
                Middleware(EarlyStage),
            ],
            "exception_handlers": {RequestValidationError: wrong_values},
        },
        show_error=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        enable_monitoring=False,
        share=False,
        **further,
    )


def serve(host: str = "127.0.0.1", port: int = 7860, open_browser: bool = False) -> None:
    """Serve the pages until interrupted.

    Parameters
    ----------
    host : address to listen on; 127.0.0.1 is this machine only
    port : port to listen on
    open_browser : open the page in the default browser
    """
    empty_dead_folders()
    service = open_service()
    pages = build(service)
    housekeeping = Housekeeping(private_upload_folder(), [pages.forget_idle, forget_swept, UPLOADS.reconcile])
    housekeeping.start()
    service.start()
    warm_up()
    threading.Thread(target=opening_gzip, name="ctseg-opening", daemon=True).start()
    if threading.current_thread() is threading.main_thread():
        # A container is told to end this way; uploads are to be deleted then as on Ctrl-C.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        launch(pages, Health(housekeeping), server_name=host, server_port=port, inbrowser=open_browser)
    except KeyboardInterrupt:
        pass
    finally:
        pages.close()
        service.stop()
        housekeeping.stop()
        shut_down()
