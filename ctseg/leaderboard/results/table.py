"""A board as plain rows, the same for the page, the command line, CSV and JSON."""

from collections.abc import Iterable
from typing import Any

from ctseg.leaderboard.results.ranking import Row
from ctseg.metrics.catalogue import TABLED, tabled

TABLE_COLUMNS = (
    "rank",
    "tier",
    "entry",
    "title",
    "family",
    "role",
    "ranked_by",
    *TABLED,
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


def table(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Return the rows of a board, keys ``TABLE_COLUMNS``; None where there is no value.

    Parameters
    ----------
    rows : of one board, from ``disclosed_rows`` wherever somebody is to see them
    """
    return [_cells(row) for row in rows]


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
        **tabled(result.means),
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
