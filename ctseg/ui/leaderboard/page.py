"""The Leaderboard page: a board's table, how sure it is, and what its indices mean."""

from typing import Any

import gradio as gr

from ctseg.leaderboard.boards import Board, BoardError, all_boards
from ctseg.leaderboard.results.result import Result
from ctseg.ui.components.assets import read_asset
from ctseg.ui.components.board_view import BoardView, board_or_first, first_board, view
from ctseg.ui.components.words import board_choices
from ctseg.ui.leaderboard import charts, messages
from ctseg.ui.leaderboard.choices import choices, image_choices, plot
from ctseg.ui.leaderboard.explain import explain_panel
from ctseg.ui.leaderboard.files import board_file, board_rows
from ctseg.ui.leaderboard.images import differences_panel
from ctseg.ui.leaderboard.table import Column, method_columns, styled, tiling_columns

# What is chosen while the server still answers the choice before it is answered too; Gradio would drop it.
_QUIET: dict[str, Any] = {
    "show_progress": "hidden",
    "api_visibility": "private",
    "trigger_mode": "always_last",
}
_METHODS = "<h2>Methods that leave a background, ranked by ari</h2>"
_TILINGS = (
    "<h2>Full tilings, ranked by fg_ari</h2><p>They put every pixel into some region and leave no "
    "background, which "
    "ari punishes whatever else they do. More regions cost nothing under best IoU, so their number stands "
    "beside it.</p>"
)
_DOWNLOADS = (
    '<div class="bd-downloads">Download: <button type="button" data-kind="csv">table, CSV</button>'
    '<button type="button" data-kind="json">table, JSON</button>'
    '<button type="button" data-kind="images">all images, CSV</button></div>'
)


def leaderboard_page(pages: gr.Blocks) -> None:
    """Lay the page out in the Blocks being built and wire its events.

    What it opens with is there before any event, so that the table does not wait for the server.
    """
    board = first_board()
    shown = view(board)
    with gr.Column(elem_classes="bd-page"):
        gr.HTML(messages.HEAD, apply_default_css=False, elem_classes="bd-words bd-head")
        chooser = gr.Radio(
            board_choices(all_boards().values()),
            value=board.name,
            label="Board",
            elem_id="board",
            elem_classes="bd-chooser",
        )
        head = [
            _words(messages.about(shown), "bd-about"),
            _words(messages.answers(shown) if shown.rows else "", "bd-answers-box"),
        ]
        tables = _tables(shown)
        warned = _words(messages.warnings(shown), "bd-warnings")
        downloads = gr.HTML(
            _DOWNLOADS,
            js_on_load=read_asset("leaderboard", "download.js"),
            server_functions=[wanted_file],
            board=board.name,
            apply_default_css=False,
            elem_id="downloads",
        )
        with gr.Column(visible=bool(shown.rows), elem_id="of-rows", elem_classes="bd-page") as of_rows:
            _words(messages.COLUMNS_EXPLAINED, "bd-columns")
            apart = _words(messages.how_far_apart(shown), "bd-apart")
            plots = _plots()
            with gr.Column(visible=bool(shown.singles), elem_id="of-images") as of_images:
                selected = image_choices(shown)
        explain_panel(pages)
        _words(messages.report_panel(), "bd-report")
    gr.api(board_api, api_name="board", api_description="The rows of a board, in order of rank.")

    picked, score, spread, pair, differ = selected
    whole = [*head, *tables, warned, downloads, of_rows, of_images, apart, score, picked, *pair]
    drawn = [*plots, spread, differ]
    drawn_from = [chooser, picked, *pair, score]
    chooser.change(_on_board, chooser, whole, **_QUIET).then(_drawn, drawn_from, drawn, **_QUIET)
    pages.load(_on_load, None, [chooser, *whole], **_QUIET).then(_drawn, drawn_from, drawn, **_QUIET)
    gr.on([picked.input, score.input], _spread, [chooser, picked, score], spread, **_QUIET)
    gr.on([pair[0].input, pair[1].input, score.input], _differ, [chooser, *pair, score], differ, **_QUIET)


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


def _words(html: str, name: str) -> gr.HTML:
    return gr.HTML(html, apply_default_css=False, elem_id=name, elem_classes="bd-words")


def _tables(shown: BoardView) -> list[Any]:
    filled = _filled(shown)
    empty = gr.HTML(filled[0], apply_default_css=False, elem_id="board-empty")
    methods = _table(_METHODS, "methods-table", filled[1], method_columns(shown.patients))
    tilings = _table(_TILINGS, "tilings-table", filled[2], tiling_columns(shown.patients))
    return [empty, *methods, *tilings]


def _table(
    heading: str, name: str, filled: dict[str, Any], columns: tuple[Column, ...]
) -> tuple[gr.Column, gr.Dataframe]:
    with gr.Column(visible=filled["value"] is not None, elem_classes="bd-section") as section:
        gr.HTML(heading, apply_default_css=False, elem_classes="bd-words")
        table = gr.Dataframe(
            value=filled["value"],
            column_widths=filled["column_widths"],
            datatype=["str"] * len(columns),
            show_label=False,
            interactive=False,
            show_search="search",
            pinned_columns=2,
            wrap=True,
            max_height=640,
            buttons=["fullscreen"],
            elem_id=name,
            elem_classes="bd-table",
        )
    return section, table


def _filled(shown: BoardView) -> list[Any]:
    """Return the note on emptiness and what changes in the two tables."""
    methods = [*shown.of_role("method"), *shown.of_role("oracle")]
    tilings = shown.of_role("full tiling")
    parts: list[Any] = ["" if shown.rows else messages.empty(shown.board)]
    for rows, columns in (
        (methods, method_columns(shown.patients)),
        (tilings, tiling_columns(shown.patients)),
    ):
        widths = [column.width for column in columns]
        parts.append({"value": styled(rows, columns) if rows else None, "column_widths": widths})
    return parts


def _plots() -> list[gr.Plot]:
    with gr.Row(elem_classes="bd-plots"):
        means = [plot(f"means-{score}") for score in ("ari", "fg_ari")]
    with gr.Row(elem_classes="bd-plots"):
        both, tilings = plot("both-indices"), plot("tilings-plot")
    return [*means, both, tilings]


def _on_load(request: gr.Request) -> list[Any]:
    board = board_or_first(request.query_params.get("board"))
    offered = board_choices(all_boards().values())
    return [gr.Radio(choices=offered, value=board.name), *_on_board(board.name)]


def _on_board(name: str) -> list[Any]:
    shown = view(_board(name))
    empty, methods, tilings = _filled(shown)
    rows, some, pair, score = choices(shown)
    return [
        messages.about(shown),
        messages.answers(shown) if shown.rows else "",
        empty,
        *_table_updates(methods),
        *_table_updates(tilings),
        messages.warnings(shown),
        gr.HTML(board=shown.board.name, visible=bool(shown.rows)),
        gr.Column(visible=bool(shown.rows)),
        gr.Column(visible=bool(shown.singles)),
        messages.how_far_apart(shown),
        gr.Radio(value=score),
        gr.Dropdown(choices=rows, value=some, multiselect=True),
        gr.Dropdown(choices=rows, value=pair[0]),
        gr.Dropdown(choices=rows, value=pair[1]),
    ]


def _table_updates(filled: dict[str, Any]) -> tuple[gr.Column, gr.Dataframe]:
    return gr.Column(visible=filled["value"] is not None), gr.Dataframe(**filled)


def _drawn(name: str, picked: list[str] | None, one: str | None, other: str | None, score: str) -> list[Any]:
    shown = view(_board(name))
    tilings = shown.of_role("full tiling")
    return [
        *(charts.means_chart(shown.rows, index) for index in ("ari", "fg_ari")),
        charts.both_indices_chart(shown.rows),
        gr.Plot(value=charts.tilings_chart(shown.rows) if tilings else None, visible=bool(tilings)),
        _spread(name, picked, score),
        _differ(name, one, other, score),
    ]


def _spread(name: str, picked: list[str] | None, score: str) -> Any:
    shown = view(_board(name))
    return charts.distribution_chart(_results(shown, picked or []), score)


def _differ(name: str, one: str | None, other: str | None, score: str) -> str:
    shown = view(_board(name))
    found = _results(shown, [key for key in (one, other) if key])
    if len(found) < 2:
        return '<p class="bd-quiet">Two rows are needed for this.</p>' if shown.rows else ""
    return differences_panel(shown.board, found[0], found[1], score)


def _results(shown: BoardView, keys: list[str]) -> list[Result]:
    by_key = {row.result.predictions_sha256: row.result for row in shown.singles}
    return [by_key[key] for key in keys if key in by_key]


def _board(name: str | None) -> Board:
    return board_or_first(name)
