"""Colours for several label maps of one slice: a structure has one in all, neighbours never share one."""

from collections.abc import Sequence
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from ctseg.labelmaps.overlaps import overlaps
from ctseg.labelmaps.palette import PALETTE_SIZE
from ctseg.labelmaps.regions import in_reading_order, relabel

SAME_FROM_IOU = 0.5
"""Structures that share at least this much of their union are the same one; so a map holds it only once."""
NEIGHBOUR_PX = 3
"""Structures within so many px of each other are neighbours: a thin gap does not tell two alike apart."""


class ColouredMap:
    """The structures of a label map, and what colouring asks of them: each found once, however often it asks.

    Parameters
    ----------
    label_map : ndarray of int32, shape (H, W), with labels 1..n; 0 is background. It must not change.
    """

    def __init__(self, label_map: NDArray[np.integer]) -> None:
        self.label_map = np.asarray(label_map, dtype=np.int32)
        self._same: WeakKeyDictionary[ColouredMap, list[tuple[int, int]]] = WeakKeyDictionary()

    @cached_property
    def areas(self) -> NDArray[np.int64]:
        """Px of every label, the background's first: shape (n + 1,)."""
        return np.bincount(self.label_map.ravel(), minlength=1)

    @property
    def highest(self) -> int:
        """The highest label."""
        return self.areas.size - 1

    @cached_property
    def neighbours(self) -> list[tuple[int, int]]:
        """Pairs of labels within `NEIGHBOUR_PX` of each other."""
        return _touching(self.label_map)

    def same_as(self, other: "ColouredMap") -> list[tuple[int, int]]:
        """Return pairs of a label here and one there that are the same structure, by `SAME_FROM_IOU`."""
        if other not in self._same:
            pairs = overlaps(self.label_map, other.label_map)
            same = pairs.iou >= SAME_FROM_IOU
            self._same[other] = list(
                zip(pairs.first[same].tolist(), pairs.second[same].tolist(), strict=True)
            )
        return self._same[other]


def assign_hues(
    maps: Sequence[ColouredMap], earlier: Sequence[NDArray[np.uint8] | None] | None = None
) -> list[NDArray[np.uint8]]:
    """Choose the row of the palette for every structure of several label maps.

    Maps are taken from the one with fewest structures outward, and a structure joins the one before it that
    it overlaps with an IoU of 0.5 or more. What was joined gets one hue, what most maps agree on first, then
    the largest: the one least used so far among those that no neighbour in any of the maps has. Where all are
    taken, neighbours repeat one.

    Parameters
    ----------
    maps : label maps, all of one shape (H, W)
    earlier : for each map the hues that its structures had, which stay where neighbours allow it, or None;
        255 for a structure that had none

    Returns
    -------
    list of ndarray of uint8, shape (n + 1,): for each label the row of ``palette.colours(24)``; entry 0 is 0.
    """
    groups = _joined(maps)
    count = max((int(each.max(initial=-1)) for each in groups), default=-1) + 1
    sizes, maps_with = np.zeros(count, np.int64), np.zeros(count, np.int64)
    wanted = np.full(count, -1)
    for k, each in enumerate(maps):
        np.maximum.at(sizes, groups[k][1:], each.areas[1:])
        maps_with[groups[k][1:]] += each.areas[1:] > 0
        before = None if earlier is None else earlier[k]
        if before is not None and before.size == each.areas.size:
            known = before[1:] < PALETTE_SIZE
            wanted[groups[k][1:][known]] = before[1:][known]
    near = _neighbours(maps, groups, count)
    hues = _painted(_ranks(maps_with, sizes), wanted, near)
    return [np.concatenate([[0], hues[each[1:]]]).astype(np.uint8) for each in groups]


def _joined(maps: Sequence[ColouredMap]) -> list[NDArray[np.int64]]:
    """Return for each map the group of every label, shape (n + 1,); entry 0 is -1."""
    groups = [np.full(each.areas.size, -1, np.int64) for each in maps]
    done: list[int] = []
    used = 0
    for k in sorted(range(len(maps)), key=lambda at: (maps[at].highest, at)):
        for before in done:
            for label, other in maps[k].same_as(maps[before]):
                group = groups[before][other]
                if groups[k][label] < 0 and group not in groups[k]:
                    groups[k][label] = group
        fresh = np.flatnonzero(groups[k][1:] < 0) + 1
        groups[k][fresh] = np.arange(used, used + fresh.size)
        used += fresh.size
        done.append(k)
    return groups


def _neighbours(maps: Sequence[ColouredMap], groups: list[NDArray[np.int64]], count: int) -> list[set[int]]:
    near: list[set[int]] = [set() for _ in range(count)]
    for each, group in zip(maps, groups, strict=True):
        for one, other in each.neighbours:
            first, second = int(group[one]), int(group[other])
            near[first].add(second)
            near[second].add(first)
    return near


def _touching(label_map: NDArray[np.int32]) -> list[tuple[int, int]]:
    width = int(label_map.max(initial=0)) + 1
    found: set[int] = set()
    for away in range(1, NEIGHBOUR_PX + 1):
        for one, other in (
            (label_map[:, away:], label_map[:, :-away]),
            (label_map[away:], label_map[:-away]),
        ):
            differ = (one != other) & (one > 0) & (other > 0)
            low, high = np.minimum(one, other)[differ], np.maximum(one, other)[differ]
            found.update(np.unique(low.astype(np.int64) * width + high).tolist())
    return [divmod(pair, width) for pair in sorted(found)]


def _ranks(maps_with: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return each group's turn: what most maps agree on first, then the largest."""
    order = np.lexsort((-sizes, -maps_with))
    ranks = np.empty(order.size, np.int64)
    ranks[order] = np.arange(order.size)
    return ranks


def _painted(ranks: NDArray[np.int64], wanted: NDArray[np.int64], near: list[set[int]]) -> NDArray[np.int64]:
    hues = np.full(ranks.size, -1)
    uses = np.zeros(PALETTE_SIZE, np.int64)
    for group in sorted(range(ranks.size), key=lambda group: (wanted[group] < 0, ranks[group])):
        taken = [hues[other] for other in near[group] if hues[other] >= 0]
        if wanted[group] >= 0 and wanted[group] not in taken:
            hues[group] = wanted[group]
        else:
            clashes = (
                np.bincount(taken, minlength=PALETTE_SIZE) if taken else np.zeros(PALETTE_SIZE, np.int64)
            )
            hues[group] = min(range(PALETTE_SIZE), key=lambda hue: (clashes[hue], uses[hue], hue))
        uses[hues[group]] += 1
    return hues


def numbered(label_map: NDArray[np.generic]) -> NDArray[np.int32]:
    """Return the label map with labels 1..n in the order of their first pixels, row by row."""
    plain = relabel(label_map)
    return in_reading_order(plain) if plain.size else plain
