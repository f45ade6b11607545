"""The explanation with sliders: one phantom slice, its perturbed label map, and all indices beside it."""

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
from ctseg.metrics.catalogue import CATALOGUE, COMPARED
from ctseg.slices import CTSlice
from ctseg.slices.windowing import to_uint8
from ctseg.ui.components.assets import read_asset
from ctseg.ui.components.templates import render
from ctseg.ui.components.words import decimals
from ctseg.ui.leaderboard.perturbation import MAX_PIECES, MAX_PX, Changes, PerturbedLabelMap

_SEED = 10
_OPACITY = 150
_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "queue": False}
_BARS = (*COMPARED, "ri")

PRESETS: tuple[tuple[str, Changes], ...] = (
    ("The truth", Changes()),
    ("Mask + connected regions", Changes(merged=1.0)),
    ("Cut in three", Changes(pieces=3)),
    ("4 px too small", Changes(grown_px=-4)),
    ("4 px too large", Changes(grown_px=4)),
    ("Fill the image", Changes(filled=1.0)),
)


def explain_panel() -> None:
    """Add the explanation, folded, to the Blocks being built; it is filled when it is opened."""
    with gr.Accordion("Try the two indices yourself, with sliders", open=False, elem_id="explain") as panel:
        gr.HTML(render("leaderboard", "explain"), apply_default_css=False, elem_classes="bd-words")
        with gr.Row(elem_classes="bd-explain"):
            with gr.Column(scale=1, min_width=300):
                merged = gr.Slider(
                    0, 100, 0, step=10, label="Merge touching structures (%)", elem_id="bd-merge"
                )
                pieces = gr.Slider(
                    1, MAX_PIECES, 1, step=1, label="Cut every structure into pieces", elem_id="bd-split"
                )
                grown = gr.Slider(
                    -MAX_PX, MAX_PX, 0, step=1, label="Shrink or grow the mask (px)", elem_id="bd-grow"
                )
                filled = gr.Slider(0, 100, 0, step=5, label="Fill the image (%)", elem_id="bd-fill")
                with gr.Row(elem_classes="bd-presets"):
                    presets = [
                        (gr.Button(name, size="sm", min_width=90), changes) for name, changes in PRESETS
                    ]
            with gr.Column(scale=2, min_width=300):
                shown = gr.HTML(
                    None,
                    html_template='<div class="bd-lab"></div>',
                    js_on_load=read_asset("leaderboard", "explain.js"),
                    apply_default_css=False,
                    elem_id="bd-lab",
                )
        words = render("leaderboard", "two_numbers", what_changed=WHAT_CHANGED)
        gr.HTML(words, apply_default_css=False, elem_classes="bd-words")
    sliders = [merged, pieces, grown, filled]

    def places(changes: Changes) -> dict[gr.Slider, float]:
        return dict(zip(sliders, slider_places(changes), strict=True))

    gr.on(
        [slider.change for slider in sliders],
        on_sliders,
        sliders,
        shown,
        trigger_mode="always_last",
        **_QUIET,
    )
    for button, changes in presets:
        button.click(lambda changes=changes: places(changes), None, sliders, **_QUIET)
    panel.expand(first_message, None, shown, **_QUIET)


def message(changes: Changes) -> dict[str, Any]:
    """Return what the panel shows after these changes: the label map as an image, and all indices."""
    truth = _truth()
    changed = truth.changed(changes)
    return {
        "labels": labels_png(match_labels([truth.true, changed])[1]),
        "scores": _scores(score(changed, truth.true)),
    }


def first_message() -> dict[str, Any]:
    """Return the truth as it is, together with the slice that it lies on."""
    return message(Changes()) | {"grey": _grey_image()}


def labels_png(label_map: NDArray[np.integer]) -> str:
    """Return a label map (H, W) as a PNG in a data URL, transparent where there is no structure."""
    image = Image.fromarray(np.where(label_map == 0, PALETTE_SIZE, colour_index(label_map)).astype(np.uint8))
    image.putpalette([*colours(PALETTE_SIZE).ravel().tolist(), 0, 0, 0])
    data = io.BytesIO()
    image.save(data, "PNG", transparency=bytes([_OPACITY] * PALETTE_SIZE + [0]), compress_level=3)
    return _data_url(data.getvalue(), "png")


def slider_places(changes: Changes) -> tuple[float, float, float, float]:
    """Return where the four sliders stand for these changes, as ``on_sliders`` takes them."""
    return 100 * changes.merged, changes.pieces, changes.grown_px, 100 * changes.filled


def on_sliders(merged: float, pieces: float, grown_px: float, filled: float) -> dict[str, Any]:
    """Return what the panel shows where the sliders stand: shares in per cent, whole pieces and px."""
    return message(
        Changes(merged=merged / 100, pieces=int(pieces), grown_px=int(grown_px), filled=filled / 100)
    )


def _scores(scores: Scores) -> dict[str, Any]:
    notes = {key: CATALOGUE[key].asks for key in _BARS}
    notes["ri"] = f"nothing marked: {decimals(scores.ri_all_background, 2)}"
    return {
        "bars": [
            {
                "key": key,
                "name": CATALOGUE[key].title,
                "value": round(float(getattr(scores, key)), 3),
                "note": notes[key],
            }
            for key in _BARS
        ],
        "facts": [
            ["Structures found", f"{scores.structures_found} of {scores.structures_true}"],
            [CATALOGUE["structures_predicted"].title, str(scores.structures_predicted)],
            *([CATALOGUE[key].heading, decimals(getattr(scores, key), 2)] for key in ("split", "merge")),
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
def _grey_image() -> str:
    phantom = _phantom()
    ct_slice = CTSlice(phantom.hounsfield, "HU", phantom.spacing_mm, "phantom")
    data = io.BytesIO()
    Image.fromarray(to_uint8(ct_slice, phantom.window)).save(data, "JPEG", quality=88)
    return _data_url(data.getvalue(), "jpeg")


def _data_url(data: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
