"""A true label map: a visitor's own is read and checked, and what methods made of it is judged."""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ctseg.errors import UserError
from ctseg.labelmaps import Judgement, area_table, judge, numbered
from ctseg.methods import CARDS
from ctseg.metrics import Scores, score
from ctseg.sandbox.runner import run_decoder
from ctseg.slices import CTSlice
from ctseg.ui.compare import results
from ctseg.ui.compare.frames import Message, frame, label_pixels
from ctseg.ui.compare.handlers import PageError
from ctseg.ui.compare.messages import GONE
from ctseg.ui.server.sessions import Session

_DECODER = "ctseg.labelmaps.files:decode_label_map"


def take_truth(session: Session, path: str) -> str | None:
    """Read a true label map, laid on the slice on show, into the session and delete the upload.

    Returns
    -------
    A sentence where it is unknown whether it lies where the slice does, or None.

    Raises
    ------
    PageError
        If it cannot be read, or does not lie on the slice's grid at its place.
    """
    ct_slice = session.ct_slice
    file = Path(path)
    try:
        if ct_slice is None:
            raise PageError(GONE)
        geometry = ct_slice.geometry
        on = json.dumps({"shape": geometry.shape, **geometry.facts()})
        truth, facts = run_decoder(_DECODER, [file], settings=[on])
    except UserError as error:
        raise PageError(str(error)) from error
    finally:
        file.unlink(missing_ok=True)
    if truth.shape != ct_slice.shape:
        raise PageError(
            f"The label map has {truth.shape[1]} x {truth.shape[0]} pixels and the slice "
            f"{ct_slice.shape[1]} x {ct_slice.shape[0]}; upload the label map of this slice."
        )
    session.truth = np.array(truth, dtype=np.int32)
    session.truth_hues = None
    return None if facts.get("note") is None else str(facts["note"])


SCORE_COLUMNS = {
    "Method": "",
    "ari": "Adjusted Rand index over all pixels: mostly, how well the background is left alone.",
    "fg_ari": "The same over pixels of true structures only: how well these are separated.",
    "Best IoU": "Mean over true structures of the best overlap with any structure found.",
    "Split error": "Bits lost by cutting true structures apart; less is better.",
    "Merge error": "Bits lost by joining true structures; less is better.",
    "Found / true": "Structures found with an IoU above 0.5, of all true ones.",
}


def judged(session: Session) -> bytes | None:
    """Pack the truth of the slice on show, and marks, counts and scores of the finished methods.

    None while there is no true label map.
    """
    truth, ct_slice, finished = session.truth, session.ct_slice, dict(session.finished)
    if truth is None or ct_slice is None:
        return None
    if session.truth_hues is None:
        results.paint(session)
    true = numbered(truth)
    judgements = {method: judge(found.label_map, true) for method, found in finished.items()}
    scores = {method: score(found.label_map, true) for method, found in finished.items()}
    table = area_table(true, ct_slice.pixels, ct_slice.spacing_mm)
    head = {
        "index": session.index,
        "hues": results.all_hues(session),
        "clear": [],
        "table": results.listed(table),
        "counted": f"{len(table['label'])} true structures",
        "columns": SCORE_COLUMNS,
        "scores": {method: score_row(CARDS[method].title, each) for method, each in scores.items()},
        "found": {
            method: f"{each.structures_found}/{each.structures_true} found" for method, each in scores.items()
        },
        "judged": {method: _told(judgement) for method, judgement in judgements.items()},
    }
    marks = {f"marks {method}": _shown(judgement, ct_slice) for method, judgement in judgements.items()}
    return frame(head, {"labels": label_pixels(true)} | marks)


def _told(judgement: Judgement) -> Message:
    """Return the counts, and every true structure with its outcome, best first."""
    order = np.argsort(-judgement.best_iou, kind="stable")
    return {
        "counts": judgement.counts,
        "structures": [
            [int(judgement.labels[k]), round(float(judgement.best_iou[k]), 3), int(judgement.outcome[k])]
            for k in order
        ],
    }


def _shown(judgement: Judgement, ct_slice: CTSlice) -> NDArray[np.uint8]:
    assert judgement.marks.shape == ct_slice.shape
    return label_pixels(judgement.marks).astype(np.uint8)


def score_row(title: str, scores: Scores) -> list[str]:
    """Return the cells of a method's row: its title, then its scores."""
    numbers = (scores.ari, scores.fg_ari, scores.best_iou, scores.split, scores.merge)
    return [
        title,
        *("–" if np.isnan(number) else f"{number:.3f}" for number in numbers),
        f"{scores.structures_found} / {scores.structures_true}",
    ]
