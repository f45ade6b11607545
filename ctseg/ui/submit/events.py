"""What the Submit page's events do, for a user who is known or None; a program gets the same answers."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import gradio as gr

from ctseg.errors import UserError
from ctseg.leaderboard.boards import Board, all_boards, find_board
from ctseg.leaderboard.submissions import SubmissionError
from ctseg.leaderboard.submissions.metadata import EntryDetails
from ctseg.leaderboard.submissions.pipeline import Accepted, Object, check_may_submit, object_to_nothing
from ctseg.leaderboard.submissions.service import SubmissionService
from ctseg.ui.submit.report import Report, report_of
from ctseg.ui.submit.run import Doing, Doubtful, Refused, discard, hand_in_stepwise
from ctseg.ui.submit.words import about_html

FIRST_BOARD = "phantom-val"
NO_FILE = "No file has arrived: choose a CSV, a ZIP of label maps or an NPZ, and wait until it is uploaded."
NOTHING_SAID = "Say what training saw; for a method without training that is “nothing”."
MISSING = "These are missing: {}."
Step = Doing | Accepted | Refused | Doubtful


class SubmitEvents:
    """The events of one service; ``user`` is who has logged in, or None where nobody can."""

    def __init__(self, service: SubmissionService) -> None:
        self.service = service

    def about(self, name: str | None, user: str | None) -> str:
        """Return what is said about a board to this user, as HTML."""
        board = board_or_practice(name)
        return about_html(
            board,
            why_closed=self.service.why_closed(board),
            quota=self.service.quota(user, board),
            login=self.service.needs_login,
            user=user,
            now=datetime.now(UTC),
        )

    def submit(
        self, user: str | None, file: str | None, board: str, typed: "Typed", object_to: Object
    ) -> Iterator[Step]:
        """Yield the steps of a submission; the last says what came of it.

        Parameters
        ----------
        user : who has logged in
        file : path of the upload; it is deleted unless the last step is `Doubtful`
        board : a board's name, anything
        typed : what was typed, anything
        object_to : as of `hand_in`
        """
        missing = [*([] if file else ["the file"]), *typed.missing()]
        if len(missing) > 1:
            if file is not None:
                discard(Path(file))
            yield Refused(MISSING.format(f"{', '.join(missing[:-1])} and {missing[-1]}"))
            return
        if file is None:
            yield Refused(NO_FILE)
            return
        path = Path(file)
        try:
            found = find_board(str(board))
            details = typed.checked()
            check_may_submit(self.service, found, user)
        except UserError as error:
            discard(path)
            yield Refused(str(error))
            return
        yield from hand_in_stepwise(self.service, path, found, details, user, object_to)

    def call(self, user: str | None, file: str | None, board: str, typed: "Typed") -> Report:
        """Submit for a program and return the report; what looks like a mistake stands in it as hints.

        Raises
        ------
        gr.Error
            With one sentence, if nothing was stored.
        """
        for step in self.submit(user, file, board, typed, object_to_nothing):
            if isinstance(step, Refused):
                raise gr.Error(step.sentence, print_exception=False)
            if isinstance(step, Accepted):
                return report_of(step, find_board(board))
        raise AssertionError("a submission ends with a result or a refusal")


class Typed:
    """What a stranger typed about an entry: any values."""

    def __init__(self, name: Any, family: Any, link: Any, contact: Any, saw: Any) -> None:
        self._texts = [str(each or "") for each in (name, family, link, contact)]
        self._saw = [str(each) for each in saw] if isinstance(saw, list | tuple) else []

    def missing(self) -> list[str]:
        """Return in words what is required and was left out."""
        name = [] if self._texts[0].strip() else ["the name of the method"]
        return name + ([] if self._saw else ["what training saw"])

    def checked(self) -> EntryDetails:
        """Return the details.

        Raises
        ------
        SubmissionError
            If something is missing or may not be shown.
        """
        name, family, link, contact = self._texts
        details = EntryDetails.from_text(name=name, family=family, link=link, contact=contact, saw=self._saw)
        if not details.saw:
            raise SubmissionError(NOTHING_SAID)
        return details


def board_or_practice(name: str | None) -> Board:
    """Return the board of this name, or the practice board; addresses may hold anything."""
    return all_boards().get(str(name or "")) or find_board(FIRST_BOARD)
