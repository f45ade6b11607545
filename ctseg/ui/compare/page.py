"""The Compare page: upload and methods at the side, the stage with the panes beside them."""

import json
from pathlib import Path
from typing import Any

import gradio as gr

from ctseg.slices import SliceError
from ctseg.slices.limits import MEBIBYTE, check_upload, max_upload_bytes
from ctseg.ui.compare import handlers, truth
from ctseg.ui.compare.handlers import PageError
from ctseg.ui.compare.messages import refusal
from ctseg.ui.components.assets import read_asset
from ctseg.ui.components.notices import notice, remark
from ctseg.ui.components.templates import render
from ctseg.ui.server.open_pages import SESSIONS
from ctseg.ui.server.sessions import Session
from ctseg.ui.server.uploads import UPLOADS
from ctseg.ui.server.visitors import address_of

_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
_SAY_READING = f"() => {json.dumps(remark('Reading …'))}"

Updates = dict[Any, Any]


class ComparePage:
    """The page's components and what their events do."""

    def __init__(self, pages: gr.Blocks) -> None:
        gr.HTML(render("compare", "introduction"), elem_classes="ct-intro", apply_default_css=False)
        with gr.Row(elem_classes="ct-page"):
            with gr.Column(scale=0, min_width=300, elem_classes="ct-side"):
                self.upload = gr.File(
                    label="CT slice, volume or series: DICOM, NIfTI, PNG, JPEG, TIFF, up to "
                    f"{max_upload_bytes() // MEBIBYTE} MB",
                    file_count="multiple",
                    height=96,
                    elem_id="upload",
                )
                self.said = gr.HTML("", elem_id="said", apply_default_css=False)
                gr.HTML(render("compare", "privacy"), apply_default_css=False)
                self.side = gr.HTML(
                    None,
                    html_template='<div class="ct-side-root"></div>',
                    js_on_load=read_asset("compare", "slot.js"),
                    slot="side",
                    max_bytes=max_upload_bytes(),
                    apply_default_css=False,
                    elem_id="side",
                )
                self.truth = gr.File(label="True label map, to score against", height=84, elem_id="truth")
                self.truth_said = gr.HTML("", elem_id="truth-said", apply_default_css=False)
            with gr.Column(scale=1, min_width=300, elem_classes="ct-main"):
                self.stage = gr.HTML(
                    None,
                    html_template='<div class="ct-viewer"></div>',
                    js_on_load=read_asset("compare", "place.js"),
                    apply_default_css=False,
                    elem_id="viewer",
                )
        self.slots = {name: _slot(name) for name in ("ticket", "opened", "truth")}
        self._wire(pages)

    def _wire(self, pages: gr.Blocks) -> None:
        opened = [self.slots["opened"], self.said, self.upload]
        self.upload.upload(None, None, self.said, js=_SAY_READING, **_QUIET)
        # A choice made while the one before it is read is read next; Gradio would drop it.
        self.upload.upload(
            self.on_upload,
            self.upload,
            opened,
            trigger_mode="always_last",
            concurrency_limit=4,
            concurrency_id="reading",
            **_QUIET,
        )
        self.side.refuse(self.on_refuse, None, self.said, **_QUIET)
        self.truth.upload(
            self.on_truth, self.truth, [self.truth_said, self.truth, self.slots["truth"]], **_QUIET
        )
        pages.load(self.on_load, None, self.slots["ticket"], **_QUIET)

    def on_load(self, request: gr.Request) -> str:
        """Give the page a ticket, which the stage changes for its pass at once."""
        return SESSIONS.ticket(request.session_hash, _address(request))

    def on_upload(self, files: list[str] | None, request: gr.Request) -> Updates:
        """Read an upload; the stage then asks for it."""
        session = _session(request)
        session.address = _address(request)
        try:
            handlers.load_upload(session, files or [])
        except PageError as error:
            return {self.said: refusal(error, shown=session.stack is not None), self.upload: None}
        finally:
            UPLOADS.discard(map(Path, files or []))
        return {self.slots["opened"]: session.loaded_at, self.said: remark(session.remark), self.upload: None}

    def on_refuse(self, event: gr.EventData, request: gr.Request) -> str:
        """Say why a choice of files is too large before it travels."""
        try:
            check_upload([int(event.bytes)])
        except SliceError as error:
            return refusal(error, shown=_session(request).stack is not None)
        return ""

    def on_truth(self, file: str | None, request: gr.Request) -> Updates:
        """Read a true label map; the stage then asks for what it says of the methods."""
        session = _session(request)
        if file is None:
            return {self.truth_said: ""}
        try:
            note = truth.take_truth(session, file)
        except PageError as error:
            return {self.truth_said: notice(str(error)), self.truth: None}
        finally:
            UPLOADS.discard([Path(file)])
        return {
            self.truth_said: remark(note or ""),
            self.truth: None,
            self.slots["truth"]: str(id(session.truth)),
        }


def _slot(name: str) -> gr.HTML:
    return gr.HTML(
        None,
        html_template="",
        js_on_load=read_asset("compare", "slot.js"),
        slot=name,
        visible="hidden",
        apply_default_css=False,
    )


def compare_page(pages: gr.Blocks) -> ComparePage:
    """Lay the page out in the Blocks being built and wire its events."""
    return ComparePage(pages)


def leave(request: gr.Request) -> None:
    """Stop and forget what belongs to a page that was closed."""
    SESSIONS.leave(request.session_hash)


def _session(request: gr.Request) -> Session:
    return SESSIONS.of(request.session_hash)


def _address(request: gr.Request) -> str:
    return address_of(request.request.scope) if request.request is not None else ""
