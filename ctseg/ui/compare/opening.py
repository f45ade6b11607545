"""What the page opens on: one slice of the first example with the default methods, computed beforehand.

``scripts/shipped/make_opening.py`` computes it; the label maps are stored with the sha256 of weights, slice
and parameters.
"""

import functools
import gzip
import hashlib
import json
from collections.abc import Iterable
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
from ctseg.ui.compare.examples import EXAMPLES, open_example
from ctseg.ui.compare.frames import frame, plain_frame, slice_frame, unframe
from ctseg.ui.compare.messages import PRESELECTED
from ctseg.ui.components.defaults import FIRST
from ctseg.ui.server.sessions import Finished, Session
from ctseg.weights import manifest

_FILE = "opening.npz"
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
    """Store label maps with their provenance."""
    facts = {name: provenance(name) for name in computed}
    maps: dict[str, Any] = {name: label_map.astype(np.uint16) for name, label_map in computed.items()}
    np.savez_compressed(path, allow_pickle=False, facts=np.array(json.dumps(facts)), **maps)


@functools.cache
def stored() -> tuple[dict[str, NDArray[np.uint16]], dict[str, Any]]:
    """Return the stored label maps by method, and their facts."""
    with as_file(files("ctseg.ui.compare") / _FILE) as path, np.load(path, allow_pickle=False) as archive:
        maps = {name: archive[name] for name in archive.files if name != "facts"}
        return maps, json.loads(str(archive["facts"]))


def fill(session: Session) -> None:
    """Open the first example in a session with the stored results."""
    opened = open_example(0)
    session.keep(opened.stack, opened.truths, opened.start, opened.credit)
    session.remark = opened.remark
    for name, found in _finished().items():
        session.finished[name] = session.recent[name] = Finished(found.label_map, found.seconds, found.hues)


@functools.cache
def _finished() -> dict[str, Finished]:
    made = Session()
    made.keep(open_example(0).stack, index=ABDOMEN.start)
    maps, _ = stored()
    for name, label_map in maps.items():
        if name in CARDS:
            results.take(made, name, label_map.astype(np.int32), CARDS[name].seconds, None)
    return made.finished


@functools.cache
def opening_frames() -> bytes:
    """Return the frames that show it: what is said of it, the slice, then each result; not deflated."""
    session = Session()
    opened = open_example(0)
    session.keep(opened.stack, index=opened.start)
    # The table of structures is of the first: our own method's, which is also the best.
    finished = _finished()
    session.finished = {name: finished[name] for name in sorted(finished, key=FIRST.__ne__)}
    head = {
        "example": EXAMPLES[0].name,
        "beforehand": REMARK,
        "remark": opened.remark,
        "credit": opened.credit,
        "slices": len(opened.stack),
        "methods": [
            {"name": name, "title": CARDS[name].title, "failures": list(CARDS[name].known_failures)}
            for name in session.finished
        ],
    }
    ct_slice = opening_slice()
    shown = [results.result_frame(session, name, ct_slice, {"plan": "opening"}) for name in session.finished]
    frames = [frame(head, {}), slice_frame(ct_slice, session.index, len(opened.stack)), *shown]
    return b"".join(plain_frame(*unframe(each)) for each in frames)


@functools.cache
def opening_gzip() -> bytes:
    """Return `opening_frames` compressed as a whole, which browsers undo before scripts have a turn."""
    return gzip.compress(opening_frames(), mtime=0)
