"""The columns of a board's table: a new one is an entry here, a new score only one in the catalogue."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ctseg.leaderboard.boards import find_board
from ctseg.leaderboard.results.disclosure import told_digits
from ctseg.leaderboard.results.ranking import Row
from ctseg.leaderboard.results.result import LOCAL, OURS, SUBMITTED
from ctseg.leaderboard.results.statistics import MIN_PATIENTS, bootstrap_interval, patient_means
from ctseg.methods.base.card import saw_words
from ctseg.metrics.catalogue import CATALOGUE, NOTHING, TABLED, ScoreInfo
from ctseg.ui.components.words import decimals, in_few_letters, mean_seconds, seconds_words

_FIRST_SCORES = ("ari", "fg_ari", "best_iou")


@dataclass(frozen=True)
class Meter:
    """A score from 0 to 1 as a bar: its mean, and an interval, or below eight patients a dot for each."""

    mean: float
    interval: tuple[float, float] | None = None
    patients: tuple[float, ...] = ()


@dataclass(frozen=True)
class Cell:
    """What a cell says, what it sorts by (None sorts last), and the bar in it."""

    text: str
    sort: float | str | None
    meter: Meter | None = None


@dataclass(frozen=True)
class Column:
    """A column of a board's table.

    Attributes
    ----------
    key : its name in addresses and scripts.
    title : the words in its head.
    cell : what a row has there.
    explanation : what it means, for the legend.
    first : whether it is seen at first; the others stand behind "more columns".
    descending : whether a first click on its head puts the largest on top.
    best : what picks the best of the ranked rows, which is printed bold, or None.
    """

    key: str
    title: str
    cell: Callable[[Row], Cell]
    explanation: str
    first: bool = False
    descending: bool = False
    best: Callable[[Sequence[float]], float] | None = None


def columns() -> tuple[Column, ...]:
    """Return all columns: the six seen at first in their order, then the others."""
    scores = {key: _score_column(CATALOGUE[key]) for key in TABLED}
    first = [scores.pop(key) for key in _FIRST_SCORES]
    return (_RANK, _METHOD, *first, _SECONDS, *_CERTAINTY, *scores.values(), *_FACTS)


def meter_of(row: Row, score: str) -> Meter | None:
    """Return a row's mean of a score with what may be told of its spread; None where there is no mean."""
    mean, result = row.result.mean(score), row.result
    if mean is None:
        return None
    if not result.scores:
        interval = row.interval if score == row.index else None
        return Meter(float(mean), (interval.low, interval.high) if interval else None)
    values = result.values(score)
    interval = bootstrap_interval(values, result.patients)
    if interval is not None:
        return Meter(float(mean), (interval.low, interval.high))
    return Meter(float(mean), None, tuple(patient_means(values, result.patients).tolist()))


@lru_cache(maxsize=256)
def shown_digits(board: str, score: str) -> int:
    """Return how many decimals of a score a page shows: no more than are disclosed, or worth reading."""
    return min(CATALOGUE[score].digits, told_digits(find_board(board), score))


def _score_column(info: ScoreInfo) -> Column:
    def cell(row: Row) -> Cell:
        value = row.result.mean(info.key)
        meter = meter_of(row, info.key) if info.key in _FIRST_SCORES else None
        return Cell(decimals(value, shown_digits(row.result.board, info.key)), value, meter)

    return Column(
        key=info.key,
        title=info.heading,
        cell=cell,
        explanation=info.explanation,
        first=info.key in _FIRST_SCORES,
        descending=info.better != "lower",
        best=info.best,
    )


def _rank(row: Row) -> Cell:
    return Cell(NOTHING if row.rank is None else str(row.rank), row.rank)


def _name(row: Row) -> Cell:
    return Cell(row.result.title, row.result.title.casefold())


def _seconds(row: Row) -> Cell:
    return Cell(seconds_words(row.result), mean_seconds(row.result))


def _interval(row: Row) -> Cell:
    if row.interval is None:
        return Cell(NOTHING, None)
    digits = shown_digits(row.result.board, row.index)
    low, high = decimals(row.interval.low, digits), decimals(row.interval.high, digits)
    return Cell(f"{low} to {high}", row.interval.low)


def _tier(row: Row) -> Cell:
    return Cell(NOTHING if row.tier is None else str(row.tier), row.tier)


def _better_on(row: Row) -> Cell:
    against = row.against_best
    if against is None:
        return Cell("is rank 1" if row.rank == 1 else NOTHING, None)
    return Cell(f"on {against.better_on} of {against.patients} patients", against.better_on)


def _parameters(row: Row) -> Cell:
    if row.result.role == "oracle":
        return Cell(NOTHING, None)
    return Cell(in_few_letters(row.result.parameters), row.result.parameters)


def saw_text(row: Row) -> str:
    """Return in words what training saw; a submission that left it open says so."""
    if row.result.role == "oracle":
        return "the truth"
    return saw_words(row.result.saw) if row.result.saw or row.result.origin == OURS else "not stated"


def whose(row: Row) -> str:
    """Return who made the entry."""
    if row.result.origin == SUBMITTED:
        return f"submitted by {row.result.user}"
    return {OURS: "verified by us", LOCAL: "local"}[row.result.origin]


def _text(value: Callable[[Row], str]) -> Callable[[Row], Cell]:
    return lambda row: Cell(value(row), value(row).casefold())


def _column(key: str, title: str, cell: Callable[[Row], Cell], explanation: str, **more: Any) -> Column:
    return Column(key, title, cell, explanation, **more)


_RANK = _column(
    "rank",
    "Rank",
    _rank,
    "Methods are ranked by mean ari over slices, full tilings apart by fg_ari; means equal to four digits "
    "share a rank. Rows that look at the true labels are no methods and have no rank.",
    first=True,
)
_METHOD = _column(
    "method",
    "Method",
    _name,
    "A click on the name opens what is known of it. ⚠ marks entries that look as if they were made for one "
    "index.",
    first=True,
)
_SECONDS = _column(
    "seconds",
    "Seconds",
    _seconds,
    "Mean seconds a slice on one core; several slices run at once, each on a core of its own. What a method "
    "loads only when first used, such as weights, counts in the first slice of each process. Submissions "
    "have none.",
    first=True,
    best=min,
)
_CERTAINTY = (
    _column(
        "interval",
        "95 % interval",
        _interval,
        f"Of the score that ranks, from {MIN_PATIENTS} patients on: patients are drawn again with "
        "replacement.",
        descending=True,
    ),
    _column(
        "tier",
        "Tier",
        _tier,
        f"From {MIN_PATIENTS} patients on: entries of one tier cannot be distinguished from its best (paired "
        "test by patient, 5 %).",
    ),
    _column(
        "better_on",
        "Rank 1 ahead",
        _better_on,
        "On how many patients the first-ranked entry has the higher score; rows without a "
        "rank are not compared.",
        descending=True,
    ),
)
_FACTS = (
    _column("parameters", "Parameters", _parameters, "Number of learnt parameters."),
    _column(
        "saw",
        "Training saw",
        _text(saw_text),
        "Nothing, unlabelled images, annotated slices, synthetic labels, or labels from outside such as "
        "those that Segment Anything was made with.",
    ),
    _column("family", "Family", _text(lambda row: row.result.family), "What kind of method it is."),
    _column(
        "whose",
        "Whose",
        _text(whose),
        "Verified by us: this code ran the method. Submitted: a user gave label maps, and this code scored "
        "them. Local: the same, on a machine where nobody logs in.",
    ),
    _column("date", "Date", _text(lambda row: row.result.date[:10]), "When it was scored.", descending=True),
)
