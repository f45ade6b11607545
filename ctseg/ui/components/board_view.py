"""What pages read of boards, no more than may be disclosed, kept until a file of results changes."""

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ctseg.leaderboard.boards import Board, all_boards
from ctseg.leaderboard.folders import LOOKS_FILE, built_in_folder, folders
from ctseg.leaderboard.results.disclosure import disclosed_rows
from ctseg.leaderboard.results.look_log import count_looks
from ctseg.leaderboard.results.ranking import Row
from ctseg.leaderboard.results.result import OURS, Result
from ctseg.leaderboard.results.store import stamp

OPENS_ON = "ct-fewshot-val"
"""The board that the page opens on, unless it has no results."""
_Stamp = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class BoardView:
    """A board with everything that a page shows of it.

    Attributes
    ----------
    board : which one.
    rows : ranked methods, then ranked full tilings, then oracles; disclosed, under titles that differ.
    looks : how often the team has scored on it.
    """

    board: Board
    rows: tuple[Row, ...]
    looks: int

    @property
    def results(self) -> list[Result]:
        """The results in the order of the rows."""
        return [row.result for row in self.rows]

    @property
    def patients(self) -> int:
        """The number of patients; 0 on an empty board."""
        return len(set(self.rows[0].result.patients)) if self.rows else 0

    @property
    def singles(self) -> list[Row]:
        """The rows whose scores of single images are disclosed."""
        return [row for row in self.rows if row.result.scores]

    def of_role(self, role: str) -> list[Row]:
        """Return the rows of methods, full tilings or oracles."""
        return [row for row in self.rows if row.result.role == role]


_lock = threading.Lock()
_kept: dict[str, tuple[tuple[Path, ...], _Stamp, BoardView]] = {}


def view(board: Board) -> BoardView:
    """Return what is known of a board now; read and ranked anew only after a result was added."""
    read = folders()
    now = stamp(read)
    with _lock:
        kept = _kept.get(board.name)
        if kept is None or kept[:2] != (read, now):
            rows = with_distinct_titles(disclosed_rows(board))
            looks = count_looks(built_in_folder() / LOOKS_FILE).get(board.name, 0)
            kept = (read, now, BoardView(board, rows, looks))
            _kept[board.name] = kept
        return kept[2]


def with_distinct_titles(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Return the rows, with the user's name beside a title that several have, a number beside equal ones."""
    shared = Counter(row.result.title for row in rows)
    named = [_named(row.result) if shared[row.result.title] > 1 else row.result.title for row in rows]
    seen: Counter[str] = Counter()
    titles = []
    for title in named:
        seen[title] += 1
        titles.append(title if seen[title] == 1 else f"{title} ({seen[title]})")
    return tuple(
        replace(row, result=replace(row.result, title=title)) for row, title in zip(rows, titles, strict=True)
    )


def _named(result: Result) -> str:
    return f"{result.title} by {'ctseg' if result.origin == OURS else result.user}"


def boards_in_order() -> list[Board]:
    """Return all boards, the one that the page opens on first."""
    return sorted(all_boards().values(), key=lambda board: board.name != OPENS_ON)


def first_board() -> Board:
    """Return the board to open with: CT abdomen, validation, or else the first that has results."""
    boards = boards_in_order()
    return next((board for board in boards if view(board).rows), boards[0])


def board_or_first(name: str | None) -> Board:
    """Return the board of this name, or the one to open with; addresses may hold anything."""
    return all_boards().get(name or "") or first_board()
