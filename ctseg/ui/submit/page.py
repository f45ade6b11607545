"""The Submit page: a board's images and rules, an upload, and where the entry then stands."""

from collections.abc import Iterator
from typing import Any

import gradio as gr

from ctseg.leaderboard.boards import find_board
from ctseg.leaderboard.submissions.pipeline import Object, object_to_nothing
from ctseg.leaderboard.submissions.service import SubmissionService
from ctseg.methods.base.card import TRAINING_SAW
from ctseg.ui.components.board_view import boards_in_order
from ctseg.ui.components.notices import notice
from ctseg.ui.components.templates import render
from ctseg.ui.components.words import board_choices
from ctseg.ui.submit.events import FIRST_BOARD, SubmitEvents, Typed, board_or_practice
from ctseg.ui.submit.login import wire_own, with_login, without_login
from ctseg.ui.submit.own import OwnEntries
from ctseg.ui.submit.report import Report
from ctseg.ui.submit.result import result_html
from ctseg.ui.submit.run import Doing, Doubtful, Refused, object_to_mistakes
from ctseg.ui.submit.words import doing_html, doubtful_html

SUBMISSIONS = "submissions"
"""The one queue of all submissions, of pages and programs; one is scored at a time."""

_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
_ONE: dict[str, Any] = {"concurrency_id": SUBMISSIONS, "concurrency_limit": 1}
# Where one looks after pressing the button, on a phone too.
_SHOW_RESULT = "() => document.querySelector('#submit-result .sb-result')?.scrollIntoView({ block: 'start' })"
Update = dict[Any, Any]


def submit_page(pages: gr.Blocks, service: SubmissionService) -> "SubmitPage":
    """Lay the page out in the Blocks being built and wire its events."""
    page = SubmitPage(SubmitEvents(service))
    page.wire(pages)
    return page


class SubmitPage:
    """The components of the page; each event returns what changes, by component."""

    def __init__(self, events: SubmitEvents) -> None:
        self.events = events
        with gr.Column(elem_classes="bd-page"):
            gr.HTML(render("submit", "head"), apply_default_css=False, elem_classes="bd-words bd-head")
            self.board = gr.Radio(
                board_choices(boards_in_order()),
                value=FIRST_BOARD,
                label="Board",
                show_label=False,
                container=False,
                elem_id="submit-board",
                elem_classes="bd-chooser",
            )
            self.about = gr.HTML(
                events.about(FIRST_BOARD, None),
                apply_default_css=False,
                elem_id="submit-about",
                elem_classes="bd-words",
            )
            if events.service.needs_login:
                gr.LoginButton(size="md", icon=None, elem_id="login", elem_classes="sb-login")
            self._lay_out_form()
            self.send = gr.Button(
                "Submit", variant="primary", size="lg", elem_id="submit", elem_classes="sb-go"
            )
            self.said = gr.HTML("", apply_default_css=False, elem_id="submit-said", elem_classes="bd-words")
            self.send_anyway = gr.Button(
                "Submit it all the same", visible=False, elem_id="submit-anyway", elem_classes="sb-go"
            )
            self.result = gr.HTML(
                "", apply_default_css=False, elem_id="submit-result", elem_classes="bd-words"
            )
            # Without a login there is no telling whose an entry is; the command line does it then.
            self.own = OwnEntries(events.service) if events.service.needs_login else None

    def _lay_out_form(self) -> None:
        with gr.Row(elem_classes="sb-form"):
            with gr.Column(min_width=320):
                self.file = gr.File(
                    label="CSV, ZIP of PNG or NIfTI label maps, or NPZ, up to 512 MB",
                    height=150,
                    elem_id="submission",
                )
                self.saw = gr.CheckboxGroup(
                    [(words.form[0].upper() + words.form[1:], key) for key, words in TRAINING_SAW.items()],
                    label="What training saw (required)",
                    elem_id="entry-saw",
                )
            with gr.Column(min_width=320):
                self.name = gr.Textbox(
                    label="Name of the method (required)", max_lines=1, elem_id="entry-name"
                )
                self.family = gr.Textbox(
                    label="Family (optional)", max_lines=1, placeholder="supervised, classical, zero-shot …"
                )
                self.link = gr.Textbox(label="Code or paper (optional)", max_lines=1, placeholder="https://")
                self.contact = gr.Textbox(
                    label="Contact (optional)", max_lines=1, info="Only the owner of this page sees it."
                )

    def wire(self, pages: gr.Blocks) -> None:
        """Connect the events, and add ``/submit`` for programs, which shows nothing on the page."""
        handlers = (with_login if self.events.service.needs_login else without_login)(self)
        entry = [self.file, self.board, self.name, self.family, self.link, self.contact, self.saw]
        own = [] if self.own is None else self.own.shown
        changed = [self.said, self.send_anyway, self.result, self.about, self.file, *own]
        sending: dict[str, Any] = {
            "api_visibility": "private",
            "show_progress": "minimal",
            "show_progress_on": self.said,
            "trigger_mode": "once",
            **_ONE,
        }
        pages.load(handlers.on_load, None, [self.board, self.about, *own], **_QUIET)
        self.board.input(handlers.on_board, self.board, [self.about, *own], **_QUIET)
        if self.own is not None:
            wire_own(self.own, self.board, _QUIET)
        for button, handler in (
            (self.send, handlers.on_submit),
            (self.send_anyway, handlers.on_submit_anyway),
        ):
            sent = button.click(handler, entry, changed, **sending)
            sent.then(None, None, None, js=_SHOW_RESULT, **_QUIET)
        # A doubt is about the file that was looked at.
        self.file.change(self.forget_doubt, None, self.send_anyway, **_QUIET)
        with gr.Column(visible=False):
            inputs = [
                gr.File(label="file"),
                gr.Textbox(value=FIRST_BOARD, label="board"),
                gr.Textbox(label="name"),
                gr.Textbox(label="family"),
                gr.Textbox(label="link"),
                gr.Textbox(label="contact"),
                gr.JSON(value=[], label="saw"),
            ]
            report = gr.JSON(label="report")
            gr.Button().click(
                handlers.on_api,
                inputs,
                report,
                api_name="submit",
                api_description="Submit label maps to a board; returns where the entry stands, with scores.",
                **_ONE,
            )

    def load(self, user: str | None, board: str | None) -> Update:
        """Return the board that the address asks for."""
        name = board_or_practice(board).name
        # On a Space an owner's boards come after the page was laid out.
        return {
            self.board: gr.Radio(choices=board_choices(boards_in_order()), value=name),
            **self._of_board(user, name),
        }

    def show_board(self, user: str | None, name: str) -> Update:
        """Return what is said about another board."""
        return self._of_board(user, name)

    def _of_board(self, user: str | None, board: str) -> Update:
        own = {} if self.own is None else self.own.of(user, board)
        return {self.about: self.events.about(board, user), **own}

    def forget_doubt(self) -> Update:
        """Return that nothing is doubted about a file which was not looked at yet."""
        return {self.send_anyway: gr.Button(visible=False)}

    def submit(self, user: str | None, file: str | None, board: str, *typed: Any) -> Iterator[Update]:
        """Yield what changes on the way of a submission; it stops at what looks like a mistake."""
        yield from self._sent(user, file, board, Typed(*typed), object_to_mistakes)

    def submit_anyway(self, user: str | None, file: str | None, board: str, *typed: Any) -> Iterator[Update]:
        """Yield what changes on the way of a submission that is meant as it is."""
        yield from self._sent(user, file, board, Typed(*typed), object_to_nothing)

    def call(self, user: str | None, file: str | None, board: str, *typed: Any) -> Report:
        """Submit for a program."""
        return self.events.call(user, file, board, Typed(*typed))

    def _sent(
        self, user: str | None, file: str | None, board: str, typed: Typed, object_to: Object
    ) -> Iterator[Update]:
        hidden = gr.Button(visible=False)
        for step in self.events.submit(user, file, board, typed, object_to):
            if isinstance(step, Doing):
                yield {
                    self.said: doing_html(step.sentence, step.share),
                    self.result: "",
                    self.send_anyway: hidden,
                }
            elif isinstance(step, Doubtful):
                yield {self.said: doubtful_html(step.hints), self.send_anyway: gr.Button(visible=True)}
            elif isinstance(step, Refused):
                yield self._done(user, board) | {self.said: notice(step.sentence), self.result: ""}
            else:
                yield self._done(user, board) | {
                    self.said: "",
                    self.result: result_html(step, find_board(board)),
                }

    def _done(self, user: str | None, board: str) -> Update:
        return {
            **self._of_board(user, board),
            self.file: None,
            self.send_anyway: gr.Button(visible=False),
        }
