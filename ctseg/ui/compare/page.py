"""The Compare page: a slice on the left's choosing, the methods side by side on the right."""

import json
import time
from collections.abc import Iterator
from typing import Any

import gradio as gr

from ctseg.slices import SliceError, Stack
from ctseg.slices.limits import MAX_UPLOAD_BYTES, check_upload
from ctseg.ui.compare import handlers, truth
from ctseg.ui.compare.download import results_zip, zip_message
from ctseg.ui.compare.examples import draw_thumbnails, shelf
from ctseg.ui.compare.findings import agreement
from ctseg.ui.compare.handlers import PageError
from ctseg.ui.compare.messages import (
    AGREEMENT,
    INTRODUCTION,
    KNOWN,
    PRESELECTED,
    PRIVACY,
    method_rows,
    refusal,
)
from ctseg.ui.components.assets import read_asset, viewer_script
from ctseg.ui.components.notices import notice, remark
from ctseg.ui.server.method_runs import RUNS
from ctseg.ui.server.sessions import SESSIONS, Session

_SAY_READING = f"() => {json.dumps(remark('Reading …'))}"
_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


def compare_page(pages: gr.Blocks) -> gr.HTML:
    """Lay the page out in the Blocks being built, wire its events and return the shelf of examples."""
    gr.HTML(INTRODUCTION, elem_classes="ct-intro", apply_default_css=False)
    with gr.Row(elem_classes="ct-page"):
        with gr.Column(scale=0, min_width=320, elem_classes="ct-side"):
            gr.HTML(PRIVACY, elem_classes="ct-privacy", apply_default_css=False)
            upload = gr.File(
                label="CT slice, volume or series: DICOM, NIfTI, PNG, JPEG, TIFF, up to 64 MB",
                file_count="multiple",
                height=104,
                elem_id="upload",
            )
            said = gr.HTML("", elem_id="said", apply_default_css=False)
            examples = gr.HTML(
                shelf(),
                html_template='<div class="ct-examples" role="group" aria-label="Examples"></div>',
                js_on_load=read_asset("compare", "examples.js"),
                most_bytes=MAX_UPLOAD_BYTES,
                apply_default_css=False,
                elem_id="examples",
            )
            place = gr.Slider(1, 2, step=1, label="Slice", visible=False, elem_id="place")
            chosen = _chooser()
            with gr.Row(elem_classes="ct-go"):
                compare = gr.Button("Compare", variant="primary", size="lg", elem_id="compare", scale=3)
                cancel = gr.Button("Cancel", size="lg", elem_id="cancel", scale=1, min_width=90)
        with gr.Column(scale=1, min_width=320, elem_classes="ct-main"):
            viewer = gr.HTML(
                None,
                html_template='<div class="ct-viewer"></div>',
                js_on_load=viewer_script(),
                apply_default_css=False,
                elem_id="viewer",
            )
            with gr.Column(visible=False, elem_classes="ct-more-below") as below:
                gr.HTML(AGREEMENT, apply_default_css=False)
                heat = gr.Plot(show_label=False, elem_id="agreement")
            with gr.Accordion(
                "Score against a true label map (optional)", open=False, visible=False
            ) as scoring:
                truth = gr.File(label="True label map (PNG, TIFF, NIfTI)", height=100, elem_id="truth")
                truth_said = gr.HTML("", apply_default_css=False)
    slots = {name: _slot(name) for name in ("slice", "plan", "result", "truth", "zip")}

    opened = [slots["slice"], place, said, upload, below, scoring]
    upload.upload(None, None, said, js=_SAY_READING, **_QUIET)
    examples.pick(None, None, said, js=_SAY_READING, **_QUIET)
    # A choice made while the one before it is read is read next; Gradio would drop it.
    reading: dict[str, Any] = {"concurrency_limit": 4, "concurrency_id": "reading", **_QUIET}
    upload.upload(_on_upload, upload, opened, trigger_mode="always_last", **reading)
    examples.pick(_on_example, None, opened, trigger_mode="always_last", **reading)
    pages.load(_on_link, None, opened, **reading)
    examples.refuse(_on_refuse, None, said, **_QUIET)
    place.input(
        _on_place, place, [slots["slice"], said, below, scoring], trigger_mode="always_last", **_QUIET
    )
    compare.click(_on_compare, chosen, [slots["plan"], said, below, scoring], **_QUIET)
    running = viewer.run(
        _on_run,
        None,
        slots["result"],
        concurrency_id=RUNS,
        concurrency_limit=1,
        trigger_mode="multiple",
        **_QUIET,
    )
    running.then(
        _after_run,
        None,
        [below, heat, slots["truth"]],
        trigger_mode="always_last",
        **_QUIET,
    )
    cancel.click(_on_cancel, None, slots["plan"], cancels=[running], queue=False, **_QUIET)
    viewer.pack(_on_pack, None, slots["zip"], **_QUIET)
    truth.upload(_on_truth, truth, [truth_said, truth, slots["truth"]], **_QUIET)
    return examples


def _chooser() -> gr.HTML:
    rows = method_rows()
    ready = {str(row["name"]) for row in rows if row["ready"]}
    return gr.HTML(
        [name for name in PRESELECTED if name in ready],
        html_template='<fieldset><legend>Methods</legend><div class="ct-methods"></div></fieldset>',
        js_on_load=read_asset("compare", "chooser.js"),
        cards=rows,
        apply_default_css=False,
        elem_id="methods",
    )


def _slot(name: str) -> gr.HTML:
    return gr.HTML(
        None,
        html_template="",
        js_on_load=read_asset("compare", "slot.js"),
        slot=name,
        visible="hidden",
        apply_default_css=False,
    )


def load_thumbnails() -> list[dict[str, str]]:
    """Return the examples' thumbnails, for the page's load event."""
    return draw_thumbnails()


def leave(request: gr.Request) -> None:
    """Stop and forget what belongs to a page that was closed."""
    SESSIONS.leave(request.session_hash)


def _session(request: gr.Request) -> Session:
    return SESSIONS.of(request.session_hash)


def _on_upload(files: list[str] | None, request: gr.Request) -> list[Any]:
    session = _session(request)
    try:
        stack = handlers.load_upload(session, files or [])
    except PageError as error:
        return _refused(session, error)
    return _opened(session, stack)


def _on_example(event: gr.EventData, request: gr.Request) -> list[Any]:
    session = _session(request)
    try:
        stack = handlers.load_example(session, int(event.index))
    except PageError as error:
        return _refused(session, error)
    return _opened(session, stack)


def _on_link(request: gr.Request) -> list[Any]:
    query = request.query_params
    board, image = str(query.get("board", "")), str(query.get("image", ""))
    if not board and not image:
        return [gr.skip()] * 6
    session = _session(request)
    try:
        stack = handlers.load_board_image(session, board[:80], image[:80])
    except PageError as error:
        return _refused(session, error)
    return _opened(session, stack)


def _on_refuse(event: gr.EventData, request: gr.Request) -> str:
    try:
        check_upload([int(event.bytes)])
    except SliceError as error:
        return refusal(error, shown=_session(request).stack is not None)
    return ""


def _refused(session: Session, error: PageError) -> list[Any]:
    said = refusal(error, shown=session.stack is not None)
    return [gr.skip(), gr.skip(), said, None, gr.skip(), gr.skip()]


def _opened(session: Session, stack: Stack) -> list[Any]:
    several = gr.Slider(
        minimum=1, maximum=max(len(stack), 2), value=session.index + 1, visible=len(stack) > 1
    )
    return [
        handlers.show_slice(session) | {"opened": True},
        several,
        remark(stack.note or (KNOWN if session.truth is not None else "")),
        None,
        gr.Column(visible=False),
        gr.Accordion(visible=False),
    ]


def _on_place(place: float, request: gr.Request) -> list[Any]:
    session = _session(request)
    try:
        shown = handlers.turn_to(session, int(place) - 1)
    except PageError as error:
        return [gr.skip(), notice(str(error)), gr.skip(), gr.skip()]
    return [shown, "", gr.Column(visible=False), gr.Accordion(visible=False)]


def _on_compare(chosen: list[str], request: gr.Request) -> list[Any]:
    session = _session(request)
    try:
        plan = handlers.begin(session, chosen)
    except PageError as error:
        return [gr.skip(), notice(str(error)), gr.skip(), gr.skip()]
    # A truth that came with the slice needs no upload; one that was uploaded may still be replaced.
    offered = gr.Accordion(visible=True) if session.truth is None else gr.skip()
    return [plan, "", gr.Column(visible=False), offered]


def _on_run(event: gr.EventData, request: gr.Request) -> Iterator[Any]:
    yield from handlers.run(_session(request), str(event.plan), str(event.method))


def _after_run(request: gr.Request) -> list[Any]:
    session = _session(request)
    several = len(session.finished) > 1
    figure = agreement(session.finished) if several else None
    return [gr.Column(visible=several), figure, truth.judged(session)]


def _on_cancel(request: gr.Request) -> dict[str, Any]:
    session = _session(request)
    session.stop()
    return {"cancelled": session.plan.identity if session.plan else None}


def _on_pack(event: gr.EventData, request: gr.Request) -> dict[str, Any]:
    session = _session(request)
    ct_slice = session.ct_slice
    if ct_slice is None or not session.finished:
        return {"data": "", "at": time.time()}
    return zip_message(results_zip(ct_slice, session.finished, event.names, session.truth)) | {
        "at": time.time()
    }


def _on_truth(file: str | None, request: gr.Request) -> list[Any]:
    session = _session(request)
    if file is None:
        return [gr.skip()] * 3
    try:
        truth.take_truth(session, file)
    except PageError as error:
        return [notice(str(error)), None, gr.skip()]
    return ["", None, truth.judged(session)]
