"""A method's results on all slices of a series, as one 3-D label volume."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ctseg.labelmaps import follow, numbered
from ctseg.labelmaps.files import write_nifti_stack
from ctseg.methods import CARDS
from ctseg.slices import SliceError, Stack
from ctseg.ui.compare.frames import frame
from ctseg.ui.compare.handlers import PageError
from ctseg.ui.compare.messages import GONE
from ctseg.ui.server.method_runs import Cancelled, Done, Failed, run_method
from ctseg.ui.server.sessions import Plan, Session

MAX_VOXELS = 2**26
"""Of a volume that is put together here, 256 MB of labels: 256 slices of 512 x 512."""


def begin_volume(session: Session, method: str) -> tuple[Plan, Iterator[bytes]]:
    """Plan a method's run over all slices; what the page already has of them, edits included, is taken.

    Structures keep their number from slice to slice, matched by overlap.

    Returns
    -------
    the plan, and frames: one for each slice as it begins, the last with the file (.nii.gz).

    Raises
    ------
    PageError
        If no series is loaded, the method cannot run, or the volume is too large.
    """
    stack = session.stack
    if stack is None:
        raise PageError(GONE)
    if method not in CARDS or not CARDS[method].trained:
        raise PageError("No method is chosen for the volume; choose one in the table of structures.")
    if len(stack) < 2:
        raise PageError("This is a single slice; its label map is in the ZIP.")
    if stack.pixels.size > MAX_VOXELS:
        raise PageError(
            f"This volume has more than {MAX_VOXELS >> 20} million voxels; use ctseg segment for it."
        )
    known = {index: found[method].label_map for index, found in session.visited.items() if method in found}
    if method in session.finished:
        known[session.index] = session.finished[method].label_map
    plan = session.begin([method])
    return plan, _frames(session, stack, method, known, plan)


def _frames(
    session: Session, stack: Stack, method: str, known: dict[int, NDArray[np.integer]], plan: Plan
) -> Iterator[bytes]:
    try:
        yield from _slice_by_slice(session, stack, method, known, plan)
    finally:
        plan.left.clear()


def _slice_by_slice(
    session: Session, stack: Stack, method: str, known: dict[int, NDArray[np.integer]], plan: Plan
) -> Iterator[bytes]:
    volume = np.zeros(stack.pixels.shape, np.int32)
    highest = 0
    for index in range(len(stack)):
        text = f"Slice {index + 1} of {len(stack)} …"
        yield frame({"state": "running", "text": text, "fraction": round(index / len(stack), 3)}, {})
        label_map = known.get(index)
        if label_map is None:
            try:
                ct_slice = stack[index]
            except SliceError as error:  # broken, or no longer kept
                yield frame({"state": "failed", "text": str(error)}, {})
                return
            for step in run_method(ct_slice, method, plan.stop, session.turn):
                if isinstance(step, Cancelled):
                    yield frame({"state": "cancelled", "text": "Cancelled."}, {})
                    return
                if isinstance(step, Failed):
                    yield frame({"state": "failed", "text": f"Slice {index + 1}: {step.sentence}"}, {})
                    return
                if isinstance(step, Done):
                    label_map = step.label_map
        assert label_map is not None
        plain = numbered(label_map)
        volume[index] = follow(plain, volume[index - 1], highest + 1) if index else plain
        highest = max(highest, int(volume[index].max()))
    name = f"ctseg-{method}.nii.gz"
    with tempfile.TemporaryDirectory(prefix="ctseg-volume-") as place:
        path = Path(place) / name
        note = write_nifti_stack(path, volume, stack)
        content = np.frombuffer(path.read_bytes(), np.uint8)
    told = f"{highest:,} structures on {len(stack)} slices." + (f" {note}" if note else "")
    yield frame({"state": "done", "file": name, "text": told}, {"file": content})
