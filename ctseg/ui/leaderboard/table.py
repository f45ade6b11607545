"""A board's table as HTML: groups that are sorted each for itself, and behind each name what is known."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ctseg.leaderboard.boards import Board
from ctseg.leaderboard.results.ranking import Row
from ctseg.leaderboard.results.result import OURS
from ctseg.leaderboard.results.store import board_changes
from ctseg.leaderboard.submissions.service import labels_are_here
from ctseg.methods import CARDS
from ctseg.metrics.catalogue import CATALOGUE, TABLED
from ctseg.ui.components.addresses import board_address, method_address, submit_address
from ctseg.ui.components.board_view import BoardView
from ctseg.ui.components.templates import render
from ctseg.ui.components.words import decimals, in_few_letters
from ctseg.ui.leaderboard.columns import Cell, Column, columns, saw_text, shown_digits, whose
from ctseg.ui.leaderboard.images import typical_images

_ROLES = ("method", "full tiling", "oracle")


@dataclass(frozen=True)
class Line:
    """One row: its place by rank, its cells, which of them are the best of its group, and its card."""

    place: int
    cells: tuple[Cell, ...]
    best: frozenset[int]
    card: dict[str, Any]
    search: str


@dataclass(frozen=True)
class Rows:
    """The rows that are ranked together."""

    role: str
    lines: tuple[Line, ...]


def table_html(shown: BoardView, sort: str = "", opened: str = "") -> str:
    """Return the table of a board, or what to run while it has no results.

    Parameters
    ----------
    shown : BoardView
    sort : key of the column that it is sorted by at first; anything else leaves the order of rank
    opened : entry whose card is open at first, or ""
    """
    if not shown.rows:
        return render("leaderboard", "empty", board=shown.board, submit_address=submit_address(shown.board))
    every = _used(shown)
    by = next((column for column in every if column.key == sort and column.key != "rank"), None)
    return render(
        "leaderboard",
        "table",
        board=shown.board,
        columns=every,
        groups=[
            _group(shown.board, role, rows, every, by) for role in _ROLES if (rows := shown.of_role(role))
        ],
        sort=by,
        opened=opened,
        changes=board_changes(shown.board.name),
        warned=[row.result for row in shown.rows if row.result.warning],
        address=board_address(shown.board),
        submit_address=submit_address(shown.board),
        scored_here=labels_are_here(shown.board),
    )


def legend_html() -> str:
    """Return what every column means."""
    return render("leaderboard", "legend", columns=columns())


def entry_of(row: Row) -> str:
    """Return the name of a row in addresses: that of the command line, or the fingerprint of a submission."""
    return row.result.entry if row.result.origin == OURS else row.result.predictions_sha256[:16]


def _used(shown: BoardView) -> tuple[Column, ...]:
    """Return the columns that some row of this board fills."""
    return tuple(
        column
        for column in columns()
        if column.first or any(column.cell(row).sort is not None for row in shown.rows)
    )


def _group(board: Board, role: str, rows: Sequence[Row], every: Sequence[Column], by: Column | None) -> Rows:
    ordered = list(rows) if by is None else sorted_rows(rows, by)
    place = {id(row): number for number, row in enumerate(rows)}
    cells = {id(row): tuple(column.cell(row) for column in every) for row in rows}
    best = _best_of(rows, every, cells)
    lines = [
        Line(place[id(row)], cells[id(row)], best[id(row)], _card(row, board), _search(row))
        for row in ordered
    ]
    return Rows(role, tuple(lines))


def sorted_rows(rows: Sequence[Row], by: Column) -> list[Row]:
    """Return the rows in the order that a first click on a column's head gives; without a value last."""
    filled = [row for row in rows if by.cell(row).sort is not None]
    empty = [row for row in rows if by.cell(row).sort is None]
    return sorted(filled, key=lambda row: by.cell(row).sort, reverse=by.descending) + empty  # type: ignore[arg-type,return-value]


def _best_of(
    rows: Sequence[Row], every: Sequence[Column], cells: dict[int, tuple[Cell, ...]]
) -> dict[int, frozenset[int]]:
    """Return for each row the columns in which it is the best of those ranked, where there are several."""
    best: dict[int, set[int]] = {id(row): set() for row in rows}
    for place, column in enumerate(every):
        values = {
            id(row): cells[id(row)][place].sort
            for row in rows
            if row.rank is not None and cells[id(row)][place].sort is not None
        }
        if column.best is None or len(values) < 2:
            continue
        top = column.best(list(values.values()))  # type: ignore[arg-type]
        for key, value in values.items():
            if value == top:
                best[key].add(place)
    return {key: frozenset(places) for key, places in best.items()}


def _search(row: Row) -> str:
    """Return what the search finds a row by: its names on pages and command line, its family and user."""
    result = row.result
    return " ".join((result.title, result.entry, result.family, whose(row), saw_text(row))).casefold()


def _card(row: Row, board: Board) -> dict[str, Any]:
    result = row.result
    method = CARDS.get(result.entry) if result.origin == OURS else None
    return {
        "entry": entry_of(row),
        "slices": typical_images(row, board),
        "index": row.index,
        "result": result,
        "whose": whose(row),
        "saw": saw_text(row),
        "parameters": in_few_letters(result.parameters),
        "method": method,
        "address": None if method is None else method_address(method.name),
        "scores": [
            (CATALOGUE[key], decimals(result.mean(key), shown_digits(board.name, key)))
            for key in TABLED
            if result.mean(key) is not None
        ],
    }
