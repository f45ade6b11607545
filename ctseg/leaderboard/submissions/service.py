"""Where submissions are handed in: whether it is open, who may, and the store behind it."""

import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ctseg.datasets import DatasetError, open_split
from ctseg.leaderboard.boards import Board, all_boards
from ctseg.leaderboard.moderation import closed
from ctseg.leaderboard.results.result import Result
from ctseg.leaderboard.submissions.local_store import Outcome, StoreError, Submissions, open_submissions
from ctseg.leaderboard.submissions.quotas import Quota, quota_of
from ctseg.leaderboard.submissions.score import LOCAL_USER
from ctseg.settings import REQUIRE_LOGIN, SUBMISSIONS_REPO

if TYPE_CHECKING:
    from ctseg.leaderboard.submissions.hub_store import HubSubmissions

RETRY_SECONDS = 60.0
_FETCHING = "Submitting opens as soon as the saved submissions are fetched; try again in a minute."


class SubmissionService:
    """The service of a machine whose disk stays, where nobody logs in and entries are marked local."""

    needs_login = False

    def __init__(self, store: Submissions) -> None:
        self.store = store

    def start(self) -> None:
        """Get ready."""

    def stop(self) -> None:
        """End what ``start`` began."""

    def why_closed(self, board: Board) -> str:
        """Return one sentence on why nothing can be handed in for a board, or ""."""
        why = closed(self.store.folder).get(board.name)
        if why is not None:
            return f"This board is closed: {why}"
        if REQUIRE_LOGIN.text() and board.kind != "open" and not self.needs_login:
            return "This board takes entries from users who are logged in only; here nobody can log in."
        if not labels_are_here(board):
            return "The true labels of this board are not on this machine, so nothing can be scored here."
        return ""

    def quota(self, user: str | None, board: Board) -> Quota | None:
        """Return what a user has left; None where there is no limit.

        Without a login there is no telling users apart: boards whose labels are public have no limit then,
        and on others all visitors share one.
        """
        if user is None and board.kind == "open":
            return None
        now = datetime.now(UTC)
        return quota_of(self.store.results(), user or LOCAL_USER, board, all_boards(), now)

    def accept(
        self, result: Result, label_maps: NDArray[np.integer], contact: str, progress: Callable[[str], None]
    ) -> Outcome:
        """Make an entry of a scored submission.

        Parameters
        ----------
        result, label_maps, contact : as of ``Submissions.accept``
        progress : called with a sentence while it is not yet saved

        Raises
        ------
        StoreError
            If it cannot be stored; it is no entry then.
        """
        del progress
        return self.store.accept(result, label_maps, contact)

    def add_record(self, name: str, content: bytes) -> None:
        """Add a record of what an entrant did to an own entry.

        Raises
        ------
        StoreError
            If it cannot be stored; nothing is changed then.
        """
        self.store.add_record(name, content)


class HubSubmissionService(SubmissionService):
    """The service of a Space: users log in, and entries are saved to the Hub before they count."""

    needs_login = True

    def __init__(self, store: Submissions, hub: "HubSubmissions") -> None:
        super().__init__(store)
        self._hub = hub
        self._closed = _FETCHING
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._fetch, name="ctseg-submissions", daemon=True)

    def start(self) -> None:
        """Fetch what was saved, again and again until that goes well."""
        self._thread.start()

    def stop(self) -> None:
        self._done.set()

    def why_closed(self, board: Board) -> str:
        return self._closed or super().why_closed(board)

    def accept(
        self, result: Result, label_maps: NDArray[np.integer], contact: str, progress: Callable[[str], None]
    ) -> Outcome:
        return self._hub.accept(result, label_maps, contact, progress)

    def add_record(self, name: str, content: bytes) -> None:
        self._hub.add_record(name, content)

    def _fetch(self) -> None:
        while self._closed and not self._done.is_set():
            try:
                self._hub.rebuild()
                self._closed = ""
            except StoreError as error:
                self._closed = str(error)
                self._done.wait(RETRY_SECONDS)


class ClosedSubmissionService(SubmissionService):
    """The service of a Space that cannot keep what is handed in."""

    def __init__(self, store: Submissions, why: str) -> None:
        super().__init__(store)
        self._why = why

    def why_closed(self, board: Board) -> str:
        del board
        return self._why


def labels_are_here(board: Board) -> bool:
    """Whether a board's true labels are on this machine, so that entries can be scored."""
    try:
        open_split(board.name)
    except DatasetError:
        return False
    return True


def on_a_space() -> bool:
    """Whether this is a Space of the Hub, whose disk goes away."""
    return os.environ.get("SYSTEM") == "spaces"


def open_service() -> SubmissionService:
    """Return the service of this machine.

    On a Space ``CTSEG_SUBMISSIONS_REPO`` names the private dataset that keeps submissions, ``HF_TOKEN`` may
    write it, and ``hf_oauth: true`` in the Space's README lets users log in. Without these it is closed.
    """
    store = open_submissions()
    if not on_a_space():
        return SubmissionService(store)
    repo, token = SUBMISSIONS_REPO.text(), os.environ.get("HF_TOKEN", "")
    for missing, what in (
        (not repo, f"names no dataset to keep submissions in ({SUBMISSIONS_REPO.name})"),
        (not token, "has no token to save submissions with (HF_TOKEN)"),
        (not os.environ.get("OAUTH_CLIENT_ID"), "has no login (hf_oauth: true in its README)"),
    ):
        if missing:
            return ClosedSubmissionService(
                store, f"Submitting is closed: this Space {what}; its owner can set that."
            )
    from ctseg.leaderboard.submissions.hub_store import HubSubmissions

    return HubSubmissionService(store, HubSubmissions(store, repo, token))
