"""What the Leaderboard and Methods pages read from the folder of results, kept until a file there changes."""

import threading
from dataclasses import dataclass
from pathlib import Path

from ctseg.leaderboard.boards import BOARDS, Board
from ctseg.leaderboard.looks import count_looks
from ctseg.leaderboard.ranking import Row, rank
from ctseg.leaderboard.result import Result
from ctseg.leaderboard.store import RESULT_FILE, built_in_folder, load_results

_Stamp = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class BoardView:
    """A board with everything that a page shows of it.

    Attributes
    ----------
    board : which one.
    rows : ranked methods, then ranked full tilings, then oracles.
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

    def of_role(self, role: str) -> list[Row]:
        """Return the rows of methods, full tilings or oracles."""
        return [row for row in self.rows if row.result.role == role]


_lock = threading.Lock()
_kept: dict[str, tuple[Path, _Stamp, BoardView]] = {}


def view(board: Board) -> BoardView:
    """Return what is known of a board now; read and ranked anew only after a result was added."""
    folder = built_in_folder()
    stamp = _stamp(folder)
    with _lock:
        kept = _kept.get(board.name)
        if kept is None or kept[:2] != (folder, stamp):
            rows = tuple(rank(load_results(folder, board.name)))
            looks = count_looks(folder / "looks.csv").get(board.name, 0)
            kept = (folder, stamp, BoardView(board, rows, looks))
            _kept[board.name] = kept
        return kept[2]


def first_board() -> Board:
    """Return the board to open with: the first that has results, else the first."""
    return next((board for board in BOARDS.values() if view(board).rows), next(iter(BOARDS.values())))


def board_or_first(name: str | None) -> Board:
    """Return the board of this name, or the one to open with; addresses may hold anything."""
    return BOARDS.get(name or "") or first_board()


def _stamp(folder: Path) -> _Stamp:
    files = [*folder.glob(f"entries/*/{RESULT_FILE}"), folder / "looks.csv"]
    return tuple(sorted((str(path), path.stat().st_mtime_ns) for path in files if path.exists()))
