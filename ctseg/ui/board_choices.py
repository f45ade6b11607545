"""The part of the Leaderboard page where a visitor chooses rows and looks at single images."""

import gradio as gr

from ctseg.ui.board_data import BoardView

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
    rows, some, pair = choices(shown)
    with gr.Row():
        score = gr.Radio(
            list(SCORES),
            value="ari",
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


def choices(shown: BoardView) -> tuple[list[tuple[str, str]], list[str], list[str | None]]:
    """Return the rows to choose from, (title, sha256), and those chosen at first: the best ones."""
    rows = [*shown.of_role("method"), *shown.of_role("full tiling"), *shown.of_role("oracle")]
    keys = [row.result.predictions_sha256 for row in rows]
    offered = [(row.result.title, key) for row, key in zip(rows, keys, strict=True)]
    ranked = [key for row, key in zip(rows, keys, strict=True) if row.rank is not None]
    pair: list[str | None] = [*(ranked + keys[len(ranked) :])[:2], None, None]
    return offered, ranked[:4], pair[:2]
