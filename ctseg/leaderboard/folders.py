"""Where results and submissions lie, and what is in such a folder.

One folder is committed with this project and holds our own rows; another, which ``CTSEG_STORE`` names, takes
submissions. Boards read both. In each:

``entries/<sha256 of the label maps>/result.json``  a result, append-only
``hidden/<sha256>.json``, ``closed/<board>.json``    what the owner decided
``renamed/<sha256>-<n>.json``, ``withdrawn/…json``   what entrants did to their own entries
``boards/<name>.json``                               boards that an owner added
``looks.csv``                                        how often the team scored on a board
"""

from pathlib import Path

from ctseg.settings import LEADERBOARD, STORE, packaged_folder, user_data_folder

ENTRIES = "entries"
RESULT_FILE = "result.json"
HIDDEN = "hidden"
CLOSED = "closed"
RENAMED = "renamed"
WITHDRAWN = "withdrawn"
DESCRIPTIONS = "boards"
LOOKS_FILE = "looks.csv"


def built_in_folder() -> Path:
    """Return the folder of results that ``CTSEG_LEADERBOARD`` names, else that of the committed ones.

    The committed ones lie beside the package, or inside an installed one.
    """
    return LEADERBOARD.folder() or packaged_folder("leaderboard")


def submissions_folder() -> Path:
    """Return the folder of submissions: ``CTSEG_STORE``, else one among the user's data; it is not made."""
    return STORE.folder() or user_data_folder() / "leaderboard"


def folders() -> tuple[Path, ...]:
    """Return the folders that boards read: the one of our own rows, then the one of submissions."""
    both = (built_in_folder(), submissions_folder())
    return both[:1] if both[0].resolve() == both[1].resolve() else both
