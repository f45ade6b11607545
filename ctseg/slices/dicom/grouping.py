"""Which slices make one stack: one direction, one size of pixels, one way to HU, and no place twice."""

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from ctseg.slices.dicom.order import places
from ctseg.slices.dicom.sets import by, classes, overlap, runs_of, split
from ctseg.slices.dicom.slices import DicomSlice
from ctseg.slices.dicom.values import text

# Direction cosines that differ by no more than this (0.3 degrees) are one direction; spacings, by this part.
_SAME_DIRECTION = 0.005
_SAME_SPACING = 1e-3
_MAX_PASSES, _MIN_IN_PASS = 6, 3
_MIN_RENAMED = 3
_SEVERAL_PATIENTS = "Images of several patients carry the name of one series; those of one are shown."


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
        identity = (
            uid,
            each.index,
            each.series,
            each.image.patient,
            place,
            each.number,
            each.sets["AcquisitionNumber"],
        )
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


def by_series(slices: Sequence[DicomSlice]) -> tuple[list[list[DicomSlice]], list[str]]:
    """Group slices of one series, size and direction, in the order of their first ones; and notes.

    Series of one name of other patients, or within other studies or frames of reference, are other ones,
    unless every slice names its own, as after careless anonymisation; so are series named for each slice that
    share their number.
    """
    names: list[Hashable] = [each.series for each in slices]
    notes = []
    if len(slices) >= _MIN_RENAMED and len(set(names)) == len(slices):
        numbers = [(each.sets["SeriesNumber"], *each.series[1:]) for each in slices]
        if len(set(numbers)) == 1 and numbers[0][0] is not None:
            names = list(numbers)
            notes.append(f"Each of the {len(slices)} images names another series; by number they are one.")
    patients = len(slices[0].image.patient)
    for part in range(len(slices[0].within)):
        if len({each.within[part] for each in slices} - {None}) < 2:  # one name, left out of some
            continue
        within = [(name, each.within[part]) for name, each in zip(names, slices, strict=True)]
        if max(Counter(within).values(), default=0) > 1:
            if part < patients and len(set(within)) > len(set(names)):
                notes.append(_SEVERAL_PATIENTS)
            names = list(within)
    groups: list[list[DicomSlice]] = []
    for alike in by(slices, names):
        directions = [each.frame.orientation for each in alike]
        groups += by(alike, classes(directions, _SAME_DIRECTION, relative=False))
    return groups, list(dict.fromkeys(notes))


def stacks_of(series: list[DicomSlice]) -> list[Group]:
    """Split a series into groups each of which can be one stack; of equal ones the one to show is first."""
    spacings = [None if each.frame.spacing_mm is None else np.array(each.frame.spacing_mm) for each in series]
    spacing_class = classes(spacings, _SAME_SPACING, relative=True)
    keys = [
        (not each.hounsfield, each.frame.position is None, known)
        for each, known in zip(series, spacing_class, strict=True)
    ]
    groups = []
    for alike in by(series, keys):
        own = {id(each) for each in alike}
        left = _left_out(alike[0], [each for each in series if id(each) not in own], len(series))
        for chosen, keyword, sets in split(alike):
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

    Nothing but time, or without times their numbers, tells them apart, and a scanner may also take every
    second slice first.
    """
    placed = places(slices)
    if placed.direction is None:
        return []
    along = placed.along
    timed = len({each.taken for each in slices}) > 1
    order = [(each.taken, 0 if timed else each.number or 0) for each in slices]
    if len(set(order)) < 2:
        return []
    taken = sorted(range(len(slices)), key=lambda k: (order[k], along[k]))
    passes = runs_of(taken, np.argsort(np.argsort(along, kind="stable"), kind="stable"))
    few = 2 <= len(passes) <= _MAX_PASSES and min(map(len, passes)) >= _MIN_IN_PASS
    if not few or not all(
        overlap(along[passes[0]], along[other], placed.tolerance, repeated=False) for other in passes[1:]
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
