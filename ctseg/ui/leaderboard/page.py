"""The Leaderboard page: a board's table, how sure it is, and what its indices mean."""

from typing import Any

import gradio as gr

from ctseg.leaderboard.boards import BoardError
from ctseg.leaderboard.results.published_scores import REPORTED
from ctseg.metrics.catalogue import CATALOGUE, COMPARED
from ctseg.ui.components.assets import read_asset
from ctseg.ui.components.board_view import BoardView, board_or_first, boards_in_order, first_board, view
from ctseg.ui.components.templates import render
from ctseg.ui.components.words import board_choices
from ctseg.ui.leaderboard.best import answers_html
from ctseg.ui.leaderboard.charts import charts_html
from ctseg.ui.leaderboard.explain import explain_panel
from ctseg.ui.leaderboard.files import board_file, board_rows
from ctseg.ui.leaderboard.images import choices, chosen, differences_html, spread_html
from ctseg.ui.leaderboard.table import legend_html, table_html

# What is chosen while the server still answers the choice before it is answered too; Gradio would drop it.
_QUIET: dict[str, Any] = {
    "show_progress": "hidden",
    "api_visibility": "private",
    "trigger_mode": "always_last",
}
_KEEP_BOARD_IN_ADDRESS = """(board) => {
  const address = new URL(location.href);
  address.search = new URLSearchParams({ board });
  history.replaceState(history.state, "", address);
  return board;
}"""
Update = dict[Any, Any]


def leaderboard_page(pages: gr.Blocks) -> "LeaderboardPage":
    """Lay the page out in the Blocks being built and wire its events."""
    page = LeaderboardPage()
    page.wire(pages)
    gr.api(board_api, api_name="board", api_description="The rows of a board, in order of rank.")
    return page


class LeaderboardPage:
    """The components of the page; each event returns what changes, by component.

    What it opens with is there before any event, so that the table does not wait for the server.
    """

    def __init__(self) -> None:
        shown = view(first_board())
        with gr.Column(elem_classes="bd-page"):
            self._words(render("leaderboard", "head"), "bd-head")
            self.board = gr.Radio(
                board_choices(boards_in_order()),
                value=shown.board.name,
                label="Board",
                show_label=False,
                container=False,
                elem_id="board",
                elem_classes="bd-chooser",
            )
            self.answers = self._words(answers_html(shown), "bd-answers-box")
            self.about = self._words(about_html(shown), "bd-about")
            self.table = gr.HTML(
                table_html(shown),
                js_on_load=read_asset("leaderboard", "table.js"),
                server_functions=[wanted_file],
                apply_default_css=False,
                elem_id="board-table",
                elem_classes="bd-words",
            )
            self._words(legend_html(), "bd-legend")
            explain_panel()
            self.score = gr.Radio(
                [(CATALOGUE[key].title, key) for key in COMPARED],
                value=choices(shown)[3],
                label="Score of the charts below",
                elem_id="score",
                elem_classes="bd-chooser",
            )
            self.charts = gr.HTML(
                charts_html(shown, choices(shown)[3]),
                js_on_load=read_asset("leaderboard", "plots.js"),
                apply_default_css=False,
                elem_id="charts",
                elem_classes="bd-words",
            )
            self._lay_out_images(shown)
            self._words(render("leaderboard", "report", reported=REPORTED), "bd-report")

    def _lay_out_images(self, shown: BoardView) -> None:
        rows, some, pair, _ = choices(shown)
        with gr.Column(
            visible=bool(shown.singles), elem_id="of-images", elem_classes="bd-page"
        ) as self.images:
            self._words("<h2>Image by image</h2>", "bd-images-head")
            self.picked = gr.Dropdown(
                rows, value=some, multiselect=True, label="Rows to show", elem_id="picked", min_width=300
            )
            self.spread = self._words("", "spread")
            with gr.Row():
                self.first = gr.Dropdown(
                    rows, value=pair[0], label="Where does this …", elem_id="first", min_width=300
                )
                self.second = gr.Dropdown(
                    rows, value=pair[1], label="… differ most from this?", elem_id="second", min_width=300
                )
            self.differences = self._words("", "differences")

    def _words(self, html: str, name: str) -> gr.HTML:
        return gr.HTML(html, apply_default_css=False, elem_id=name, elem_classes="bd-words")

    def wire(self, pages: gr.Blocks) -> None:
        """Connect the events."""
        whole = [
            self.board,
            self.about,
            self.answers,
            self.table,
            self.images,
            self.score,
            self.picked,
            self.first,
            self.second,
        ]
        choice = [self.board, self.score, self.picked, self.first, self.second]
        drawn = [self.charts, self.spread, self.differences]
        self.board.input(self.on_board, self.board, whole, js=_KEEP_BOARD_IN_ADDRESS, **_QUIET).then(
            self.on_choice, choice, drawn, **_QUIET
        )
        pages.load(self.on_load, None, whole, **_QUIET).then(self.on_choice, choice, drawn, **_QUIET)
        gr.on(
            [self.score.input, self.picked.input, self.first.input, self.second.input],
            self.on_choice,
            choice,
            drawn,
            **_QUIET,
        )

    def on_load(self, request: gr.Request) -> Update:
        """Return the board, the sorting and the open card that the address asks for."""
        query = request.query_params
        board = board_or_first(query.get("board"))
        update = self._of_board(view(board), str(query.get("score", "")), str(query.get("method", "")))
        # On a Space an owner's boards come after the page was laid out.
        update[self.board] = gr.Radio(choices=board_choices(boards_in_order()), value=board.name)
        return update

    def on_board(self, name: str) -> Update:
        """Return everything about another board."""
        return self._of_board(view(board_or_first(name)), "", "")

    def _of_board(self, shown: BoardView, sort: str, opened: str) -> Update:
        rows, some, pair, score = choices(shown)
        return {
            self.about: about_html(shown),
            self.answers: answers_html(shown),
            self.table: table_html(shown, sort, opened),
            self.images: gr.Column(visible=bool(shown.singles)),
            self.score: gr.Radio(value=sort if sort in COMPARED else score, visible=bool(shown.rows)),
            self.picked: gr.Dropdown(choices=rows, value=some, multiselect=True),
            self.first: gr.Dropdown(choices=rows, value=pair[0]),
            self.second: gr.Dropdown(choices=rows, value=pair[1]),
        }

    def on_choice(
        self, name: str, score: str, picked: list[str] | None, first: str | None, second: str | None
    ) -> Update:
        """Return the charts of a board for the chosen score and rows."""
        shown = view(board_or_first(name))
        wanted = score if score in COMPARED else COMPARED[0]
        return {
            self.charts: charts_html(shown, wanted),
            self.spread: spread_html(chosen(shown, picked or []), wanted),
            self.differences: differences_html(shown.board, chosen(shown, [first, second]), wanted)
            if shown.singles
            else "",
        }


def about_html(shown: BoardView) -> str:
    """Return what the board is, and how often the team has evaluated on it."""
    return render(
        "leaderboard",
        "about",
        board=shown.board,
        result=shown.rows[0].result if shown.rows else None,
        patients=shown.patients,
        looks=shown.looks,
    )


def board_api(board: str) -> list[dict[str, Any]]:
    """Return the rows of a board by its name, such as ``"phantom-val"``."""
    try:
        return board_rows(board)
    except BoardError as error:
        raise gr.Error(str(error), print_exception=False) from error


def wanted_file(wanted: Any) -> dict[str, str]:
    """Return a download for the page's buttons; anything may be asked for, and a file of a board is answered.

    Parameters
    ----------
    wanted : a board's name and a kind of ``board_file``, with a space between
    """
    name, _, kind = str(wanted).partition(" ")
    return board_file(board_or_first(name).name, kind)
