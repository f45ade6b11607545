"""What a user who has logged in may do to own entries on the Submit page: rename and withdraw."""

from collections.abc import Callable
from typing import Any

import gradio as gr

from ctseg.errors import UserError
from ctseg.leaderboard.boards import find_board
from ctseg.leaderboard.submissions.own_entries import own_entries, rename, withdraw
from ctseg.leaderboard.submissions.service import SubmissionService
from ctseg.ui.components.notices import notice, remark

NOT_CHOSEN = "Choose one of your entries first."
NOT_SURE = "A withdrawal is final: tick the box beside it first."
Update = dict[Any, Any]


class OwnEntries:
    """A part of the page that shows nothing until a user with entries on the board has logged in."""

    def __init__(self, service: SubmissionService) -> None:
        self.service = service
        with gr.Accordion(
            "Your entries on this board", open=False, visible=False, elem_id="own-entries"
        ) as self.part:
            self.entry = gr.Dropdown([], label="Entry", elem_id="own-entry")
            with gr.Row():
                self.name = gr.Textbox(label="New name", max_lines=1, elem_id="own-name")
                self.rename = gr.Button("Rename", elem_id="own-rename")
            with gr.Row():
                self.sure = gr.Checkbox(label="Withdraw it for good", elem_id="own-sure")
                self.withdraw = gr.Button("Withdraw", elem_id="own-withdraw")
        self.said = gr.HTML("", apply_default_css=False, elem_id="own-said", elem_classes="bd-words")

    @property
    def shown(self) -> list[Any]:
        """The components that change with the board and the user."""
        return [self.part, self.entry]

    @property
    def changed(self) -> list[Any]:
        """The components that change when something is done to an entry."""
        return [*self.shown, self.name, self.sure, self.said]

    def of(self, user: str | None, board: str) -> Update:
        """Return the user's entries on a board."""
        found = [] if user is None else own_entries(self.service, user, find_board(board))
        choices = [(f"{each.title}, of {each.date[:10]}", each.predictions_sha256) for each in found]
        return {
            self.part: gr.Accordion(visible=bool(found)),
            self.entry: gr.Dropdown(choices=choices, value=choices[0][1] if choices else None),
        }

    def renamed(self, user: str | None, board: str, entry: str | None, name: str) -> Update:
        """Give an entry another name, or say why not."""

        def act(own: str) -> str:
            return f"It is called {rename(self.service, user, own, name).title}."

        return self._done(user, board, entry, act)

    def withdrawn(self, user: str | None, board: str, entry: str | None, sure: bool) -> Update:
        """Withdraw an entry, or say why not."""
        if not sure:
            return {self.said: notice(NOT_SURE)}
        return self._done(
            user, board, entry, lambda own: f"{withdraw(self.service, user, own).title} is withdrawn."
        )

    def _done(self, user: str | None, board: str, entry: str | None, act: Callable[[str], str]) -> Update:
        if user is None or not entry:
            return {self.said: notice(NOT_CHOSEN)}
        try:
            done = act(str(entry))
        except UserError as error:
            return {self.said: notice(str(error))}
        said = remark(f"{done} The board says that it was.")
        return self.of(user, board) | {self.name: "", self.sure: False, self.said: said}
