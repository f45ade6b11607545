"""The tables of a board: numbers that sort as numbers and read as a person writes them, the best in bold."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ctseg.leaderboard.results.ranking import Row
from ctseg.leaderboard.results.result import SUBMITTED, Result
from ctseg.leaderboard.results.statistics import MIN_PATIENTS
from ctseg.methods.base.card import saw_words
from ctseg.metrics.catalogue import NOTHING
from ctseg.ui.components.words import in_few_letters, mean_seconds, seconds_words

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler

Cell = tuple[Any, str]
"""What a cell sorts by, and what it shows."""

_LAST_RANK = 10**6


@dataclass(frozen=True)
class Column:
    """A column of a board's table.

    Attributes
    ----------
    name : the words in its head.
    cell : what a row has there.
    width : in px.
    best : which of the ranked rows is printed bold: the highest, the lowest, or none (None).
    """

    name: str
    cell: Callable[[Row], Cell]
    width: int
    best: Callable[[Sequence[float]], float] | None = None


def method_columns(patients: int) -> tuple[Column, ...]:
    """Return the columns of the table of methods; from eight patients on it has intervals and tiers."""
    ari, *others = _SCORES
    return (*_FIRST, ari, *_certainty(patients), *others, *_LAST)


def tiling_columns(patients: int) -> tuple[Column, ...]:
    """Return the columns of the table of full tilings: ``fg_ari`` first, with their number of regions."""
    ari, fg_ari, best_iou, *others = _SCORES
    regions = Column("Regions a slice", _score("structures_predicted", "{:.0f}"), 92)
    return (*_FIRST, fg_ari, *_certainty(patients), best_iou, regions, ari, *others, *_LAST)


def styled(rows: Sequence[Row], columns: Sequence[Column]) -> "Styler":
    """Return the table for ``gr.Dataframe``: it sorts by the numbers and shows the words.

    Unranked rows (the oracles) are set back; of ranked rows the best of each column is bold.
    """
    import pandas as pd

    cells = [[column.cell(row) for column in columns] for row in rows]
    names = [column.name for column in columns]
    values = pd.DataFrame([[value for value, _ in line] for line in cells], columns=names, dtype=object)
    words = [[text for _, text in line] for line in cells]
    styles = pd.DataFrame(_styles(rows, columns, cells), columns=names)
    table = values.style.apply(lambda _: styles, axis=None)
    for place, name in enumerate(names):
        shown = iter([line[place] for line in words])
        table = table.format(lambda _, shown=shown: next(shown), subset=[name])
    return table


def _styles(
    rows: Sequence[Row], columns: Sequence[Column], cells: Sequence[Sequence[Cell]]
) -> list[list[str]]:
    unranked = "font-style: italic; color: var(--body-text-color-subdued)"
    styles = [["" if row.rank is not None else unranked] * len(columns) for row in rows]
    for place, column in enumerate(columns):
        ranked = {
            number: line[place][0]
            for number, (row, line) in enumerate(zip(rows, cells, strict=True))
            if row.rank is not None and line[place][0] is not None
        }
        # One row alone is the best of nothing.
        if column.best is None or len(ranked) < 2:
            continue
        best = column.best(list(ranked.values()))
        for number, value in ranked.items():
            if value == best:
                styles[number][place] = "font-weight: 700"
    return styles


def _score(name: str, template: str = "{:.3f}") -> Callable[[Row], Cell]:
    def cell(row: Row) -> Cell:
        value = row.result.mean(name)
        return value, NOTHING if value is None else template.format(value)

    return cell


def _rank(row: Row) -> Cell:
    # Rows without a rank sort after those with one.
    return (_LAST_RANK, NOTHING) if row.rank is None else (row.rank, str(row.rank))


def _tier(row: Row) -> Cell:
    return row.tier, NOTHING if row.tier is None else str(row.tier)


def _interval(row: Row) -> Cell:
    if row.interval is None:
        return None, NOTHING
    return row.interval.low, f"{row.interval.low:.3f} to {row.interval.high:.3f}"


def _best_is_better(row: Row) -> Cell:
    if row.against_best is None:
        return None, NOTHING
    against = row.against_best
    return against.better_on, f"on {against.better_on} of {against.patients} patients"


def _found(row: Row) -> Cell:
    found, true = (row.result.mean(f"structures_{which}") for which in ("found", "true"))
    if found is None or true is None:
        return None, NOTHING
    return found, f"{found:.1f} / {true:.1f}"


def _seconds(row: Row) -> Cell:
    return mean_seconds(row.result), seconds_words(row.result)


def _parameters(row: Row) -> Cell:
    return (
        (None, NOTHING)
        if row.result.role == "oracle"
        else (row.result.parameters, in_few_letters(row.result.parameters))
    )


def _saw(row: Row) -> Cell:
    words = "the truth" if row.result.role == "oracle" else saw_words(row.result.saw)
    return words, words


def _whose(result: Result) -> str:
    if result.origin == SUBMITTED:
        return f"submitted by {result.user}"
    return result.origin


def _title(row: Row) -> str:
    return f"⚠ {row.result.title}" if row.result.warning else row.result.title


def _text(value: Callable[[Row], str]) -> Callable[[Row], Cell]:
    return lambda row: (value(row), value(row))


def _certainty(patients: int) -> tuple[Column, ...]:
    if patients < MIN_PATIENTS:
        return (Column("Rank 1 is better", _best_is_better, 140),)
    return (Column("95 % interval", _interval, 140), Column("Tier", _tier, 56))


_FIRST = (
    Column("Rank", _rank, 66),
    Column("Method", _text(_title), 210),
    Column("Family", _text(lambda row: row.result.family), 126),
    Column("Whose", _text(lambda row: _whose(row.result)), 112),
)
_SCORES = (
    Column("ari", _score("ari"), 66, max),
    Column("fg_ari", _score("fg_ari"), 74, max),
    Column("Best IoU", _score("best_iou"), 84, max),
    Column("Panoptic quality", _score("panoptic_quality"), 88, max),
    Column("Split (bits)", _score("split"), 76, min),
    Column("Merge (bits)", _score("merge"), 80, min),
    Column("Foreground Dice", _score("foreground_dice"), 108, max),
    Column("Plain ri", _score("ri"), 74),
    Column("ri of all background", _score("ri_all_background"), 104),
    Column("Found / true", _found, 96, max),
)
_LAST = (
    Column("s a slice, one core", _seconds, 92, min),
    Column("Parameters", _parameters, 104),
    Column("Training saw", _saw, 150),
    Column("Date", _text(lambda row: row.result.date[:10]), 100),
)
