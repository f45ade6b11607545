"""The calls for programs: the same methods over `gradio_client`, under names that stay."""

import json
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any

import gradio as gr

from ctseg.export import MethodRun, report
from ctseg.labelmaps.files import write_png16
from ctseg.methods import CARDS
from ctseg.slices import SliceError, read_upload
from ctseg.ui.server.housekeeping import private_upload_folder
from ctseg.ui.server.method_runs import RUNS, Done, Failed, run_method


def add_api() -> None:
    """Add ``/segment`` and ``/methods`` to the Blocks being built; they show nothing on the page."""
    with gr.Column(visible=False):
        file = gr.File(label="file")
        method = gr.Textbox(value="watershed", label="method")
        index = gr.Number(value=-1, precision=0, label="slice_index")
        labels = gr.File(label="label map")
        facts = gr.JSON(label="report")
        gr.Button().click(
            segment_file,
            [file, method, index],
            [labels, facts],
            api_name="segment",
            api_description="Label map of one slice (16-bit PNG), and a report. Index -1: the middle slice.",
            concurrency_id=RUNS,
            concurrency_limit=1,
        )
        cards = gr.JSON(label="methods")
        gr.Button().click(
            list_methods,
            None,
            cards,
            api_name="methods",
            api_description="The card of every method by name.",
        )


def list_methods() -> dict[str, Any]:
    """Return every method's card by name."""
    cards: dict[str, Any] = json.loads(json.dumps({name: asdict(card) for name, card in CARDS.items()}))
    return cards


def segment_file(file: str | None, method: str, slice_index: float) -> tuple[str, dict[str, Any]]:
    """Segment one slice of a file.

    Raises
    ------
    gr.Error
        With one sentence, if the file or the method cannot be used.
    """
    if file is None:
        raise gr.Error(
            "No file was given; send a CT slice, a volume or a ZIP of one series.", print_exception=False
        )
    try:
        stack = read_upload([file])
        ct_slice = stack[stack.middle if slice_index == -1 else int(slice_index)]
        stack.free()
    except SliceError as error:
        raise gr.Error(str(error), print_exception=False) from error
    for step in run_method(ct_slice, method, threading.Event()):
        if isinstance(step, Failed):
            raise gr.Error(step.sentence, print_exception=False)
        if isinstance(step, Done):
            run = MethodRun(method, step.label_map, step.seconds, tree=step.tree)
            return _as_png(step.label_map), report(ct_slice, [run])
    raise AssertionError("a run that nobody stops ends with Done or Failed")


def _as_png(label_map: Any) -> str:
    # A label map shows no pixel of the patient; it goes with the next sweep of the upload folder.
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="labels-", dir=private_upload_folder()))
    path = folder / "labels.png"
    write_png16(path, label_map)
    return str(path)
