"""Results in one append-only folder: ``entries/<sha256 of the label maps>/result.json``."""

import os
import tempfile
from pathlib import Path

from ctseg.leaderboard.result import OURS, Result, from_json, to_json

RESULT_FILE = "result.json"


def built_in_folder() -> Path:
    """Return the folder of results that ``CTSEG_LEADERBOARD`` names, else that of the committed ones.

    The committed ones lie beside the package, or inside an installed one.
    """
    named = os.environ.get("CTSEG_LEADERBOARD")
    if named:
        return Path(named)
    package = Path(__file__).resolve().parents[1]
    beside = package.parent / "leaderboard"
    return beside if beside.is_dir() else package / "_leaderboard"


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


def load_results(folder: Path, board: str) -> list[Result]:
    """Return the results that a board shows, by entry name.

    Every submission counts; of our own rows only the newest of each entry, since older code made the others.
    """
    stored = [
        from_json(path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob(f"entries/*/{RESULT_FILE}"))
    ]
    of_board = sorted((result for result in stored if result.board == board), key=lambda result: result.date)
    newest = {result.entry: result for result in of_board if result.origin == OURS}
    submitted = [result for result in of_board if result.origin != OURS]
    return sorted([*newest.values(), *submitted], key=lambda result: result.entry)
