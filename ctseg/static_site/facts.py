"""What the page in the browser must know that Python decides: methods, networks, thresholds, examples."""

import hashlib
from pathlib import Path
from typing import Any

from ctseg.export import DISCLAIMER
from ctseg.labelmaps.judgement import MARKS
from ctseg.labelmaps.palette import PALETTE_SIZE, colours
from ctseg.methods import CARDS, Card
from ctseg.methods.base.domain import domain_facts, domain_notes
from ctseg.methods.base.whole_slice import LOOK, MAX_WORKING_SIDE, REGIONS
from ctseg.methods.own.partition_all import STRUCTURES
from ctseg.methods.own.structures import BASINS_BELOW, JOINED_FROM, MASK_FROM
from ctseg.networks.affinities import OFFSETS
from ctseg.networks.served import graph_of
from ctseg.partition.volume import BORDER_STRENGTH, FLAT_WEIGHT, INSIDE_WEIGHT
from ctseg.slices.limits import MAX_SIDE, MAX_SLICES, MAX_STACK_BYTES, MAX_UPLOAD_BYTES
from ctseg.slices.stack import ABOVE, BELOW, HIGHEST_HU, LOWEST_HU
from ctseg.ui.compare.early import stage_facts
from ctseg.ui.compare.frames import SHOWN_AS
from ctseg.ui.compare.truth import SCORE_COLUMNS
from ctseg.weights import fetch

METHODS: dict[str, dict[str, Any]] = {
    "unet-tvmf": {"kind": "foreground"},
    "partition": {
        "kind": "structures",
        "mask_from": MASK_FROM,
        "basins_below": BASINS_BELOW,
        "joined_from": JOINED_FROM,
    },
    "partition-all": {
        "kind": "whole slice",
        "regions": REGIONS,
        "max_side": MAX_WORKING_SIDE,
        "look": LOOK,
        "structures": STRUCTURES,
        "flat": FLAT_WEIGHT,
        "inside": INSIDE_WEIGHT,
        "border": BORDER_STRENGTH,
    },
    "unet-simclr": {"kind": "foreground"},
    "watershed": {"kind": "watershed"},
}
"""Methods that the page runs, in its order: how, and with which parameters."""
PRESELECTED = ("unet-tvmf", "partition", "partition-all")
MAX_THREADS = 4
"""Of the networks, where the browser allows any but one."""
SLOWER = 5
"""About so many times a method's seconds on the server are taken in a browser, on one thread."""


def published(path: Path, place: str) -> dict[str, Any]:
    """Return what the page checks of a file: its place in the folder, its size and its sha256."""
    content = path.read_bytes()
    return {"file": place, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def network_files(card: Card) -> dict[str, Path]:
    """Return the weights and the graph of a method's own network by their places in the folder."""
    if not card.weights:
        return {}
    weights = fetch(card.weights[0])
    graph = graph_of(weights, METHODS[card.name].get("look", 1.0))
    return {f"networks/{weights.name}": weights, f"networks/{graph.name}": graph}


def method_facts(name: str) -> dict[str, Any]:
    """Return what the browser must know to run a method and to tell of it."""
    card = CARDS[name]
    files = [published(path, place) for place, path in network_files(card).items()]
    network = None
    if files:
        weights, graph = files
        size = int(Path(graph["file"]).stem.rsplit("-", 1)[1])
        network = {"weights": weights, "graph": graph, "size": size}
    return METHODS[name] | {
        "title": card.title,
        "full_tiling": card.full_tiling,
        "window": [card.input_window.width, card.input_window.level],
        "knows": card.training_data if card.saw != ("nothing",) else "",
        "notes": domain_notes(card),
        "report": {
            "input_window_hu": {"width": card.input_window.width, "level": card.input_window.level},
            "weights": list(card.weights),
            "weights_licence": card.weights_licence,
            "paper": card.paper,
        },
        "failures": list(card.known_failures),
        "seconds": card.seconds * SLOWER,
        "network": network,
    }


def engine_facts(
    runtime: dict[str, Any], versions: dict[str, str], examples: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return the facts for the worker, which runs the methods.

    Parameters
    ----------
    runtime : of the WebAssembly, as `published` tells it
    versions : of what runs, for the report that a visitor takes away
    examples : as the page lists them
    """
    return {
        "runtime": runtime,
        "methods": {name: method_facts(name) for name in METHODS},
        "offsets": OFFSETS,
        "max_threads": MAX_THREADS,
        "palette": PALETTE_SIZE,
        "colours": colours(PALETTE_SIZE).tolist(),
        "marks": MARKS,
        "score_columns": SCORE_COLUMNS,
        "domain": domain_facts(),
        "disclaimer": DISCLAIMER,
        "beyond": [
            {"limit": limit, "note": note, "shown": SHOWN_AS[note]}
            for limit, note in ((HIGHEST_HU, ABOVE), (LOWEST_HU, BELOW))
        ],
        "versions": versions,
        "examples": examples,
        "limits": {
            "side": MAX_SIDE,
            "slices": MAX_SLICES,
            "stack_bytes": MAX_STACK_BYTES,
            "upload_bytes": MAX_UPLOAD_BYTES,
        },
    }


def page_facts(examples: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the facts for the stage: those of the app, with the methods and examples of this page."""
    facts = stage_facts()
    notes = {name: _note(CARDS[name]) for name in METHODS}
    rows = {row["name"]: row for row in facts["methods"]}
    return facts | {
        "methods": [rows[name] | {"note": notes[name], "ready": True, "more": False} for name in METHODS],
        "preselected": list(PRESELECTED),
        "examples": [{key: each[key] for key in ("name", "group", "image")} for each in examples],
        "max_bytes": MAX_UPLOAD_BYTES,
        "formats": [],
        "max_threads": MAX_THREADS,
    }


def _note(card: Card) -> str:
    if not card.weights:
        return "nothing to fetch"
    return f"{round(sum(path.stat().st_size for path in network_files(card).values()) / 1e6)} MB, once"
