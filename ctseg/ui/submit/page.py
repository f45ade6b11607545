"""The Submit page: a board's images and rules, an upload, and where the entry then stands."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import gradio as gr

from ctseg.leaderboard.boards import Board, BoardError, all_boards, find_board
from ctseg.leaderboard.submissions import SubmissionError
from ctseg.leaderboard.submissions.metadata import EntryDetails
from ctseg.leaderboard.submissions.pipeline import Accepted, check_may_submit
from ctseg.leaderboard.submissions.service import SubmissionService
from ctseg.methods.base.card import TRAINING_SAW
from ctseg.ui.components.notices import notice
from ctseg.ui.components.words import board_choices
from ctseg.ui.submit import messages
from ctseg.ui.submit.images import worst_pictures
from ctseg.ui.submit.report import Report, report_of
from ctseg.ui.submit.result import result_html
from ctseg.ui.submit.run import Doing, Refused, discard, hand_in_stepwise

SUBMISSIONS = "submissions"
"""The one queue of all submissions, of pages and programs; one is scored at a time."""

_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
_ONE: dict[str, Any] = {"concurrency_id": SUBMISSIONS, "concurrency_limit": 1}
_FIRST = "phantom-val"
_NO_FILE = "No file has arrived: choose a CSV, a ZIP of PNG files or an NPZ, and wait until it is uploaded."


def submit_page(pages: gr.Blocks, service: SubmissionService) -> None:
    """Lay the page out in the Blocks being built and wire its events."""
    events = _WithLogin(service) if service.needs_login else _Local(service)
    with gr.Column(elem_classes="bd-page"):
        gr.HTML(messages.HEAD, apply_default_css=False, elem_classes="bd-words bd-head")
        board = gr.Radio(
            board_choices(all_boards().values()),
            value=_FIRST,
            label="Board",
            elem_id="submit-board",
            elem_classes="bd-chooser",
        )
        about = gr.HTML(
            events.about(_FIRST, None),
            apply_default_css=False,
            elem_id="submit-about",
            elem_classes="bd-words",
        )
        if service.needs_login:
            gr.LoginButton(size="md", elem_id="login", elem_classes="sb-login")
        entry = _form()
        send = gr.Button("Submit", variant="primary", size="lg", elem_id="submit", elem_classes="sb-go")
        said = gr.HTML("", apply_default_css=False, elem_id="submit-said", min_height=30)
        result = gr.HTML("", apply_default_css=False, elem_id="submit-result", elem_classes="bd-words")
    pages.load(events.on_load, None, [board, about], **_QUIET)
    board.input(events.on_board, board, about, **_QUIET)
    send.click(
        events.on_submit,
        [entry[0], board, *entry[1:]],
        [said, result, about, entry[0]],
        api_visibility="private",
        show_progress="minimal",
        show_progress_on=said,
        trigger_mode="once",
        **_ONE,
    )
    _add_api(events)


def _form() -> list[Any]:
    with gr.Row(elem_classes="sb-form"):
        with gr.Column(min_width=320):
            file = gr.File(
                label="CSV, ZIP of PNG files, or NPZ, up to 512 MB",
                height=150,
                elem_id="submission",
            )
            saw = gr.CheckboxGroup(
                [(words.form[0].upper() + words.form[1:], key) for key, words in TRAINING_SAW.items()],
                label="What training saw",
                elem_id="entry-saw",
            )
        with gr.Column(min_width=320):
            name = gr.Textbox(label="Name of the method", max_lines=1, elem_id="entry-name")
            family = gr.Textbox(
                label="Family (optional)", max_lines=1, placeholder="supervised, classical, zero-shot …"
            )
            link = gr.Textbox(label="Code or paper (optional)", max_lines=1, placeholder="https://")
            contact = gr.Textbox(
                label="Contact (optional)", max_lines=1, info="Only the owner of this page sees it."
            )
    return [file, name, family, link, contact, saw]


def _add_api(events: "_Local") -> None:
    """Add ``/submit`` for programs; it shows nothing on the page."""
    with gr.Column(visible=False):
        inputs = [
            gr.File(label="file"),
            gr.Textbox(value=_FIRST, label="board"),
            gr.Textbox(label="name"),
            gr.Textbox(label="family"),
            gr.Textbox(label="link"),
            gr.Textbox(label="contact"),
            gr.JSON(value=[], label="saw"),
        ]
        report = gr.JSON(label="report")
        gr.Button().click(
            events.on_api,
            inputs,
            report,
            api_name="submit",
            api_description="Submit label maps to a board; returns where the entry stands and its scores.",
            **_ONE,
        )


class _Local:
    """The page's events where nobody logs in."""

    def __init__(self, service: SubmissionService) -> None:
        self._service = service

    def about(self, name: str | None, user: str | None) -> str:
        """Return what is said about a board to this user."""
        board = _board_or_first(name)
        quota = self._service.quota(user, board)
        limits = messages.limits(board, quota, self._service.needs_login, user, datetime.now(UTC))
        return messages.about(board, self._service.why_closed(board), limits)

    def on_load(self, request: gr.Request) -> list[Any]:
        return self._loaded(request, None)

    def on_board(self, name: str) -> str:
        return self.about(name, None)

    def on_submit(self, file: str | None, board: str, *typed: Any) -> Iterator[list[Any]]:
        yield from self._submitted(None, file, board, *typed)

    def on_api(
        self, file: str | None, board: str, name: str, family: str, link: str, contact: str, saw: Any
    ) -> Report:
        return self._called(None, file, board, name, family, link, contact, saw)

    def _loaded(self, request: gr.Request, user: str | None) -> list[Any]:
        board = _board_or_first(request.query_params.get("board"))
        # On a Space an owner's boards come after the page was laid out.
        choices = board_choices(all_boards().values())
        return [gr.Radio(choices=choices, value=board.name), self.about(board.name, user)]

    def _submitted(self, user: str | None, file: str | None, name: str, *typed: Any) -> Iterator[list[Any]]:
        kept = gr.skip()
        for step in self._steps(user, file, name, *typed):
            if isinstance(step, Doing):
                yield [messages.doing(step.sentence, step.share), "", kept, kept]
            elif isinstance(step, Refused):
                yield [notice(step.sentence), "", self.about(name, user), None]
            else:
                yield ["", _shown(step, find_board(name)), self.about(name, user), None]

    def _called(self, user: str | None, file: str | None, name: str, *typed: Any) -> Report:
        for step in self._steps(user, file, name, *typed):
            if isinstance(step, Refused):
                raise gr.Error(step.sentence, print_exception=False)
            if isinstance(step, Accepted):
                return report_of(step.outcome, find_board(name))
        raise AssertionError("a submission ends with a result or a refusal")

    def _steps(
        self, user: str | None, file: str | None, name: str, *typed: Any
    ) -> Iterator[Doing | Accepted | Refused]:
        if file is None:
            yield Refused(_NO_FILE)
            return
        try:
            board = find_board(str(name))
            details = _details(*typed)
            check_may_submit(self._service, board, user)
        except (BoardError, SubmissionError) as error:
            discard(Path(file))
            yield Refused(str(error))
            return
        yield from hand_in_stepwise(self._service, Path(file), board, details, user)


class _WithLogin(_Local):
    """The page's events on a Space: who the user is comes from the server's own record of the login."""

    def on_load(self, request: gr.Request, profile: gr.OAuthProfile | None) -> list[Any]:  # type: ignore[override]
        return self._loaded(request, _user(profile))

    def on_board(self, name: str, profile: gr.OAuthProfile | None) -> str:  # type: ignore[override]
        return self.about(name, _user(profile))

    def on_submit(
        self,
        file: str | None,
        board: str,
        name: str,
        family: str,
        link: str,
        contact: str,
        saw: Any,
        profile: gr.OAuthProfile | None,
    ) -> Iterator[list[Any]]:
        yield from self._submitted(_user(profile), file, board, name, family, link, contact, saw)

    def on_api(  # type: ignore[override]
        self,
        file: str | None,
        board: str,
        name: str,
        family: str,
        link: str,
        contact: str,
        saw: Any,
        profile: gr.OAuthProfile | None,
    ) -> Report:
        return self._called(_user(profile), file, board, name, family, link, contact, saw)


def _user(profile: gr.OAuthProfile | None) -> str | None:
    return None if profile is None else profile.username


def _details(name: Any, family: Any, link: Any, contact: Any, saw: Any) -> EntryDetails:
    told = [str(each or "") for each in (name, family, link, contact)]
    words = [str(each) for each in saw] if isinstance(saw, list | tuple) else []
    return EntryDetails.from_text(name=told[0], family=told[1], link=told[2], contact=told[3], saw=words)


def _shown(done: Accepted, board: Board) -> str:
    report = report_of(done.outcome, board)
    pictures = worst_pictures(board, done.outcome.result, done.label_maps, report.get("ranked_by") or "ari")
    return result_html(report, board, pictures)


def _board_or_first(name: str | None) -> Board:
    return all_boards().get(str(name or "")) or find_board(_FIRST)
