"""A visitor's own true label map: read, checked against the slice, and used to score the methods."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ctseg.slices import SliceError
from ctseg.slices.sandbox import run_decoder
from ctseg.ui.findings import faults, score_rows
from ctseg.ui.handlers import GONE, PageError
from ctseg.ui.sessions import Session

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
        truth, _ = run_decoder(_DECODER, [file])
    except SliceError as error:
        raise PageError(str(error)) from error
    finally:
        file.unlink(missing_ok=True)
    if truth.shape != ct_slice.shape:
        raise PageError(
            f"The label map has {truth.shape[1]} x {truth.shape[0]} pixels and the slice "
            f"{ct_slice.shape[1]} x {ct_slice.shape[0]}; upload the label map of this slice."
        )
    session.truth = np.array(truth, dtype=np.int32)


def judged(session: Session) -> tuple[Sequence[Sequence[str]], dict[str, Any] | None]:
    """Return a row of scores for every finished method, and the faults for the viewer to paint."""
    truth = session.truth
    if truth is None:
        return [], None
    found = dict(session.finished)
    return score_rows(found, truth), {
        "faults": {method: faults(finished, truth) for method, finished in found.items()},
    }
