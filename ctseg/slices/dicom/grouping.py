"""Which slices make one stack: one direction, one size of pixels, one way to HU, and no place twice."""

import itertools
from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ctseg.slices.dicom.order import places
from ctseg.slices.dicom.slices import DicomSlice
from ctseg.slices.dicom.values import text

# Direction cosines that differ by no more than this (0.3 degrees) are one direction; spacings, by this part.
_SAME_DIRECTION = 0.005
_SAME_SPACING = 1e-3
# Sets that differ in these are one where they share no place, even if they interleave.
_TIMES = ("AcquisitionTime", "AcquisitionDateTime", "ContentTime")
_APART_ONLY_IF_REPEATED = ("SliceThickness", "SeriesNumber", *_TIMES)
_MAX_PASSES, _MIN_IN_PASS = 6, 3


@dataclass(frozen=True)
class Group:
    """Slices of one stack, in no order yet, and sentences on what of their series was left out."""

    slices: list[DicomSlice]
    notes: tuple[str, ...] = ()


def without_copies(slices: list[DicomSlice]) -> tuple[list[DicomSlice], list[str]]:
    """Keep one of all frames that carry one SOPInstanceUID; frames that differ in place are no copies."""
    seen: dict[Hashable, int] = {}
    uids: dict[str, int] = {}
    kept, copies, alike = [], 0, 0
    for each in slices:
        uid = text(each.image.header, "SOPInstanceUID")
        position = each.frame.position
        place = None if position is None else tuple(np.round(position, 2).tolist())
        identity = (uid, each.index, each.series, place, each.number, each.sets["AcquisitionNumber"])
        if uid is not None and identity in seen:
            copies += 1
            continue
        seen[identity] = 1
        if uid is not None and uids.setdefault(uid, id(each.image)) != id(each.image):
            alike += 1
        kept.append(each)
    notes = []
    if copies:
        notes.append(f"{copies} of {len(slices)} images are copies (same SOPInstanceUID) and were read once.")
    if alike:
        notes.append(
            f"{alike} of {len(slices)} images carry the SOPInstanceUID of another one but differ from it; "
            "all are kept."
        )
    return kept, notes


def by_series(slices: Sequence[DicomSlice]) -> list[list[DicomSlice]]:
    """Group slices of one series, size and direction, in the order of their first ones."""
    groups: list[list[DicomSlice]] = []
    for alike in _by(slices, [each.series for each in slices]):
        directions = [each.frame.orientation for each in alike]
        groups += _by(alike, _classes(directions, _SAME_DIRECTION, relative=False))
    return groups


def stacks_of(series: list[DicomSlice]) -> list[Group]:
    """Split a series into groups each of which can be one stack; of equal ones the one to show is first."""
    spacings = [None if each.frame.spacing_mm is None else np.array(each.frame.spacing_mm) for each in series]
    spacing_class = _classes(spacings, _SAME_SPACING, relative=True)
    keys = [
        (not each.hounsfield, each.frame.position is None, known)
        for each, known in zip(series, spacing_class, strict=True)
    ]
    groups = []
    for alike in _by(series, keys):
        own = {id(each) for each in alike}
        left = _left_out(alike[0], [each for each in series if id(each) not in own], len(series))
        for chosen, keyword, sets in _split(alike):
            notes = list(left)
            if keyword is not None:
                notes.append(
                    f"This series holds {sets} sets of slices at the same places, told apart by {keyword}; "
                    f"one of {len(chosen)} slices is shown, and {len(alike) - len(chosen)} others were "
                    "left out."
                )
            groups.append(Group(chosen, (*notes, *_note_on_passes(chosen))))
    return groups


def _note_on_passes(slices: list[DicomSlice]) -> list[str]:
    """Say where slices that lie between each other were taken in few passes over one range: maybe phases.

    Nothing but time tells them apart, and a scanner may also take every second slice first.
    """
    placed = places(slices)
    if placed.direction is None or len({each.taken for each in slices}) < 2:
        return []
    along = placed.along
    taken = sorted(range(len(slices)), key=lambda k: (slices[k].taken, along[k]))
    passes = _runs(taken, np.argsort(np.argsort(along, kind="stable"), kind="stable"))
    few = 2 <= len(passes) <= _MAX_PASSES and min(map(len, passes)) >= _MIN_IN_PASS
    if not few or not all(
        _overlap(along[passes[0]], along[other], placed.tolerance, repeated=False) for other in passes[1:]
    ):
        return []
    return [
        f"Slices beside each other were taken in {len(passes)} passes over the same range, which only their "
        "times tell apart; if these are phases, choose the files of one."
    ]


def _left_out(shown: DicomSlice, others: list[DicomSlice], total: int) -> list[str]:
    """Why slices of the same series are not in the stack of ``shown``."""
    counts = Counter(_difference(shown, each) for each in others)
    return [f"{count} of {total} slices were left out: they {why}." for why, count in counts.items()]


def _difference(shown: DicomSlice, other: DicomSlice) -> str:
    if shown.hounsfield and not other.hounsfield:
        return "do not say how their numbers become Hounsfield units"
    if other.hounsfield and not shown.hounsfield:
        return "say how their numbers become Hounsfield units and the others do not"
    if other.frame.position is None and shown.frame.position is not None:
        return "do not say where they lie"
    if other.frame.position is not None and shown.frame.position is None:
        return "say where they lie and the others do not"
    return "have pixels of another size, or do not tell their size"


def _split(slices: list[DicomSlice]) -> list[tuple[list[DicomSlice], str | None, int]]:
    """Sets of slices in which no place comes twice, what tells them apart, and how many there are."""
    placed = places(slices)
    along, tolerance = placed.along, placed.tolerance
    if np.ptp(along) <= tolerance:  # one place over time
        return [(slices, None, 1)]
    keywords = dict.fromkeys(keyword for each in slices for keyword in each.sets)
    for keyword in keywords:
        values = [each.sets.get(keyword) for each in slices]
        if keyword in _TIMES and len(set(values)) * 2 > len(values):  # every slice has a time of its own
            continue
        sets = _interleaved_sets(values, along, tolerance, keyword in _APART_ONLY_IF_REPEATED)
        if len(sets) > 1:
            found = [part for members in sets for part in _split([slices[k] for k in members])]
            return [(part, keyword, len(found)) for part, _, _ in found]
    passes = _passes(slices, along, tolerance)
    if len(passes) == 1:
        return [(slices, None, 1)]
    return [
        ([slices[k] for k in members], "the order in which they were taken", len(passes))
        for members in passes
    ]


def _interleaved_sets(
    values: Sequence[float | str | None], along: NDArray[np.float64], tolerance: float, only_repeated: bool
) -> list[list[int]]:
    """Indices by value; values whose slices lie beside each other, as in step and shoot, are one set."""
    groups: dict[float | str | None, list[int]] = defaultdict(list)
    for index, value in enumerate(values):
        groups[value].append(index)
    if len(groups) < 2:
        return [list(range(len(values)))]
    ordered = sorted(groups.items(), key=lambda item: (item[0] is None, isinstance(item[0], str), item[0]))
    sets: list[list[list[int]]] = []
    for value, members in ordered:
        repeated = only_repeated or value is None
        apart = sets and not any(
            _overlap(along[members], along[other], tolerance, repeated) for other in sets[-1]
        )
        if apart:
            sets[-1].append(members)
        else:
            sets.append([members])
    return [[index for members in each for index in members] for each in sets]


def _overlap(
    first: NDArray[np.float64], second: NDArray[np.float64], tolerance: float, repeated: bool
) -> bool:
    """Whether more than half of the smaller of two sets lies within the other, or at its very places."""
    few, many = sorted((first, second), key=len)
    if repeated:
        inside = np.abs(few[:, np.newaxis] - many).min(axis=1) <= tolerance
    else:
        inside = (few >= many.min() - tolerance) & (few <= many.max() + tolerance)
    return bool(inside.sum() * 2 > len(few))


def _passes(slices: Sequence[DicomSlice], along: NDArray[np.float64], tolerance: float) -> list[list[int]]:
    """Where places repeat and no tag tells why: runs through the body, one after the other in time.

    Where there are more such runs than images of one place, as in series numbered place by place, the first
    image of each place, the second, and so on.
    """
    taken = sorted(range(len(slices)), key=lambda k: (slices[k].taken, slices[k].number or 0, k))
    order = np.argsort(along, kind="stable")
    place = np.empty(len(along), np.int64)
    place[order] = np.cumsum(np.diff(along[order], prepend=along[order[0]]) > tolerance)
    runs = _runs(taken, place)
    if len(runs) == np.bincount(place).max():
        return runs
    seen: dict[int, int] = defaultdict(int)
    passes: dict[int, list[int]] = defaultdict(list)
    for index in taken:
        passes[seen[int(place[index])]].append(index)
        seen[int(place[index])] += 1
    return [passes[k] for k in sorted(passes)]


def _runs(taken: Sequence[int], place: NDArray[np.int64]) -> list[list[int]]:
    """Cut a sequence of slices where it turns back or stays at one place."""
    runs = [[taken[0]]]
    for before, index in itertools.pairwise(taken):
        step, run = place[index] - place[before], runs[-1]
        if step == 0 or (len(run) > 1 and (step > 0) != (place[run[1]] > place[run[0]])):
            runs.append([index])
        else:
            run.append(index)
    return runs


def _by(slices: Sequence[DicomSlice], keys: Sequence[Hashable]) -> list[list[DicomSlice]]:
    groups: dict[Hashable, list[DicomSlice]] = {}
    for each, key in zip(slices, keys, strict=True):
        groups.setdefault(key, []).append(each)
    return list(groups.values())


def _classes(vectors: Sequence[NDArray[np.float64] | None], tolerance: float, *, relative: bool) -> list[int]:
    """Number vectors so that those near the first of their class share its number; None is class -1."""
    leaders: list[NDArray[np.float64]] = []
    found = []
    for vector in vectors:
        if vector is None:
            found.append(-1)
            continue
        for number, leader in enumerate(leaders):
            allowed = tolerance * np.abs(leader) if relative else tolerance
            if np.all(np.abs(vector - leader) <= allowed):
                found.append(number)
                break
        else:
            found.append(len(leaders))
            leaders.append(vector)
    return found
