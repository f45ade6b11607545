"""The facts behind "Which is best?", worked out from a board's rows; the sentences are a template."""

from collections.abc import Sequence
from dataclasses import dataclass

from ctseg.leaderboard.results.ranking import INDICES, Row
from ctseg.leaderboard.results.result import Result
from ctseg.leaderboard.results.statistics import MIN_PATIENTS
from ctseg.ui.components.board_view import BoardView
from ctseg.ui.components.templates import render

NEAR = 0.1
"""How far below the perfect mask's row, by either index, a row may lie and still be near it."""


@dataclass(frozen=True)
class Best:
    """Who is first among the rows that are ranked together.

    Attributes
    ----------
    role : "method", or "full tiling" where nothing leaves a background.
    index : the score that ranks them.
    firsts : those that share the first rank.
    count : of all that are ranked with them.
    separating : the best by ``fg_ari``, where that is another than the first and not what ranks.
    """

    role: str
    index: str
    firsts: tuple[Result, ...]
    count: int
    separating: Result | None


def best_of(shown: BoardView) -> Best | None:
    """Return who is best on a board, None where nothing is ranked."""
    for role in ("method", "full tiling"):
        rows = shown.of_role(role)
        if rows:
            return _best(role, rows)
    return None


def _best(role: str, rows: Sequence[Row]) -> Best:
    firsts = tuple(row.result for row in rows if row.rank == 1)
    index = rows[0].index
    separating = max((row.result for row in rows), key=lambda result: result.mean("fg_ari") or 0)
    other = index != "fg_ari" and len(rows) > 1 and separating is not rows[0].result
    return Best(role, index, firsts, len(rows), separating if other else None)


def tilings_ahead(shown: BoardView) -> int:
    """Return how many full tilings beat every method of the first rank by both indices."""
    firsts = [row for row in shown.of_role("method") if row.rank == 1]
    if not firsts:
        return 0
    return sum(all(_beats(row, first) for first in firsts) for row in shown.of_role("full tiling"))


def _beats(row: Row, other: Row) -> bool:
    return all((row.result.mean(index) or 0) > (other.result.mean(index) or 0) for index in INDICES)


def perfect_mask(shown: BoardView) -> Result | None:
    """Return the row of the perfect mask that is cut into connected regions, where the board has it."""
    return next((row.result for row in shown.rows if row.result.entry == "oracle-regions"), None)


def near_perfect(shown: BoardView, perfect: Result) -> list[Result]:
    """Return the ranked rows within `NEAR` of the perfect mask, or above, by both indices."""

    def near(result: Result) -> bool:
        return all((result.mean(index) or 0) >= (perfect.mean(index) or 0) - NEAR for index in INDICES)

    return [row.result for row in shown.rows if row.rank is not None and near(row.result)]


def answers_html(shown: BoardView) -> str:
    """Return the three things a visitor asks, answered for this board; nothing on an empty one."""
    if not shown.rows:
        return ""
    perfect = perfect_mask(shown)
    methods = shown.of_role("method")
    return render(
        "leaderboard",
        "answers",
        best=best_of(shown),
        tilings=len(shown.of_role("full tiling")),
        ahead=tilings_ahead(shown),
        perfect=perfect,
        near=[] if perfect is None else near_perfect(shown, perfect),
        near_means=NEAR,
        digits=min(shown.board.digits, 3),
        patients=shown.patients,
        min_patients=MIN_PATIENTS,
        drawn=shown.board.name.startswith("phantom"),
        in_first_tier=sum(row.tier == 1 for row in methods),
        methods=len(methods),
    )
