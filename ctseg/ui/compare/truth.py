"""A visitor's own true label map: read, checked against the slice, and used to score the methods."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ctseg.errors import UserError
from ctseg.labelmaps import orient_like
from ctseg.methods import METHODS
from ctseg.metrics import score
from ctseg.sandbox.runner import run_decoder
from ctseg.ui.compare.findings import faults, score_row, score_table
from ctseg.ui.compare.handlers import GONE, PageError
from ctseg.ui.server.sessions import Session

_DECODER = "ctseg.labelmaps.files:decode_label_map"


def take_truth(session: Session, path: str) -> None:
    """Read a true label map into the session and delete the upload.

    Raises
    ------
    PageError
        If it cannot be read, or does not have the slice's size.
    """
    ct_slice = session.ct_slice
    file = Path(path)
    try:
        if ct_slice is None:
            raise PageError(GONE)
        truth, facts = run_decoder(_DECODER, [file])
    except UserError as error:
        raise PageError(str(error)) from error
    finally:
        file.unlink(missing_ok=True)
    truth = _turned(truth, facts.get("affine"), ct_slice.affine)
    if truth.shape != ct_slice.shape:
        raise PageError(
            f"The label map has {truth.shape[1]} x {truth.shape[0]} pixels and the slice "
            f"{ct_slice.shape[1]} x {ct_slice.shape[0]}; upload the label map of this slice."
        )
    session.truth = np.array(truth, dtype=np.int32)


def _turned(
    truth: NDArray[np.generic], affine: Any, slice_affine: NDArray[np.float64] | None
) -> NDArray[np.generic]:
    """Turn a label map whose file tells its place so that it lies as the slice does."""
    if slice_affine is None or affine is None:
        return truth
    own = np.array(affine, np.float64)
    if own.shape != (4, 4) or not np.isfinite(own).all():
        raise PageError("The place that this label map says it has cannot be; export it again.")
    return orient_like(truth.astype(np.int32), own, slice_affine)


def judged(session: Session) -> dict[str, Any] | None:
    """Return scores, what was found and the faults of the finished methods, for the viewer to show.

    None while there is no true label map or no finished method.
    """
    truth, found = session.truth, dict(session.finished)
    if truth is None or not found:
        return None
    scores = {method: score(finished.label_map, truth) for method, finished in found.items()}
    return {
        "plan": session.plan.identity if session.plan else None,
        "scores": score_table([score_row(METHODS[method].title, each) for method, each in scores.items()]),
        "found": {
            method: f"{each.structures_found} of {each.structures_true} true ones found"
            for method, each in scores.items()
        },
        "faults": {method: faults(finished, truth) for method, finished in found.items()},
    }
