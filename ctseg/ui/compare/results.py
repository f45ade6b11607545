"""What is shown of a finished run: numbers, hues matched over all panes, what is left clear, the table."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ctseg.labelmaps import ColouredMap, area_table, assign_hues, follow, numbered
from ctseg.methods import CARDS
from ctseg.partition import confidence
from ctseg.slices import CTSlice
from ctseg.ui.compare.frames import Message, frame, label_pixels
from ctseg.ui.compare.messages import counted, seconds
from ctseg.ui.server.sessions import Finished, Session

TRUTH = "truth"
"""The truth's name among the panes; no method has it."""
_AIR_BELOW_HU = -300.0
_AIR_BELOW_GREY = 16.0
_MIN_SHARE_OUTSIDE = 0.1
"""On the examples air between body and table has 0.2 to 0.97, lungs and gas within a whole body 0.00."""
_MIN_BORDER_OUTSIDE = 0.5
"""Below that the slice is cut within the body, and what lies against its border may be a lung."""


def take(session: Session, method: str, label_map: NDArray[np.integer], needed: float, tree: Any) -> Finished:
    """Keep a method's label map of the slice on show, and give it numbers and hues.

    Numbers are 1..n in reading order; on further slices of a series structures keep theirs, unless the method
    divides everything. Hues are assigned anew over all that is shown, those of another slice kept where
    neighbours allow it.
    """
    plain = numbered(label_map)
    before = None if CARDS[method].full_tiling or tree is not None else session.recent.get(method)
    earlier = None
    if before is not None and before.label_map.shape == plain.shape:
        plain = follow(plain, before.label_map, session.fresh_number(method))
        earlier = _carried(before, int(plain.max(initial=0)))
    session.finished[method] = found = Finished(plain, needed, tree=tree, earlier=earlier)
    session.recent[method] = found
    paint(session)
    return found


def paint(session: Session) -> None:
    """Assign hues over all label maps of the slice on show, the truth's included."""
    names = list(session.finished)
    coloured = [found.coloured for found in session.finished.values()]
    earlier = [found.earlier for found in session.finished.values()]
    if session.truth is not None:
        coloured.append(ColouredMap(numbered(session.truth)))
        earlier.append(None)
    hues = assign_hues(coloured, earlier)
    for name, assigned in zip(names, hues, strict=False):
        session.finished[name].hues = assigned
    if session.truth is not None:
        session.truth_hues = hues[-1]


def _carried(before: Finished, highest: int) -> NDArray[np.uint8] | None:
    """Return the hues of structures that were followed; a fresh one has that of none."""
    if before.hues is None:
        return None
    hues = np.full(highest + 1, 255, np.uint8)
    known = before.hues[: highest + 1]
    hues[: known.size] = known
    return hues


def clear_labels(label_map: NDArray[np.integer], ct_slice: CTSlice, full_tiling: bool = False) -> list[int]:
    """Return labels of regions of air outside the body: the stage leaves them clear.

    Those are regions of air that reach the border of the slice and, where a method divides everything, those
    of which a tenth of the outline or more lies against the outside, as between the body and its table, if
    the outside has most of the border.
    """
    border = np.concatenate([label_map[0], label_map[-1], label_map[:, 0], label_map[:, -1]])
    reaching = np.unique(border)
    if not full_tiling and not reaching.any():
        return []
    highest = int(label_map.max(initial=0))
    pixels = np.nan_to_num(ct_slice.pixels.astype(np.float64), nan=-1024.0)
    sums = np.bincount(label_map.ravel(), weights=pixels.ravel(), minlength=highest + 1)
    means = sums / np.maximum(np.bincount(label_map.ravel(), minlength=highest + 1), 1)
    air = means < (_AIR_BELOW_HU if ct_slice.intensity == "HU" else _AIR_BELOW_GREY)
    air[0] = False
    clear = np.zeros(highest + 1, bool)
    clear[reaching] = air[reaching]
    if full_tiling and np.mean(clear[border] | (border == 0)) >= _MIN_BORDER_OUTSIDE:
        clear |= air & (_share_against(label_map, clear) >= _MIN_SHARE_OUTSIDE)
    return [int(label) for label in np.flatnonzero(clear)]


def _share_against(label_map: NDArray[np.integer], clear: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return how much of each label's outline lies against label 0 or a clear label, in [0, 1]."""
    outside = clear.copy()
    outside[0] = True
    whole, shared = np.zeros((2, clear.size))
    for one, other in ((label_map[1:], label_map[:-1]), (label_map[:, 1:], label_map[:, :-1])):
        apart = one != other
        for ours, theirs in ((one[apart], other[apart]), (other[apart], one[apart])):
            whole += np.bincount(ours, minlength=clear.size)
            shared += np.bincount(ours, weights=outside[theirs], minlength=clear.size)
    return np.asarray(shared / np.maximum(whole, 1), np.float64)


def all_hues(session: Session) -> dict[str, list[int]]:
    """Return the hues of every pane: any result may have changed those of the others."""
    hues = {name: found.hues.tolist() for name, found in session.finished.items() if found.hues is not None}
    if session.truth_hues is not None:
        hues[TRUTH] = session.truth_hues.tolist()
    return hues


def result_frame(session: Session, method: str, ct_slice: CTSlice, about: Message) -> bytes:
    """Pack a method's result for the stage."""
    found = session.finished[method]
    table = area_table(found.label_map, ct_slice.pixels, ct_slice.spacing_mm)
    if found.tree is not None:
        table["confidence"] = confidence(found.tree)
    card = CARDS[method]
    head = {
        "state": "done",
        "method": method,
        "title": card.title,
        "full_tiling": card.full_tiling,
        "time": seconds(found.seconds),
        "counted": counted(card, len(table["label"])),
        "clear": clear_labels(found.label_map, ct_slice, card.full_tiling),
        "hues": all_hues(session),
        "table": listed(table),
        "tree": tree_facts(found.tree),
    }
    return frame(head | about, {"labels": label_pixels(found.label_map)})


def tree_facts(tree: Any) -> Message | None:
    """Return what the stage's slider and edits need to know of a merge tree; None where there is none."""
    if tree is None:
        return None
    return {
        "structures": int(tree.structure_count),
        "leaves": int(tree.leaf_count),
        "undo": int(tree.position) > 0,
        "redo": int(tree.position) < len(tree.states) - 1,
    }


def listed(table: dict[str, NDArray[np.generic]]) -> dict[str, list[Any]]:
    """Return the columns of a table as JSON lists, without those of which nothing is known."""
    return {name: _plain(values) for name, values in table.items() if not _unknown(values)}


def _unknown(values: NDArray[np.generic]) -> bool:
    return bool(np.issubdtype(values.dtype, np.floating) and values.size and np.isnan(values).all())


def _plain(values: NDArray[np.generic]) -> list[Any]:
    if np.issubdtype(values.dtype, np.floating):
        return list(np.nan_to_num(values).round(2).tolist())
    return list(values.tolist())
