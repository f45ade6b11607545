"""What the page opens on: one slice of the first example with the default methods, computed beforehand.

``scripts/shipped/make_opening.py`` computes it; the label maps are stored with the sha256 of weights, slice
and parameters, and beside them what the stage is sent, so that a start need not decode the example.
"""

import functools
import gzip
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ctseg.datasets.examples import ABDOMEN
from ctseg.methods import CARDS, load
from ctseg.methods.base.hierarchical import label_map_and_tree
from ctseg.slices import CTSlice
from ctseg.ui.compare import results
from ctseg.ui.compare.examples import EXAMPLES, credit, open_example
from ctseg.ui.compare.frames import plain_frame, slice_frame, unframed
from ctseg.ui.compare.messages import PRESELECTED, seconds
from ctseg.ui.components.defaults import FIRST
from ctseg.ui.server.sessions import Finished, Session
from ctseg.weights import manifest

_FILE = "opening.npz"
_FACTS, _FRAMES = "facts", "frames"
REMARK = "Computed beforehand, press Compare to run."


def opening_slice() -> CTSlice:
    """Return the slice that the page opens on."""
    return ABDOMEN.stack()[ABDOMEN.start]


def default_methods() -> list[str]:
    """Return the methods that are ticked at first and can run."""
    return [name for name in PRESELECTED if name in CARDS and CARDS[name].trained]


def provenance(method: str) -> dict[str, Any]:
    """Return what a method's label map follows from: slice, weights and parameters, each by sha256."""
    card = CARDS[method]
    known = manifest()
    parameters = json.dumps(
        {"input_window": asdict(card.input_window), "full_tiling": card.full_tiling}, sort_keys=True
    )
    return {
        "slice": _sha256(opening_slice().pixels),
        "weights": {file: known[file].sha256 for file in card.weights},
        "parameters": hashlib.sha256(parameters.encode()).hexdigest(),
    }


def _sha256(array: NDArray[np.generic]) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def compute(methods: Iterable[str]) -> dict[str, NDArray[np.int32]]:
    """Return each method's label map of the opening slice."""
    return {name: label_map_and_tree(load(name), opening_slice())[0] for name in methods}


def write(path: Path, computed: dict[str, NDArray[np.int32]]) -> None:
    """Store label maps with their provenance, and the frames that show them."""
    facts = {name: provenance(name) for name in computed}
    maps: dict[str, Any] = {name: label_map.astype(np.uint16) for name, label_map in computed.items()}
    further = {
        _FACTS: np.array(json.dumps(facts)),
        _FRAMES: np.frombuffer(computed_frames(computed), np.uint8),
    }
    np.savez_compressed(path, allow_pickle=False, **further, **maps)


def stored() -> tuple[dict[str, NDArray[np.uint16]], dict[str, Any]]:
    """Return the stored label maps by method, and their facts."""
    with as_file(files("ctseg.ui.compare") / _FILE) as path, np.load(path, allow_pickle=False) as archive:
        maps = {name: archive[name] for name in archive.files if name not in (_FACTS, _FRAMES)}
        return maps, json.loads(str(archive[_FACTS]))


def stored_frames() -> bytes:
    """Return the stored frames: the slice, then each method's result, the table's first."""
    with as_file(files("ctseg.ui.compare") / _FILE) as path, np.load(path, allow_pickle=False) as archive:
        return bytes(archive[_FRAMES])


def fill(session: Session) -> None:
    """Open the first example in a session with the stored results."""
    opened = open_example(0)
    session.keep(opened.stack, opened.truths, opened.start, opened.credit)
    session.remark = opened.remark
    for name, found in _finished().items():
        session.finished[name] = session.recent[name] = Finished(found.label_map, found.seconds, found.hues)


@functools.cache
def _finished() -> dict[str, Finished]:
    (place, _), *found = unframed(stored_frames())
    shape = (place["height"], place["width"])
    return {
        message["method"]: Finished(
            arrays["labels"].reshape(shape).astype(np.int32),
            CARDS[message["method"]].seconds,
            np.array(message["hues"][message["method"]], np.uint8),
        )
        for message, arrays in found
        if message["method"] in CARDS
    }


def computed_frames(maps: Mapping[str, NDArray[np.integer]]) -> bytes:
    """Return the frames of the slice and of each method's result."""
    session = Session()
    session.keep(open_example(0).stack, index=ABDOMEN.start)
    # The table of structures is of the first: our own method's, which is also the best.
    for name in sorted(maps.keys() & CARDS.keys(), key=[FIRST, *maps].index):
        results.take(session, name, maps[name].astype(np.int32), CARDS[name].seconds, None)
    ct_slice = opening_slice()
    shown = [results.result_frame(session, name, ct_slice, {"plan": "opening"}) for name in session.finished]
    return b"".join([slice_frame(ct_slice, session.index, len(session.stack or ())), *shown])


def opening_frames() -> bytes:
    """Return the frames that show it: what is said of it, the slice, then each result; not deflated."""
    (place, pixels), *found = unframed(stored_frames())
    found = [(message, arrays) for message, arrays in found if message["method"] in CARDS]
    for message, _ in found:
        # Words of today's card; what was found is as it was stored.
        card = CARDS[message["method"]]
        message.update(title=card.title, time=seconds(card.seconds))
    head = {
        "example": EXAMPLES[0].name,
        "beforehand": REMARK,
        "remark": ABDOMEN.remark,
        "credit": credit(ABDOMEN),
        "slices": place["slices"],
        "methods": [
            {
                "name": message["method"],
                "title": message["title"],
                "failures": list(CARDS[message["method"]].known_failures),
            }
            for message, _ in found
        ],
    }
    return b"".join(plain_frame(*each) for each in ((head, {}), (place, pixels), *found))


@functools.cache
def opening_gzip() -> bytes:
    """Return `opening_frames` compressed as a whole, which browsers undo before scripts have a turn."""
    return gzip.compress(opening_frames(), mtime=0)
