"""Two entries of a board compared, patient by patient and image by image."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ctseg.leaderboard.results.ranking import Row
from ctseg.leaderboard.results.result import Result
from ctseg.leaderboard.results.statistics import bootstrap_interval, compare, patient_means
from ctseg.ui.components.board_view import BoardView
from ctseg.ui.components.words import decimals

LISTED = 8
_WHOLE = 0.05


@dataclass(frozen=True)
class ToFirst:
    """How far a row lies from the first of its ranking, as places from 0 to 1 on the common axis."""

    title: str
    text: str
    tier: int | None
    mean: float
    interval: tuple[float, float] | None
    patients: tuple[float, ...]
    tip: str


@dataclass(frozen=True)
class Differences:
    """All rows of one ranking against its first; ``zero`` is where equality lies on the axis."""

    first: str
    index: str
    lines: tuple[ToFirst, ...]
    zero: float
    low: str
    high: str
    tiers: bool


def differences_to_first(shown: BoardView) -> list[Differences]:
    """Return for each ranking how its rows differ from the first, where single images are disclosed."""
    rankings = (shown.of_role("method"), shown.of_role("full tiling"))
    return [each for rows in rankings if (each := _of_ranking([row for row in rows if row.result.scores]))]


def _of_ranking(rows: Sequence[Row]) -> Differences | None:
    if len(rows) < 2:
        return None
    first, index = rows[0].result, rows[0].index
    others = [row for row in rows[1:] if row.result.images == first.images]
    differences = [row.result.values(index) - first.values(index) for row in others]
    by_patient = [patient_means(values, first.patients) for values in differences]
    if not by_patient:
        return None
    low = min(-_WHOLE, *(float(each.min(initial=0)) for each in by_patient))
    high = max(_WHOLE, *(float(each.max(initial=0)) for each in by_patient))
    intervals = [bootstrap_interval(values, first.patients) for values in differences]
    if intervals[0] is not None:
        ends = [end for each in intervals if each for end in (each.low, each.high)]
        low, high = min(-_WHOLE, *ends), max(_WHOLE, *ends)
    pad = 0.04 * (high - low)
    low, high = low - pad, high + pad

    def place(value: float) -> float:
        return (value - low) / (high - low)

    lines = []
    for row, values, patients, interval in zip(others, differences, by_patient, intervals, strict=True):
        mean = float(np.nanmean(values))
        against = compare(first.values(index), row.result.values(index), first.patients)
        sentence = (
            f"{row.result.title} is {decimals(abs(mean))} {'below' if mean < 0 else 'above'} {first.title}"
        )
        lines.append(
            ToFirst(
                row.result.title,
                signed(mean),
                row.tier,
                place(mean),
                (place(interval.low), place(interval.high)) if interval else None,
                () if interval else tuple(place(each) for each in patients.tolist()),
                f"{sentence}, which is better on {against.better_on} of {against.patients} patients.",
            )
        )
    tiers = rows[0].tier is not None
    return Differences(first.title, index, tuple(lines), place(0.0), signed(low), signed(high), tiers)


@dataclass(frozen=True)
class OnImage:
    """One image with the scores of two entries."""

    image: str
    patient: str
    first: float
    second: float

    @property
    def difference(self) -> float:
        """First minus second."""
        return self.first - self.second


def largest_differences(first: Result, second: Result, score: str, count: int = LISTED) -> list[OnImage]:
    """Return the images where two results on the same board differ most, largest difference first.

    Images on which either has no such score are left out, and those on which they are equal.
    """
    of_first, of_second = first.values(score), second.values(score)
    distance = np.nan_to_num(np.abs(of_first - of_second))
    order = np.argsort(-distance, kind="stable")[:count]
    return [
        OnImage(first.images[place], first.patients[place], float(of_first[place]), float(of_second[place]))
        for place in order.tolist()
        if distance[place] > 0
    ]


def signed(value: float, digits: int = 3) -> str:
    """Return a difference with its sign; what rounds to zero has none."""
    text = f"{value:+.{digits}f}"
    return text[1:] if float(text) == 0 else text.replace("-", "−")
