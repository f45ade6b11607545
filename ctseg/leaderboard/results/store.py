"""Results in append-only folders: ``entries/<sha256 of the label maps>/result.json``.

One folder is committed with this project and holds our own rows; another, which ``CTSEG_STORE`` names, takes
submissions, each with its label maps (see ``submissions``). Boards read both.
"""

import os
import tempfile
from pathlib import Path

from ctseg.leaderboard.results.result import OURS, Result, from_json, to_json

RESULT_FILE = "result.json"
HIDDEN = "hidden"


def built_in_folder() -> Path:
    """Return the folder of results that ``CTSEG_LEADERBOARD`` names, else that of the committed ones.

    The committed ones lie beside the package, or inside an installed one.
    """
    named = os.environ.get("CTSEG_LEADERBOARD")
    if named:
        return Path(named)
    package = Path(__file__).resolve().parents[2]
    beside = package.parent / "leaderboard"
    return beside if beside.is_dir() else package / "_leaderboard"


def submissions_folder() -> Path:
    """Return the folder of submissions: ``CTSEG_STORE``, else one among the user's data; it is not made."""
    named = os.environ.get("CTSEG_STORE")
    if named:
        return Path(named)
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data else Path.home() / ".local" / "share") / "ctseg" / "leaderboard"


def folders() -> tuple[Path, ...]:
    """Return the folders that boards read: the one of our own rows, then the one of submissions."""
    both = (built_in_folder(), submissions_folder())
    return both[:1] if both[0].resolve() == both[1].resolve() else both


def save(folder: Path, result: Result) -> Path:
    """Store a result whole or not at all, and return its folder; the same predictions are stored once.

    Written under a temporary name, flushed to the disk, then renamed.
    """
    home = folder / "entries" / result.predictions_sha256
    home.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=home, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(to_json(result))
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(home / RESULT_FILE)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
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
