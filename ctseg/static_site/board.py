"""The committed leaderboard as a page to read: our own rows, each as `disclose` tells it."""

from ctseg.leaderboard.folders import built_in_folder
from ctseg.leaderboard.results.disclosure import ranked_as_told
from ctseg.leaderboard.results.store import load_results
from ctseg.ui.components.board_view import boards_in_order
from ctseg.ui.components.templates import render
from ctseg.ui.leaderboard.columns import columns

_ROLES = ("method", "full tiling", "oracle")


def board_page() -> str:
    """Return the page of all boards that have results; submissions of this machine are not on it."""
    shown = []
    for board in boards_in_order():
        rows = ranked_as_told(load_results(built_in_folder(), board.name), board)
        if rows:
            groups = [(role, [row for row in rows if row.result.role == role]) for role in _ROLES]
            shown.append((board, [(role, of_role) for role, of_role in groups if of_role]))
    return render(
        "static_site", "leaderboard", boards=shown, columns=[each for each in columns() if each.first]
    )
