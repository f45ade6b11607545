"""What an entrant may do to an own entry: give it another name, or withdraw it; the record keeps that it was.

A board that is closed stays as it is; a withdrawal is final and still counts for the quota.
"""

from ctseg.leaderboard.boards import Board, find_board
from ctseg.leaderboard.moderation import closed, hidden
from ctseg.leaderboard.results.changes import (
    MAX_RENAMES,
    made_now,
    record_of,
    renamed,
    renamed_record,
    under_new_names,
    withdrawn,
    withdrawn_record,
)
from ctseg.leaderboard.results.result import OURS, Result
from ctseg.leaderboard.submissions import SubmissionError
from ctseg.leaderboard.submissions.metadata import EntryDetails
from ctseg.leaderboard.submissions.score import LOCAL_USER
from ctseg.leaderboard.submissions.service import SubmissionService

MIN_PREFIX = 8


def own_entries(service: SubmissionService, user: str | None, board: Board | None = None) -> list[Result]:
    """Return a user's entries that are shown, under their newest names, the newest entry first.

    Parameters
    ----------
    service : where they were handed in
    user : who has logged in; None where nobody can: the entries of this machine
    board : of this board only
    """
    folder = service.store.folder
    gone = withdrawn(folder).keys() | hidden(folder).keys()
    own = [
        result
        for result in service.store.results()
        if result.origin != OURS and result.user == (user or LOCAL_USER)
        if result.predictions_sha256 not in gone and (board is None or result.board == board.name)
    ]
    return sorted(under_new_names(own, renamed(folder)), key=lambda each: each.date, reverse=True)


def rename(service: SubmissionService, user: str | None, key: str, name: str) -> Result:
    """Give an own entry, named by ``key`` (its name or the start of its sha256), another name; return it.

    Raises
    ------
    SubmissionError, StoreError
        With one sentence, if it is not the user's, its board is closed, the name cannot be one or is the one
        it has, or it was renamed three times.
    """
    entry = _changeable(service, user, key)
    new = EntryDetails.from_text(name=name).name
    sha256 = entry.predictions_sha256
    given = renamed(service.store.folder).get(sha256, [])
    if new == entry.title:
        raise SubmissionError(f"The entry is called {new} already; type another name.")
    if len(given) >= MAX_RENAMES:
        raise SubmissionError(f"This entry was renamed {MAX_RENAMES} times; it keeps its name.")
    change = made_now(new, entry.user)
    service.add_record(renamed_record(sha256, len(given) + 1), record_of(change))
    return under_new_names([entry], {sha256: [change]})[0]


def withdraw(service: SubmissionService, user: str | None, key: str) -> Result:
    """Take an own entry, named by ``key``, out of its board's table for good, and return it.

    Raises
    ------
    SubmissionError, StoreError
        With one sentence, if it is not the user's, or its board is closed.
    """
    entry = _changeable(service, user, key)
    service.add_record(withdrawn_record(entry.predictions_sha256), record_of(made_now("", entry.user)))
    return entry


def _changeable(service: SubmissionService, user: str | None, key: str) -> Result:
    found = [
        entry
        for entry in own_entries(service, user)
        if entry.title == key or (len(key) >= MIN_PREFIX and entry.predictions_sha256.startswith(key))
    ]
    if len(found) != 1:
        raise SubmissionError(
            f"{key[:64]!r} names {len(found) or 'no'} entries of yours; give the name of one, or the first "
            f"{MIN_PREFIX} or more characters of its sha256."
        )
    why = closed(service.store.folder).get(found[0].board)
    if why is not None:
        raise SubmissionError(f"{find_board(found[0].board).title} is closed and stays as it is: {why}")
    return found[0]
