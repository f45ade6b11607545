"""Order of slices: by position, feet first, else by what else the files number them with; gaps are told."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ctseg.slices.dicom.slices import DicomSlice

# Steps are told to be uneven, and slices to be missing, from these parts of the usual step on.
_UNEVEN = 0.02
_MISSING = 1.75
_ROUNDING_MM = 0.002
_SAME_PLACE_MM = 0.005
_SAME_PLACE_PART, _SAME_PLACE_STEP = 0.02, 0.2
_MAX_GAPS = 3
_UNPLACED = (
    "The files do not say where the slices lie; they are in the order {}, which may run from head to feet."
)


@dataclass(frozen=True)
class Places:
    """Where slices lie along one line.

    Attributes
    ----------
    along : ndarray, shape (N,): mm along ``direction``, or a number that sorts the slices
    direction : unit vector in DICOM's axes towards which ``along`` grows, None where places are unknown
    tolerance : differences up to this are one place
    note : how slices are ordered where the files do not say where they lie
    """

    along: NDArray[np.float64]
    direction: NDArray[np.float64] | None
    tolerance: float
    note: str | None = None


def places(slices: Sequence[DicomSlice]) -> Places:
    """Where the slices of one stack lie; axial ones count from the feet to the head.

    Slices without positions are ordered by SliceLocation, else by their place in the stack, else by instance
    number, else as they were given; ``note`` says so.
    """
    positions = [each.frame.position for each in slices]
    if all(position is not None for position in positions):
        points = np.stack([position for position in positions if position is not None])
        direction = _direction(slices, points)
        locations = {each.location_mm for each in slices}
        # One position copied into every file is no place where another element still counts the slices.
        copied = (
            len(locations) == len(slices) > 1 and None not in locations and not np.ptp(points, axis=0).any()
        )
        if direction is not None and not copied:
            along = points @ direction
            return Places(along, direction, _tolerance(slices, along))
    for values, tolerance, name in (
        ([each.location_mm for each in slices], _SAME_PLACE_MM, "SliceLocation"),
        ([each.in_stack for each in slices], 0.0, "InStackPositionNumber"),
        ([each.number for each in slices], 0.0, "InstanceNumber"),
    ):
        if all(value is not None for value in values) and len(set(values)) > 1:
            return Places(np.array(values, np.float64), None, tolerance, _UNPLACED.format(f"of their {name}"))
    numbers = np.arange(len(slices), dtype=np.float64)
    return Places(numbers, None, 0.0, _UNPLACED.format("in which they were given"))


def _tolerance(slices: Sequence[DicomSlice], along: NDArray[np.float64]) -> float:
    """Distance up to which two images lie at one place, in mm: little, or a small part of a thick slice."""
    spacing, thickness = slices[0].frame.spacing_mm, slices[0].sets["SliceThickness"]
    tolerance = _SAME_PLACE_MM if spacing is None else min(_SAME_PLACE_MM, 0.01 * min(spacing))
    if isinstance(thickness, float) and len(along) > 1:
        # Believed only as far as it agrees with how far apart the slices are.
        usual = float(np.ptp(along)) / (len(along) - 1)
        tolerance = max(tolerance, min(_SAME_PLACE_PART * thickness, _SAME_PLACE_STEP * usual))
    return tolerance


def _direction(slices: Sequence[DicomSlice], points: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Normal of the slices, else the line on which they lie; turned to the head if nearest to that axis."""
    normal = slices[0].frame.normal
    if normal is None:
        normal = points[np.argmax(np.linalg.norm(points - points[0], axis=1))] - points[0]
    length = float(np.linalg.norm(normal))
    if length == 0:
        return None
    direction = np.asarray(normal / length)
    steep = abs(direction[2]) >= np.abs(direction).max() - 1e-6
    return -direction if steep and direction[2] < 0 else direction


def is_even(along: NDArray[np.float64], tolerance: float) -> bool:
    """Whether different places follow each other in even steps, as far as there are two steps to compare."""
    steps = np.diff(np.sort(along))
    steps = steps[steps > tolerance]
    return steps.size < 2 or bool(np.ptp(steps) <= max(_UNEVEN * float(np.median(steps)), 2 * tolerance))


def step_of(placed: Places) -> float:
    """Median distance in mm between neighbours, 1 where it is not known."""
    if placed.direction is None:
        return 1.0
    steps = np.diff(np.sort(placed.along))
    steps = steps[steps > placed.tolerance]
    return float(np.median(steps)) if steps.size else 1.0


def notes_on_steps(placed: Places) -> list[str]:
    """Sentences on how slices were ordered, on places that repeat, and on missing slices and uneven steps."""
    if len(placed.along) < 2:
        return []
    if placed.note is not None:
        return [placed.note]
    along = np.sort(placed.along)
    if along[-1] - along[0] <= placed.tolerance:
        return [f"All {len(along)} images lie at one place; they are shown in the order of time."]
    steps = np.diff(along)
    usual = float(np.median(steps))
    missing = np.flatnonzero(steps > _MISSING * usual)
    if missing.size:
        gaps = " and ".join(
            f"{steps[k]:.4g} mm between slices {k + 1} and {k + 2}" for k in missing[:_MAX_GAPS].tolist()
        )
        more = f" and {missing.size - _MAX_GAPS} more" if missing.size > _MAX_GAPS else ""
        return [f"Slices seem to be missing: {gaps}{more}, where the usual step is {usual:.4g} mm."]
    if steps.max() - steps.min() > max(_UNEVEN * usual, _ROUNDING_MM):
        return [f"The steps between slices are uneven: from {steps.min():.4g} to {steps.max():.4g} mm."]
    return []
