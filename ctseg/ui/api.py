"""The calls for programs: the same methods over `gradio_client`, under names that stay."""

import json
import shutil
import tempfile
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from numpy.typing import NDArray

from ctseg.export import MethodRun, report
from ctseg.labelmaps.files import write_png16
from ctseg.methods import CARDS
from ctseg.slices import SliceError, read_upload
from ctseg.ui.server.housekeeping import private_upload_folder
from ctseg.ui.server.method_runs import RUNS, Done, Failed, run_method
from ctseg.ui.server.pages import Pages
from ctseg.ui.server.uploads import FULL, UPLOADS

_made: dict[str, list[Path]] = {}


def add_api(pages: Pages) -> None:
    """Add ``/segment`` and ``/methods`` to the Blocks being built; they show nothing on the page."""

    def segment_file(
        file: str | None, method: str, slice_index: float, request: gr.Request
    ) -> tuple[str, dict[str, Any]]:
        key = str(request.session_hash)
        label_map, told = segment_upload(file, method, slice_index, lambda: pages.is_wanted(key))
        return _as_png(label_map, key), told

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


def segment_upload(
    file: str | None, method: str, slice_index: float | None, is_wanted: Callable[[], bool]
) -> tuple[NDArray[np.integer], dict[str, Any]]:
    """Segment one slice of a file; the run ends when nobody waits for it any more.

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
        ct_slice = stack[stack.middle if slice_index in (-1, None) else int(slice_index or 0)]
        stack.free()
    except SliceError as error:
        raise gr.Error(str(error), print_exception=False) from error
    finally:
        UPLOADS.discard([Path(file)])
    stop = threading.Event()
    for step in run_method(ct_slice, method, stop):
        if not is_wanted():
            stop.set()
        if isinstance(step, Failed):
            raise gr.Error(step.sentence, print_exception=False)
        if isinstance(step, Done):
            run = MethodRun(method, step.label_map, step.seconds, tree=step.tree)
            return step.label_map, report(ct_slice, [run])
    raise gr.Error("This call was left before it was done.", print_exception=False)


def _as_png(label_map: NDArray[np.integer], key: str) -> str:
    folder = Path(tempfile.mkdtemp(prefix="labels-", dir=private_upload_folder()))
    path = folder / "labels.png"
    try:
        write_png16(path, label_map)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise gr.Error(FULL, print_exception=False) from error
    _made.setdefault(key, []).append(folder)
    return str(path)


def forget_answers(key: str | None) -> None:
    """Delete the label maps that were made for a caller who left; others' go with the sweep."""
    for folder in _made.pop(key or "", []):
        shutil.rmtree(folder, ignore_errors=True)


def forget_swept() -> None:
    """Keep no record of label maps that the sweep has deleted."""
    for key in [key for key, folders in list(_made.items()) if not any(map(Path.exists, folders))]:
        _made.pop(key, None)
