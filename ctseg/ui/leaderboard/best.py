"""The answer to "Which is best?", worked out from a board's rows; whatever comes from results is escaped."""

from collections.abc import Sequence
from html import escape

from ctseg.leaderboard.results.ranking import Row
from ctseg.ui.components.board_view import BoardView

NEAR = 0.1
"""How far below the perfect mask's row, by either index, a row may lie and still be near it."""
_BOTH = ("ari", "fg_ari")


def best_words(shown: BoardView) -> str:
    """Return which ranked row is best, what beats it nonetheless, and how far all are from a perfect mask."""
    methods, tilings = shown.of_role("method"), shown.of_role("full tiling")
    if methods:
        told = _first_words(methods, "leave a background") + _tilings_ahead(methods, tilings)
    elif tilings:
        told = "Nothing here leaves a background. " + _first_words(tilings, "fill the picture")
    else:
        return "Nothing that could be ranked has been scored here yet."
    return told + _against_perfect_mask(shown, [*methods, *tilings])


def _first_words(rows: Sequence[Row], do_what: str) -> str:
    first, kind, index = rows[0], rows[0].result.role, rows[0].index
    if len(rows) == 1:
        does = do_what.replace("leave", "leaves").replace("fill", "fills")
        return f"<b>{escape(first.result.title)}</b> is the only {kind} here that {does}: {_both(first)}."
    firsts = [row for row in rows if row.rank == 1]
    names = " and ".join(f"<b>{escape(row.result.title)}</b>" for row in firsts)
    if len(firsts) > 1:
        told = f"{names} share the first rank, by {index}: {_value(first, index)}."
    else:
        told = f"{names}, by {index}, of {len(rows)} {kind}s that {do_what}: {_both(first)}."
    if index == "fg_ari":
        return told
    separating = max(rows, key=lambda row: row.result.mean("fg_ari") or 0)
    if separating.result is first.result:
        return told
    return f"{told} By fg_ari it is <b>{escape(separating.result.title)}</b>: {_value(separating, 'fg_ari')}."


def _tilings_ahead(methods: Sequence[Row], tilings: Sequence[Row]) -> str:
    """Say how many full tilings beat every method of the first rank by both indices."""
    firsts = [row for row in methods if row.rank == 1]
    ahead = [row for row in tilings if all(_beats(row, first) for first in firsts)]
    if not ahead:
        return ""
    if len(ahead) < len(tilings):
        who = f"{len(ahead)} of the {len(tilings)} full tilings below"
    else:
        who = f"All {len(tilings)} full tilings below" if len(tilings) > 1 else "The full tiling below"
    have = "has" if len(ahead) == 1 else "have"
    return f" {who} {have} higher ari <i>and</i> fg_ari, though they are ranked apart."


def _beats(row: Row, other: Row) -> bool:
    return all((row.result.mean(index) or 0) > (other.result.mean(index) or 0) for index in _BOTH)


def _against_perfect_mask(shown: BoardView, ranked: Sequence[Row]) -> str:
    perfect = next((row for row in shown.rows if row.result.entry == "oracle-regions"), None)
    if perfect is None:
        return ""
    told = f" A perfect mask, cut into connected regions, gets {_both(perfect)}; "
    near = [row for row in ranked if _is_near(row, perfect)]
    if not near:
        return told + f"nothing here comes within {NEAR:g} of it by both indices."
    names = " and ".join(escape(row.result.title) for row in near)
    return told + f"within {NEAR:g} of it or above, by both indices: {names}."


def _is_near(row: Row, perfect: Row) -> bool:
    return all((row.result.mean(name) or 0) >= (perfect.result.mean(name) or 0) - NEAR for name in _BOTH)


def _both(row: Row) -> str:
    return ", ".join(f"{index} {_value(row, index)}" for index in _BOTH)


def _value(row: Row, score: str) -> str:
    value = row.result.mean(score)
    return "–" if value is None else f"{value:.3f}"
