"""Stored submissions scored anew under today's metric and labels; the old numbers are kept beside."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from ctseg.files import OWNER_ONLY, write_atomically
from ctseg.leaderboard.boards import Board, BoardError
from ctseg.leaderboard.folders import RESULT_FILE
from ctseg.leaderboard.results.result import OURS, Result, to_json
from ctseg.leaderboard.submissions.expected_images import layout_of
from ctseg.leaderboard.submissions.local_store import Submissions
from ctseg.leaderboard.submissions.metadata import EntryDetails
from ctseg.leaderboard.submissions.read import Submission
from ctseg.leaderboard.submissions.score import score_submission

_UNDER = ("metric_version", "dataset_fingerprint", "scores", "means")


def rescore(store: Submissions, board: Board, changed: Callable[[Result, Result], None]) -> int:
    """Score every submission to a board again from its stored label maps.

    Where anything changed, the old result becomes ``result-<date and time>.json`` beside the new
    ``result.json``. Who submitted and when stays as it was.

    Parameters
    ----------
    store : the folder of submissions
    board : Board
    changed : called with the old and the new result of each entry that changed

    Returns
    -------
    The number of entries looked at.

    Raises
    ------
    BoardError
        If an entry was made for other images than the board has now.
    StoreError
        If the label maps of an entry are not there.
    DatasetError
        If the board's labels are not on this machine.
    """
    entries = [result for result in store.results() if result.board == board.name and result.origin != OURS]
    for old in entries:
        new = _scored_again(store, board, old)
        if any(getattr(old, name) != getattr(new, name) for name in _UNDER):
            home = store.folder / "entries" / old.predictions_sha256
            stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
            write_atomically(home / f"result-{stamp}.json", to_json(old).encode(), OWNER_ONLY)
            write_atomically(home / RESULT_FILE, to_json(new).encode(), OWNER_ONLY)
            changed(old, new)
    return len(entries)


def _scored_again(store: Submissions, board: Board, old: Result) -> Result:
    images, label_maps = store.predictions(old.predictions_sha256)
    if images != layout_of(board).images:
        raise BoardError(
            f"The entry {old.predictions_sha256[:12]} was made for other images than {board.name} "
            "has now; hide it."
        )
    details = EntryDetails(name=old.entry, family=old.family, link=old.link, saw=old.saw, contact="")
    new = score_submission(Submission(board.name, images, label_maps), board, details, old.user)
    return replace(new, date=old.date, user=old.user, origin=old.origin)
