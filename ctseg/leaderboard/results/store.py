"""Results in append-only folders: ``entries/<sha256 of the label maps>/result.json``."""

from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from ctseg.files import OWNER_ONLY, write_atomically
from ctseg.leaderboard.folders import (
    DESCRIPTIONS,
    ENTRIES,
    HIDDEN,
    LOOKS_FILE,
    RENAMED,
    RESULT_FILE,
    WITHDRAWN,
    folders,
)
from ctseg.leaderboard.results.changes import (
    Renamed,
    Withdrawn,
    renamed,
    under_new_names,
    withdrawn,
)
from ctseg.leaderboard.results.result import OURS, Result, from_json, to_json
from ctseg.leaderboard.set_aside import SetAside, UnusableError, read_text, usable

MAX_KEPT = 512
"""Results kept in memory, of the files read last: every page and every board looks through all of them."""


def save(folder: Path, result: Result) -> Path:
    """Store a result whole or not at all, and return its folder; the same predictions are stored once."""
    home = folder / ENTRIES / result.predictions_sha256
    write_atomically(home / RESULT_FILE, to_json(result).encode(), OWNER_ONLY)
    return home


def all_results(folder: Path) -> list[Result]:
    """Return every result of a folder that can be used, hidden ones too, by the sha256 of its label maps."""
    return [each for each in read_results(folder) if isinstance(each, Result)]


def read_results(folder: Path) -> list[Result | SetAside]:
    """Return every result of a folder, and in the place of one that cannot be used why it is set aside."""
    return [each for _, each in usable(sorted(folder.glob(f"{ENTRIES}/*/{RESULT_FILE}")), read_result)]


def read_result(path: Path) -> Result:
    """Read one result, which is not to be changed: whoever asks for the same file gets the same object.

    Raises
    ------
    FileNotFoundError
        If there is none.
    UnusableError
        If it cannot be used, or is not that of the entry whose folder it lies in.
    """
    about = path.stat()
    return _read(path, (about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns))


@lru_cache(maxsize=MAX_KEPT)
def _read(path: Path, as_of: tuple[int, ...]) -> Result:  # noqa: ARG001 a file that was changed is read again
    result = from_json(read_text(path))
    if result.predictions_sha256 != path.parent.name:
        raise UnusableError("it is the result of another entry")
    return result


def stamp(read: tuple[Path, ...]) -> tuple[tuple[str, int, int], ...]:
    """Return what changes whenever something that boards are made of changes in these folders."""
    found = []
    for folder in read:
        for pattern in (
            f"{ENTRIES}/*/{RESULT_FILE}",
            *(f"{kind}/*.json" for kind in (HIDDEN, RENAMED, WITHDRAWN)),
            f"{DESCRIPTIONS}/*.json",
            LOOKS_FILE,
        ):
            for path in folder.glob(pattern):
                # It may have gone since it was listed.
                with suppress(OSError):
                    about = path.stat()
                    found.append((str(path), about.st_mtime_ns, about.st_size))
    return tuple(sorted(found))


def load_results(folder: Path, board: str) -> list[Result]:
    """Return the results of one folder that a board shows, by entry name.

    Every submission counts; of our own rows only the newest of each entry, since older code made the others.
    Entries that the owner hid or their entrant withdrew are left out; names are those given last.
    """
    return _shown([folder], board)


def board_results(board: str) -> list[Result]:
    """Return the results that a board shows, of our own rows and of submissions together."""
    return _shown(folders(), board)


def board_changes(board: str) -> list[Renamed | Withdrawn]:
    """Return what entrants did to their entries of a board, but for entries that the owner hid; in order."""
    found: list[Renamed | Withdrawn] = []
    for folder in folders():
        hidden = {path.stem for path in folder.glob(f"{HIDDEN}/*.json")}
        gone, names = withdrawn(folder), renamed(folder)
        for result in all_results(folder):
            sha256 = result.predictions_sha256
            if result.board != board or sha256 in hidden:
                continue
            name = result.title
            for change in names.get(sha256, []):
                found.append(Renamed(name, change.name, change.date[:10]))
                name = change.name
            if sha256 in gone:
                found.append(Withdrawn(name, gone[sha256].date[:10]))
    return sorted(found, key=lambda each: each.date)


def _shown(read: tuple[Path, ...] | list[Path], board: str) -> list[Result]:
    kinds = (HIDDEN, WITHDRAWN)
    hidden = {path.stem for folder in read for kind in kinds for path in folder.glob(f"{kind}/*.json")}
    names = {key: given for folder in read for key, given in renamed(folder).items()}
    stored = {
        result.predictions_sha256: result for folder in reversed(read) for result in all_results(folder)
    }
    of_board = sorted(
        (each for key, each in stored.items() if each.board == board and key not in hidden),
        key=lambda result: result.date,
    )
    newest = {result.entry: result for result in of_board if result.origin == OURS}
    submitted = [result for result in of_board if result.origin != OURS]
    shown = [*newest.values(), *under_new_names(submitted, names)]
    return sorted(shown, key=lambda result: (result.entry, result.date))
