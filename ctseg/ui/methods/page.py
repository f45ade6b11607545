"""The Methods page: what every method says about itself in its card, and what it scored on all boards."""

import base64
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import gradio as gr

from ctseg import methods
from ctseg.leaderboard.boards import BOARDS
from ctseg.leaderboard.results.ranking import Row
from ctseg.leaderboard.results.statistics import MIN_PATIENTS
from ctseg.methods import METHODS, Card
from ctseg.methods.base.card import saw_words
from ctseg.metrics.catalogue import NOTHING
from ctseg.ui.components.board_view import view
from ctseg.ui.components.words import in_few_letters, seconds_words

PICTURES = Path(methods.__file__).parent / "images"
_HEAD = (
    "<h1>Methods</h1><p>What each one does, what it was made from, where it fails, and what it scored. "
    "Research only, not for diagnosis.</p>"
)
_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


def methods_page(pages: gr.Blocks) -> None:
    """Lay the page out in the Blocks being built."""
    with gr.Column(elem_classes="bd-page"):
        gr.HTML(_HEAD, apply_default_css=False, elem_classes="bd-words bd-head")
        cards = gr.HTML(
            methods_html(), apply_default_css=False, elem_id="method-cards", elem_classes="bd-words"
        )
    pages.load(methods_html, None, cards, **_QUIET)


def methods_html() -> str:
    """Return all methods as HTML: those that can be run first, then the planned ones, greyed."""
    ready = [card for card in METHODS.values() if card.trained]
    planned = [card for card in METHODS.values() if not card.trained]
    ordered = [*ready, *planned]
    links = "".join(
        f'<a href="#{_anchor(card)}"{"" if card.trained else " class=md-planned"}>{escape(card.title)}</a>'
        for card in ordered
    )
    rows = {board: {row.result.entry: row for row in view(BOARDS[board]).rows} for board in BOARDS}
    articles = "".join(
        method_article(
            card, {board: of_board[card.name] for board, of_board in rows.items() if card.name in of_board}
        )
        for card in ordered
    )
    return f'<div class="md-page"><nav class="md-index" aria-label="Methods">{links}</nav>{articles}</div>'


def method_article(card: Card, scored: dict[str, Row]) -> str:
    """Return one method as HTML.

    Parameters
    ----------
    card : its card; every text in it is escaped
    scored : its row on each board where it has been scored, by the board's name
    """
    planned = "" if card.trained else '<span class="md-badge">not trained yet</span>'
    kind = "full tiling" if card.full_tiling else "leaves background"
    facts = (
        ("Paper", _paper(card)),
        ("Sees", _input(card)),
        ("Parameters", in_few_letters(card.parameters) if card.trained else NOTHING),
        ("Weights", _weights(card)),
        ("Weights' licence", escape(card.weights_licence)),
        ("Trained on", escape(card.training_data)),
        ("Training saw", escape(saw_words(card.saw)) if card.trained else NOTHING),
        ("Time, two cores", _time(card)),
        ("Label map", kind),
    )
    listed = "".join(f"<dt>{escape(name)}</dt><dd>{text}</dd>" for name, text in facts)
    failures = "".join(f"<li>{escape(sentence)}</li>" for sentence in card.known_failures)
    return _article(
        card,
        f"<header><h2>{escape(card.title)}</h2><code>{escape(card.name)}</code>"
        f'<span class="md-family">{escape(card.family)}</span>{planned}</header>',
        f'<p class="md-summary">{escape(card.summary)}</p>'
        f'<div class="md-columns"><dl>{listed}</dl><div><h3>Known failures</h3>'
        f"<ul>{failures or '<li>None written down yet.</li>'}</ul>"
        f"{_scores(card, scored)}</div></div>{_picture(card)}",
    )


def _picture(card: Card) -> str:
    file = PICTURES / f"{card.name}.png"
    if not file.is_file():
        return ""
    data = base64.b64encode(file.read_bytes()).decode()
    return (
        f'<figure class="md-failure"><img loading="lazy" src="data:image/png;base64,{data}" alt="">'
        "<figcaption>Its worst slice of the phantom board: the slice, what it found, the truth.</figcaption>"
        "</figure>"
    )


def _article(card: Card, head: str, body: str) -> str:
    """Return a method's two parts as one article; a planned method shows its head until it is opened."""
    anchor = _anchor(card)
    if card.trained:
        return f'<article id="{anchor}" class="md-card">{head}{body}</article>'
    return (
        f'<article id="{anchor}" class="md-card md-planned"><details><summary>{head}</summary>'
        f"{body}</details></article>"
    )


def _anchor(card: Card) -> str:
    return escape(quote(card.name, safe=""), quote=True)


def _paper(card: Card) -> str:
    if not card.paper:
        return "none"
    if not card.paper_url.startswith("https://"):
        return escape(card.paper)
    return (
        f'<a href="{escape(card.paper_url, quote=True)}" rel="noopener noreferrer">{escape(card.paper)}</a>'
    )


def _input(card: Card) -> str:
    window = f"{card.input_window.width:g}/{card.input_window.level:g}"
    told = f"HU in the window {window} (width/level), whatever window is displayed"
    eight_bit = (
        "8-bit pictures as they are"
        if card.handles_unknown_window
        else "8-bit pictures are outside what it was made for"
    )
    return f"{told}; {eight_bit}"


def _weights(card: Card) -> str:
    return ", ".join(f"<code>{escape(name)}</code>" for name in card.weights) or "none"


def _time(card: Card) -> str:
    if card.seconds <= 0:
        return "not measured yet"
    return f"{card.seconds:g} s for a slice of 512x512; the boards' seconds are those of one core"


def _scores(card: Card, scored: dict[str, Row]) -> str:
    if not card.trained:
        return ""
    if not scored:
        return '<h3>Scores</h3><p class="bd-quiet">Not scored on any board yet.</p>'
    rows = "".join(_score_line(board, row) for board, row in scored.items())
    return (
        '<h3>Scores</h3><div class="bd-scroll"><table><thead><tr><th>Board</th><th>Rank</th><th>ari</th>'
        f"<th>fg_ari</th><th>Best IoU</th><th>s a slice, one core</th><th>Patients</th></tr>"
        f"</thead><tbody>{rows}</tbody></table></div>"
    )


def _score_line(board: str, row: Row) -> str:
    means = row.result.means
    numbers = "".join(f"<td>{_number(means.get(name))}</td>" for name in ("ari", "fg_ari", "best_iou"))
    patients = len(set(row.result.patients))
    few = ' title="Too few for intervals or tests"' if patients < MIN_PATIENTS else ""
    return (
        f'<tr><td><a href="/leaderboard?board={quote(board, safe="")}">{escape(BOARDS[board].title)}</a></td>'
        f"<td>{row.rank} by {row.index}</td>{numbers}<td>{seconds_words(row.result)}</td>"
        f"<td{few}>{patients}</td></tr>"
    )


def _number(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.3f}"
