"""The part of the Leaderboard page where a visitor chooses rows and looks at single images."""

import gradio as gr

from ctseg.leaderboard.results.ranking import Row
from ctseg.ui.components.board_view import BoardView

SCORES = (
    ("ari", "ari"),
    ("fg_ari", "fg_ari"),
    ("Best IoU", "best_iou"),
    ("Panoptic quality", "panoptic_quality"),
    ("Foreground Dice", "foreground_dice"),
)


def plot(name: str) -> gr.Plot:
    """Add an empty chart that is filled after the table has appeared."""
    return gr.Plot(show_label=False, elem_id=name, elem_classes="bd-plot", min_width=320)


def image_choices(shown: BoardView) -> tuple[gr.Dropdown, gr.Radio, gr.Plot, list[gr.Dropdown], gr.HTML]:
    """Add the section: rows, score, the chart of all images, two rows to compare, and their images."""
    gr.HTML("<h2>Image by image</h2>", apply_default_css=False, elem_classes="bd-words")
    rows, some, pair, index = choices(shown)
    with gr.Row():
        score = gr.Radio(
            list(SCORES),
            value=index,
            label="Score",
            elem_id="score",
            elem_classes="bd-chooser",
            min_width=300,
        )
        picked = gr.Dropdown(
            rows, value=some, multiselect=True, label="Rows to show", elem_id="picked", min_width=300
        )
    spread = plot("spread")
    with gr.Row():
        one = gr.Dropdown(rows, value=pair[0], label="Where does this …", elem_id="first", min_width=300)
        other = gr.Dropdown(
            rows, value=pair[1], label="… differ most from this?", elem_id="second", min_width=300
        )
    differ = gr.HTML("", apply_default_css=False, elem_id="differences", elem_classes="bd-words")
    return picked, score, spread, [one, other], differ


def choices(shown: BoardView) -> tuple[list[tuple[str, str]], list[str], list[str | None], str]:
    """Return the rows to choose from, (title, sha256), and what is chosen at first.

    At first that is the best rows, two of them that are ranked together, and the score which ranks these two.
    """
    offered = [(row.result.title, row.result.predictions_sha256) for row in shown.singles]
    ranked = [row.result.predictions_sha256 for row in shown.singles if row.rank is not None]
    two = _ranked_together(shown)
    pair: list[str | None] = [*(row.result.predictions_sha256 for row in two), None, None]
    return offered, ranked[:4], pair[:2], two[0].index if two else "ari"


def _ranked_together(shown: BoardView) -> list[Row]:
    """Return the first two rows of one ranking, or of all rows where none has two."""
    groups = [[row for row in shown.singles if row.result.role == role] for role in ("method", "full tiling")]
    return next((group[:2] for group in groups if len(group) > 1), shown.singles[:2])
