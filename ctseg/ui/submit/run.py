"""One submission on its way: in a thread, reported step by step, one at a time in this process."""

import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ctseg.errors import UserError
from ctseg.leaderboard.boards import Board
from ctseg.leaderboard.submissions import SubmissionError
from ctseg.leaderboard.submissions.hints import submission_hints
from ctseg.leaderboard.submissions.metadata import EntryDetails
from ctseg.leaderboard.submissions.pipeline import Accepted, Object, hand_in, object_to_nothing
from ctseg.leaderboard.submissions.service import SubmissionService
from ctseg.ui.server.uploads import UPLOADS

TICK_SECONDS = 0.2
GONE = "This upload is gone: it waited too long, or the same file was just scored; upload it again."

_logger = logging.getLogger(__name__)
# Gradio frees the place of an event whose page was closed; its submission goes on to the end.
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Doing:
    """A sentence on what is being done, and the share that is done, 0 to 1."""

    sentence: str
    share: float


@dataclass(frozen=True)
class Refused:
    """One sentence on why nothing was stored."""

    sentence: str


@dataclass(frozen=True)
class Doubtful:
    """What looks like a mistake; nothing was stored, and the file is kept so that it may be sent anyway."""

    hints: tuple[str, ...]


class _DoubtError(Exception):
    def __init__(self, hints: tuple[str, ...]) -> None:
        super().__init__(*hints)
        self.hints = hints


def object_to_mistakes(label_maps: NDArray[np.integer]) -> None:
    """End a submission whose label maps look like a mistake; its last step is `Doubtful` then."""
    hints = submission_hints(label_maps)
    if hints:
        raise _DoubtError(hints)


class _Submitting(threading.Thread):
    def __init__(
        self,
        service: SubmissionService,
        path: Path,
        board: Board,
        details: EntryDetails,
        user: str | None,
        object_to: Object,
    ) -> None:
        super().__init__(name="ctseg-submission", daemon=True)
        self._arguments = (service, path, board, details, user)
        self._path = path
        self._object_to = object_to
        self.doing = Doing("Waiting for another submission to be scored …", 0.0)
        self.outcome: Accepted | Refused | Doubtful | None = None

    def run(self) -> None:
        try:
            with _one_at_a_time:
                if not self._path.is_file():
                    raise SubmissionError(GONE)  # noqa: TRY301 it is answered like the others
                self.outcome = hand_in(*self._arguments, self._note, self._object_to)
        except _DoubtError as doubt:
            self.outcome = Doubtful(doubt.hints)
            return
        except UserError as error:
            self.outcome = Refused(str(error))
        except MemoryError:
            self.outcome = Refused("There is not enough memory for this submission; try again later.")
        except Exception as error:  # our own fault must not show a traceback to the visitor
            # Without the traceback: it could hold what a stranger sent.
            _logger.error("A submission failed with %s.", type(error).__name__)  # noqa: TRY400 see above
            self.outcome = Refused("This submission could not be scored; the server's log says why.")
        discard(self._path)

    def _note(self, sentence: str, share: float) -> None:
        self.doing = Doing(sentence, share)


def hand_in_stepwise(
    service: SubmissionService,
    path: Path,
    board: Board,
    details: EntryDetails,
    user: str | None,
    object_to: Object = object_to_nothing,
) -> Iterator[Doing | Accepted | Refused | Doubtful]:
    """Yield what is being done about every 0.2 s, and at last what came of it; then the file is deleted.

    It stays where the last step is `Doubtful`, until it is sent again or swept away.
    """
    run = _Submitting(service, path, board, details, user, object_to)
    run.start()
    while run.is_alive():
        yield run.doing
        run.join(TICK_SECONDS)
    assert run.outcome is not None
    yield run.outcome


def discard(path: Path) -> None:
    """Delete an upload with its place."""
    path.unlink(missing_ok=True)
    UPLOADS.discard([path])
