"""Sets of slices within a series in which no place comes twice, and what tells them apart."""

import itertools
from collections import defaultdict
from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from ctseg.slices.dicom.order import Places, is_even, places
from ctseg.slices.dicom.slices import DicomSlice

# Sets that differ in these are one where they share no place, even if they interleave.
_TIMES = ("AcquisitionTime", "AcquisitionDateTime", "ContentTime")
_APART_ONLY_IF_REPEATED = ("SeriesNumber", *_TIMES)
# Texts of people and programs, which may number every slice; so may times.
_MAY_BE_ITS_OWN = (*_TIMES, "SeriesDescription", "ProtocolName", "ScanOptions", "ImageComments")
_FIELD_OF_VIEW = "the part of the body that they show"
_MAX_FIELDS, _MIN_IN_FIELD = 4, 2
_SAME_THICKNESS = 1.1


def split(slices: list[DicomSlice]) -> list[tuple[list[DicomSlice], str | None, int]]:
    """Sets of slices in which no place comes twice, what tells them apart, and how many there are."""
    placed = places(slices)
    along, tolerance = placed.along, placed.tolerance
    if np.ptp(along) <= tolerance:  # one place over time
        return [(slices, None, 1)]
    fields = _fields_of_view(slices, placed)
    for keyword in [*([_FIELD_OF_VIEW] if fields else []), *dict.fromkeys(k for e in slices for k in e.sets)]:
        values = fields if keyword == _FIELD_OF_VIEW else _values(slices, keyword)
        if keyword in _MAY_BE_ITS_OWN and len(set(values)) * 2 > len(values):
            continue
        sets = _interleaved_sets(values, along, tolerance, keyword in _APART_ONLY_IF_REPEATED)
        if len(sets) > 1:
            found = [part for members in sets for part in split([slices[k] for k in members])]
            return [(part, keyword, len(found)) for part, _, _ in found]
    passes = _passes(slices, along, tolerance)
    if len(passes) == 1:
        return [(slices, None, 1)]
    return [
        ([slices[k] for k in members], "the order in which they were taken", len(passes))
        for members in passes
    ]


def _values(slices: list[DicomSlice], keyword: str) -> list[float | str | None]:
    """What each slice says; thicknesses that differ by rounding or a little are one."""
    values = [each.sets.get(keyword) for each in slices]
    if keyword != "SliceThickness":
        return values
    known = sorted({value for value in values if isinstance(value, float)})
    smallest: dict[float, float] = {}
    for value in known:
        before = smallest[known[len(smallest) - 1]] if smallest else value
        smallest[value] = before if value <= before * _SAME_THICKNESS else value
    return [smallest[value] if isinstance(value, float) else value for value in values]


def _fields_of_view(slices: list[DicomSlice], placed: Places) -> list[float | str | None]:
    """Number the few lines across their planes on which slices lie, as of the left and the right ear.

    None are numbered where there is one line only, or, as of a tilted gantry, one for each slice.
    """
    spacing = slices[0].frame.spacing_mm
    positions = [each.frame.position for each in slices]
    if placed.direction is None or spacing is None or any(position is None for position in positions):
        return []
    points = np.stack([position for position in positions if position is not None])
    lines = points - np.outer(placed.along, placed.direction)
    fields = classes(list(lines), max(spacing), relative=False)
    counts = np.bincount(fields)
    if not 2 <= len(counts) <= _MAX_FIELDS or int(counts.min()) < _MIN_IN_FIELD:
        return []
    # Numbered by their place, so that the order of files does not matter.
    first = [tuple(np.round(lines[fields.index(number)], 2).tolist()) for number in range(len(counts))]
    number_of = {each: number for number, each in enumerate(sorted(first))}
    return [float(number_of[first[field]]) for field in fields]


def _interleaved_sets(
    values: Sequence[float | str | None], along: NDArray[np.float64], tolerance: float, only_repeated: bool
) -> list[list[int]]:
    """Indices by value; values whose slices lie beside each other, as in step and shoot, are one set.

    So are values without which steps would be missing, and with which none is.
    """
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
            overlap(along[members], along[other], tolerance, repeated=repeated) for other in sets[-1]
        )
        if apart:
            sets[-1].append(members)
        else:
            sets.append([members])
    found = [[index for members in each for index in members] for each in sets]
    needed = any(not is_even(along[members], tolerance) for members in found)
    return [list(range(len(values)))] if needed and is_even(along, tolerance) else found


def overlap(
    first: NDArray[np.float64], second: NDArray[np.float64], tolerance: float, *, repeated: bool
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

    Where there are more such runs than images of one place, as in series numbered place by place, or where
    each shares no more than the place with the next at which it ends, as table positions that meet do, the
    first image of each place, the second, and so on.
    """
    taken = sorted(range(len(slices)), key=lambda k: (slices[k].taken, slices[k].number or 0, k))
    order = np.argsort(along, kind="stable")
    place = np.empty(len(along), np.int64)
    place[order] = np.cumsum(np.diff(along[order], prepend=along[order[0]]) > tolerance)
    runs = runs_of(taken, place)
    counts = np.bincount(place)
    repeated = int((counts - 1).sum())
    if len(runs) == counts.max() and repeated >= len(runs):
        return runs
    seen: dict[int, int] = defaultdict(int)
    passes: dict[int, list[int]] = defaultdict(list)
    for index in taken:
        passes[seen[int(place[index])]].append(index)
        seen[int(place[index])] += 1
    return [passes[k] for k in sorted(passes)]


def runs_of(taken: Sequence[int], place: NDArray[np.int64]) -> list[list[int]]:
    """Cut a sequence of slices where it turns back or stays at one place."""
    runs = [[taken[0]]]
    for before, index in itertools.pairwise(taken):
        step, run = place[index] - place[before], runs[-1]
        if step == 0 or (len(run) > 1 and (step > 0) != (place[run[1]] > place[run[0]])):
            runs.append([index])
        else:
            run.append(index)
    return runs


def by(slices: Sequence[DicomSlice], keys: Sequence[Hashable]) -> list[list[DicomSlice]]:
    groups: dict[Hashable, list[DicomSlice]] = {}
    for each, key in zip(slices, keys, strict=True):
        groups.setdefault(key, []).append(each)
    return list(groups.values())


def classes(vectors: Sequence[NDArray[np.float64] | None], tolerance: float, *, relative: bool) -> list[int]:
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
