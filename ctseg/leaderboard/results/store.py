"""Results in append-only folders: ``entries/<sha256 of the label maps>/result.json``."""

from pathlib import Path

from ctseg.files import OWNER_ONLY, write_atomically
from ctseg.leaderboard.folders import HIDDEN, RESULT_FILE, folders
from ctseg.leaderboard.results.result import OURS, Result, from_json, to_json


def save(folder: Path, result: Result) -> Path:
    """Store a result whole or not at all, and return its folder; the same predictions are stored once."""
    home = folder / "entries" / result.predictions_sha256
    write_atomically(home / RESULT_FILE, to_json(result).encode(), OWNER_ONLY)
    return home


def all_results(folder: Path) -> list[Result]:
    """Return every result of a folder, hidden ones too, by the sha256 of its label maps."""
    paths = sorted(folder.glob(f"entries/*/{RESULT_FILE}"))
    return [from_json(path.read_text(encoding="utf-8")) for path in paths]


def load_results(folder: Path, board: str) -> list[Result]:
    """Return the results of one folder that a board shows, by entry name.

    Every submission counts; of our own rows only the newest of each entry, since older code made the others.
    Entries that the owner hid are left out.
    """
    return _shown([folder], board)


def board_results(board: str) -> list[Result]:
    """Return the results that a board shows, of our own rows and of submissions together."""
    return _shown(folders(), board)


def _shown(read: tuple[Path, ...] | list[Path], board: str) -> list[Result]:
    hidden = {path.stem for folder in read for path in folder.glob(f"{HIDDEN}/*.json")}
    stored = {
        result.predictions_sha256: result for folder in reversed(read) for result in all_results(folder)
    }
    of_board = sorted(
        (each for key, each in stored.items() if each.board == board and key not in hidden),
        key=lambda result: result.date,
    )
    newest = {result.entry: result for result in of_board if result.origin == OURS}
    submitted = [result for result in of_board if result.origin != OURS]
    return sorted([*newest.values(), *submitted], key=lambda result: (result.entry, result.date))
