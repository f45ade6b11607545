"""The explanation with sliders: one phantom slice, its spoilt truth, and all indices beside it."""

import base64
import io
from functools import cache
from typing import Any

import gradio as gr
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ctseg.datasets.phantom import PhantomSlice, phantom_slice
from ctseg.labelmaps import colours, match_labels
from ctseg.labelmaps.palette import PALETTE_SIZE, colour_index
from ctseg.leaderboard.results.published_scores import WHAT_CHANGED
from ctseg.metrics import Scores, score
from ctseg.slices import CTSlice
from ctseg.slices.windowing import to_uint8
from ctseg.ui.components.assets import read_asset
from ctseg.ui.leaderboard.perturbation import MOST_PIECES, MOST_PX, Changes, PerturbedLabelMap

_SEED = 10
_OPACITY = 150
_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "queue": False}

PRESETS: tuple[tuple[str, Changes], ...] = (
    ("The truth", Changes()),
    ("Mask + connected regions", Changes(merged=1.0)),
    ("Cut in three", Changes(pieces=3)),
    ("4 px too small", Changes(grown_px=-4)),
    ("4 px too large", Changes(grown_px=4)),
    ("Fill the picture", Changes(filled=1.0)),
)
_HEAD = (
    "<h2>Try the indices yourself</h2>"
    "<p>A drawn slice with its true structures. Spoil them and watch which index notices: merging hardly "
    "moves ari, "
    "filling the picture does not move fg_ari at all.</p>"
)


def explain_panel(pages: gr.Blocks) -> None:
    """Add the explanation to the Blocks being built; it is filled when the page loads."""
    gr.HTML(_HEAD, apply_default_css=False, elem_classes="bd-words")
    with gr.Row(elem_classes="bd-explain"):
        with gr.Column(scale=1, min_width=300):
            sliders = [
                gr.Slider(0, 100, 0, step=10, label="Merge touching structures (%)", elem_id="bd-merge"),
                gr.Slider(
                    1, MOST_PIECES, 1, step=1, label="Cut every structure into pieces", elem_id="bd-split"
                ),
                gr.Slider(
                    -MOST_PX, MOST_PX, 0, step=1, label="Shrink or grow the mask (px)", elem_id="bd-grow"
                ),
                gr.Slider(0, 100, 0, step=5, label="Fill the picture (%)", elem_id="bd-fill"),
            ]
            with gr.Row(elem_classes="bd-presets"):
                presets = [(gr.Button(name, size="sm", min_width=90), changes) for name, changes in PRESETS]
        with gr.Column(scale=2, min_width=300):
            shown = gr.HTML(
                None,
                html_template='<div class="bd-lab"></div>',
                js_on_load=read_asset("leaderboard", "explain.js"),
                apply_default_css=False,
                elem_id="bd-lab",
            )
    gr.HTML(f"<p><b>From 86 to 74.</b> {WHAT_CHANGED}</p>", apply_default_css=False, elem_classes="bd-words")
    gr.on(
        [slider.change for slider in sliders],
        _on_slider,
        sliders,
        shown,
        trigger_mode="always_last",
        **_QUIET,
    )
    for button, changes in presets:
        button.click(lambda changes=changes: _places(changes), None, sliders, **_QUIET)
    pages.load(first_message, None, shown, **_QUIET)


def message(changes: Changes) -> dict[str, Any]:
    """Return what the panel shows after these changes: the label map as a picture, and all indices."""
    truth = _truth()
    changed = truth.changed(changes)
    return {
        "labels": labels_png(match_labels([truth.true, changed])[1]),
        "scores": _told(score(changed, truth.true)),
    }


def first_message() -> dict[str, Any]:
    """Return the unspoilt truth together with the slice that it lies on."""
    return message(Changes()) | {"grey": _grey_picture()}


def labels_png(label_map: NDArray[np.integer]) -> str:
    """Return a label map (H, W) as a PNG in a data URL, transparent where there is no structure."""
    picture = Image.fromarray(
        np.where(label_map == 0, PALETTE_SIZE, colour_index(label_map)).astype(np.uint8)
    )
    picture.putpalette([*colours(PALETTE_SIZE).ravel().tolist(), 0, 0, 0])
    data = io.BytesIO()
    picture.save(data, "PNG", transparency=bytes([_OPACITY] * PALETTE_SIZE + [0]), compress_level=3)
    return _data_url(data.getvalue(), "png")


def _on_slider(merged: float, pieces: float, grown_px: float, filled: float) -> dict[str, Any]:
    return message(
        Changes(merged=merged / 100, pieces=int(pieces), grown_px=int(grown_px), filled=filled / 100)
    )


def _places(changes: Changes) -> list[float]:
    return [100 * changes.merged, changes.pieces, changes.grown_px, 100 * changes.filled]


def _told(scores: Scores) -> dict[str, Any]:
    bars = (
        ("ari", scores.ari, "foreground right?"),
        ("fg_ari", scores.fg_ari, "structures kept apart?"),
        ("Best IoU", scores.best_iou, "every structure, small ones too"),
        ("Panoptic quality", scores.panoptic_quality, "matches, misses, false alarms"),
        ("Foreground Dice", scores.foreground_dice, "the mask alone"),
        ("Plain ri", scores.ri, f"nothing marked: {scores.ri_all_background:.2f}"),
    )
    return {
        "bars": [{"name": name, "value": round(value, 3), "note": note} for name, value, note in bars],
        "facts": [
            ["Structures found", f"{scores.structures_found} of {scores.structures_true}"],
            ["Regions", str(scores.structures_predicted)],
            ["Split error", f"{scores.split:.2f} bits"],
            ["Merge error", f"{scores.merge:.2f} bits"],
        ],
        "tick": round(scores.ri_all_background, 3),
    }


@cache
def _phantom() -> PhantomSlice:
    return phantom_slice(_SEED, "abdomen")


@cache
def _truth() -> PerturbedLabelMap:
    return PerturbedLabelMap(_phantom().label_map)


@cache
def _grey_picture() -> str:
    phantom = _phantom()
    ct_slice = CTSlice(phantom.hounsfield, "HU", phantom.spacing_mm, "phantom")
    data = io.BytesIO()
    Image.fromarray(to_uint8(ct_slice, phantom.window)).save(data, "JPEG", quality=88)
    return _data_url(data.getvalue(), "jpeg")


def _data_url(data: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
