"""Cuts and edits of a method's merge tree: coarser or finer, merge two, split one, undo and redo."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ctseg.errors import UserError
from ctseg.labelmaps.overlaps import overlaps
from ctseg.labelmaps.palette import PALETTE_SIZE
from ctseg.ui.compare import results
from ctseg.ui.compare.frames import frame, label_pixels
from ctseg.ui.compare.handlers import PageError
from ctseg.ui.server.sessions import Finished, Session

_SAME_FROM_IOU = 0.5
MOST_SHOWN = 200
"""Structures at the fine end of the slider; finer cuts are made by keys."""


def edit(session: Session, asked: dict[str, Any]) -> bytes:
    """Do what was asked to a finished method's tree and return its result's frame.

    Parameters
    ----------
    session : with the method's result of the slice on show
    asked : ``method``; ``action``: cut, merge, split, undo or redo; ``count`` for a cut, ``labels`` as
        shown for a merge (two) and a split (one); ``hues`` where the stage shows the new partition already

    Raises
    ------
    PageError
        If the method has no tree here, or the tree does not allow it.
    """
    method, found = _with_tree(session, asked)
    ct_slice = session.ct_slice
    assert ct_slice is not None
    try:
        label_map = _done(found.tree, asked)  # numbered in reading order, as all partitions of a tree
    except (UserError, ValueError) as error:  # what a tree refuses, it refuses with a sentence
        raise PageError(str(error)) from error
    hues, moved = _carried(found, label_map)
    shown = _hues(asked.get("hues"), int(label_map.max(initial=0)))
    hues = hues if shown is None else shown
    for other in session.finished.values():
        other.earlier = other.hues
    session.finished[method] = Finished(label_map, found.seconds, tree=found.tree, earlier=hues)
    results.paint(session)
    about = {"plan": session.plan.identity if session.plan else "", "moved": moved}
    return results.result_frame(session, method, ct_slice, about)


def cuts(session: Session, asked: dict[str, Any]) -> bytes:
    """Return all cuts that the slider offers of a method's tree, for a stage that shows them by itself.

    Parameters
    ----------
    asked : ``method``

    Returns
    -------
    bytes: a frame with ``labels``, the finest of them as shown, and ``numbers``, n x n as
    :meth:`ctseg.partition.MergeTree.nested` gives them.

    Raises
    ------
    PageError
        If the method has no tree here.
    """
    method, found = _with_tree(session, asked)
    finest, numbers = found.tree.nested(MOST_SHOWN)
    plan = session.plan.identity if session.plan else ""
    return frame(
        {"method": method, "plan": plan},
        {"labels": label_pixels(finest), "numbers": numbers.astype(np.uint16).ravel()},
    )


def _with_tree(session: Session, asked: dict[str, Any]) -> tuple[str, Finished]:
    method = str(asked.get("method", ""))
    found = session.finished.get(method)
    if found is None or found.tree is None or session.ct_slice is None:
        raise PageError("This pane has no merge tree; run a method with one first.")
    return method, found


def _hues(asked: Any, highest: int) -> NDArray[np.uint8] | None:
    """Return the hues that the stage shows, None where it tells none that fit."""
    if not isinstance(asked, list) or len(asked) != highest + 1:
        return None
    if not all(type(hue) is int and 0 <= hue < PALETTE_SIZE for hue in asked):
        return None
    return np.array(asked, np.uint8)


def _done(tree: Any, asked: dict[str, Any]) -> NDArray[np.int32]:
    labels = asked.get("labels")
    picked = [label for label in labels if isinstance(label, int)] if isinstance(labels, list) else []
    action = asked.get("action")
    if action == "cut" and isinstance(asked.get("count"), int):
        return tree.cut(count=min(max(asked["count"], 1), tree.leaf_count))
    if action == "merge" and len(picked) == 2:
        return tree.merge(*picked)
    if action == "split" and len(picked) == 1:
        return tree.split(picked[0])
    if action in ("undo", "redo"):
        return tree.undo() if action == "undo" else tree.redo()
    raise PageError("This edit is not known; reload the page.")


def _carried(
    found: Finished, label_map: NDArray[np.int32]
) -> tuple[NDArray[np.uint8] | None, dict[int, int]]:
    """Return hues for the new map, 255 where a structure is new, and old labels that live on as new ones."""
    pairs = overlaps(label_map, found.label_map.astype(np.int32))
    same = pairs.iou >= _SAME_FROM_IOU
    moved = dict(zip(pairs.second[same].tolist(), pairs.first[same].tolist(), strict=True))
    if found.hues is None:
        return None, moved
    hues = np.full(int(label_map.max(initial=0)) + 1, 255, np.uint8)
    for old, new in moved.items():
        hues[new] = found.hues[old]
    return hues, moved
