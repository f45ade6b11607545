"""A board as plain rows, the same for the page, the command line, CSV and JSON."""

from typing import Any

from ctseg.leaderboard.results.ranking import Row, rank
from ctseg.leaderboard.results.result import Result

_MEANS = (
    "ari",
    "fg_ari",
    "best_iou",
    "panoptic_quality",
    "split",
    "merge",
    "foreground_dice",
    "ri",
    "ri_all_background",
    "structures_found",
    "structures_true",
    "structures_predicted",
)
TABLE_COLUMNS = (
    "rank",
    "tier",
    "entry",
    "title",
    "family",
    "role",
    "ranked_by",
    *_MEANS,
    "interval_low",
    "interval_high",
    "best_is_better_on",
    "patients",
    "seconds",
    "peak_mb",
    "parameters",
    "saw",
    "origin",
    "user",
    "warning",
    "date",
)


def table(results: list[Result], digits: int | None = None) -> list[dict[str, Any]]:
    """Return the rows of a board in order of rank, keys ``TABLE_COLUMNS``; None where there is no value.

    Parameters
    ----------
    results : of one board
    digits : decimals of scores and intervals, which are ranked unrounded; all of them if None
    """
    rows = [_cells(row) for row in rank(results)]
    return rows if digits is None else [_rounded(row, digits) for row in rows]


def _rounded(row: dict[str, Any], digits: int) -> dict[str, Any]:
    scores = (*_MEANS, "interval_low", "interval_high")
    return row | {name: round(row[name], digits) for name in scores if isinstance(row[name], float)}


def _cells(row: Row) -> dict[str, Any]:
    result = row.result
    against = row.against_best
    return {
        "rank": row.rank,
        "tier": row.tier,
        "entry": result.entry,
        "title": result.title,
        "family": result.family,
        "role": result.role,
        "ranked_by": row.index if row.rank is not None else None,
        **{name: result.means[name] for name in _MEANS},
        "interval_low": row.interval.low if row.interval else None,
        "interval_high": row.interval.high if row.interval else None,
        "best_is_better_on": against.better_on if against else None,
        "patients": len(set(result.patients)),
        "seconds": _mean(result.seconds),
        "peak_mb": max(result.peak_mb, default=None),
        "parameters": result.parameters,
        "saw": ", ".join(result.saw) or "nothing",
        "origin": result.origin,
        "user": result.user,
        "warning": result.warning,
        "date": result.date[:10],
    }


def _mean(values: tuple[float, ...]) -> float | None:
    return sum(values) / len(values) if values else None
