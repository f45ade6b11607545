"""The whole way of a submission: read, checked, scored and stored, and where it then stands."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ctseg.leaderboard.boards import Board
from ctseg.leaderboard.results.disclosure import disclosed_result
from ctseg.leaderboard.submissions import SubmissionError
from ctseg.leaderboard.submissions.local_store import Outcome
from ctseg.leaderboard.submissions.metadata import EntryDetails
from ctseg.leaderboard.submissions.quotas import quota_words
from ctseg.leaderboard.submissions.read import read_submission
from ctseg.leaderboard.submissions.score import score_submission
from ctseg.leaderboard.submissions.service import SubmissionService

StageProgress = Callable[[str, float], None]
"""Called with a sentence on the stage that runs, and the part of the whole that is done."""
Object = Callable[[NDArray[np.integer]], None]


def object_to_nothing(_label_maps: NDArray[np.integer]) -> None:
    """Take label maps as they are."""


@dataclass(frozen=True)
class Accepted:
    """What became of a submission, as far as it may be told; and its label maps (N, H, W) to draw them."""

    outcome: Outcome
    label_maps: NDArray[np.integer]


def check_may_submit(service: SubmissionService, board: Board, user: str | None) -> None:
    """Refuse where the service is closed, nobody has logged in, or the user's quota is used up.

    Raises
    ------
    SubmissionError
        With one sentence.
    """
    why = service.why_closed(board)
    if why:
        raise SubmissionError(why)
    if service.needs_login and user is None:
        raise SubmissionError("Nobody is logged in; sign in with Hugging Face on the Submit page first.")
    quota = service.quota(user, board)
    if quota is not None and not quota.left:
        raise SubmissionError(quota_words(quota, datetime.now(UTC)))


def hand_in(
    service: SubmissionService,
    path: Path,
    board: Board,
    details: EntryDetails,
    user: str | None,
    progress: StageProgress,
    object_to: Object = object_to_nothing,
) -> Accepted:
    """Read, score and store a file; the file itself stays where it is.

    Parameters
    ----------
    service : where it is handed in
    path : the untrusted file
    board : the one to submit to
    details : what the entry says about itself
    user : who has logged in, or None where nobody can
    progress : called with a sentence and the share that is done, 0 to 1
    object_to : called with the label maps (N, H, W) before they are scored; what it raises ends it all

    Raises
    ------
    SubmissionError, StoreError, BoardError, DatasetError
        With one sentence; nothing is stored then.
    """
    check_may_submit(service, board, user)
    progress("Reading and checking the file …", 0.0)
    submission = read_submission(path, board)
    object_to(submission.label_maps)
    result = score_submission(
        submission,
        board,
        details,
        user,
        lambda done, count: progress(f"Scoring: image {done} of {count} …", 0.3 + 0.6 * done / count),
    )
    progress("Storing …", 0.9)
    outcome = service.accept(
        result, submission.label_maps, details.contact, lambda sentence: progress(sentence, 0.95)
    )
    disclosed = disclosed_result(outcome.result, board)
    return Accepted(replace(outcome, result=disclosed), submission.label_maps)
