"""From results to the rows of a board: rank, interval, tier, and on how many patients one beats the next."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from ctseg.leaderboard.results.result import Result
from ctseg.leaderboard.results.statistics import (
    MIN_PATIENTS,
    Interval,
    PairedComparison,
    bootstrap_interval,
    compare,
)

INDICES = ("ari", "fg_ari")
"""The scores that rows are ranked by: methods by the first, full tilings by the second."""

_TIE_DIGITS = 4
_TOLD_APART_BELOW = 0.05


@dataclass(frozen=True)
class Row:
    """One entry's place on a board.

    Attributes
    ----------
    result : what was scored.
    index : the score that it is ranked by, ``"ari"``, or ``"fg_ari"`` for full tilings.
    rank : 1 for the best; equal means share a rank; None for oracles, which do not compete.
    tier : entries of one tier cannot be told apart from its best; None below eight patients and for oracles.
    interval : 95 % interval of the ranking score, or None below eight patients.
    against_best : the best entry compared with this one; None for the best itself and for oracles.
    """

    result: Result
    index: str
    rank: int | None
    tier: int | None
    interval: Interval | None
    against_best: PairedComparison | None


def rank(results: list[Result]) -> list[Row]:
    """Return the rows of a board: methods by ``ari``, then full tilings by ``fg_ari``, then oracles.

    Full tilings have no background, which ``ari`` punishes whatever else they do: they are ranked apart.
    """
    rows: list[Row] = []
    for role, index in zip(("method", "full tiling"), INDICES, strict=True):
        rows += _ranked([result for result in results if result.role == role], index)
    oracles = sorted((result for result in results if result.role == "oracle"), key=_by("ari"))
    return rows + [
        Row(result, "ari", None, None, bootstrap_interval(result.values("ari"), result.patients), None)
        for result in oracles
    ]


def _by(index: str) -> Callable[[Result], tuple[float, str]]:
    return lambda result: (-_mean(result, index), result.entry)


def _mean(result: Result, index: str) -> float:
    value = result.mean(index)
    return -math.inf if value is None else float(value)


def _ranked(results: list[Result], index: str) -> list[Row]:
    ordered = sorted(results, key=_by(index))
    tiers = _tiers(ordered, index)
    rows: list[Row] = []
    for place, result in enumerate(ordered, start=1):
        before = rows[-1] if rows else None
        ties = before is not None and _equal(before.result, result, index)
        rows.append(
            Row(
                result=result,
                index=index,
                rank=before.rank if ties and before is not None else place,
                tier=tiers[place - 1],
                interval=bootstrap_interval(result.values(index), result.patients),
                against_best=_compared(ordered[0], result, index) if place > 1 else None,
            )
        )
    return rows


def _tiers(ordered: list[Result], index: str) -> list[int | None]:
    """A tier starts at the first entry that its predecessor tier's best is told apart from."""
    if not ordered or len(set(ordered[0].patients)) < MIN_PATIENTS:
        return [None] * len(ordered)
    tiers: list[int | None] = []
    best, before, tier = ordered[0], ordered[0], 1
    for result in ordered:
        compared = None if _equal(before, result, index) else _compared(best, result, index)
        if compared and compared.p_value is not None and compared.p_value < _TOLD_APART_BELOW:
            best, tier = result, tier + 1
        tiers.append(tier)
        before = result
    return tiers


def _equal(one: Result, other: Result, index: str) -> bool:
    """Whether two results share a rank, and with it a tier."""
    return round(_mean(one, index), _TIE_DIGITS) == round(_mean(other, index), _TIE_DIGITS)


def _compared(first: Result, second: Result, index: str) -> PairedComparison | None:
    """Compare two results patient by patient; None where they are of other images."""
    if first.images != second.images:
        return None
    return compare(first.values(index), second.values(index), first.patients)
