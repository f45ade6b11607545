"""The Methods page: what every method says about itself in its card, and what it scored on all boards."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import gradio as gr

from ctseg import methods
from ctseg.leaderboard.boards import BOARDS, Board
from ctseg.leaderboard.results.ranking import Row
from ctseg.leaderboard.results.statistics import MIN_PATIENTS
from ctseg.methods import CARDS, Card
from ctseg.methods.base.card import Family, saw_words
from ctseg.metrics.catalogue import CATALOGUE, NOTHING
from ctseg.ui.components.addresses import board_address, method_anchor
from ctseg.ui.components.board_view import view
from ctseg.ui.components.defaults import PRESELECTED
from ctseg.ui.components.templates import render
from ctseg.ui.components.words import decimals, in_few_letters, seconds_words
from ctseg.weights import status

IMAGES = Path(methods.__file__).parent / "images"
_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
_SCORES = ("ari", "fg_ari", "best_iou")


@dataclass(frozen=True)
class Scored:
    """What a method has on one board."""

    board: Board
    address: str
    row: Row
    scores: tuple[str, ...]
    seconds: str
    patients: int


def methods_page(pages: gr.Blocks) -> None:
    """Lay the page out in the Blocks being built."""
    with gr.Column(elem_classes="bd-page"):
        gr.HTML(render("methods", "head"), apply_default_css=False, elem_classes="bd-words bd-head")
        cards = gr.HTML(
            methods_html(), apply_default_css=False, elem_id="method-cards", elem_classes="bd-words"
        )
    pages.load(methods_html, None, cards, **_QUIET)


def methods_html() -> str:
    """Return all methods as HTML, by family; in each those most asked for first, planned ones last."""
    rows = {name: {row.result.entry: row for row in view(board).rows} for name, board in BOARDS.items()}
    families = [
        (family, [_article(card, scored_on(card, rows)) for card in cards])
        for family, cards in by_family(list(CARDS.values()))
    ]
    return render("methods", "methods", families=families)


def by_family(cards: Sequence[Card]) -> list[tuple[str, list[Card]]]:
    """Return the families that have methods, each with its methods in the order of the page."""
    known = [*get_args(Family), *(card.family for card in cards)]
    ordered = sorted(cards, key=_place)
    return [
        (family, found)
        for family in dict.fromkeys(known)
        if (found := [card for card in ordered if card.family == family])
    ]


def _place(card: Card) -> tuple[bool, bool, bool, float, str]:
    return not card.trained, card.name not in PRESELECTED, card.control, card.seconds, card.name


def scored_on(card: Card, rows: dict[str, dict[str, Row]]) -> list[Scored]:
    """Return what a method has on each board; ``rows`` are those of each board by entry."""
    return [
        Scored(
            BOARDS[name],
            board_address(BOARDS[name]),
            row := of_board[card.name],
            tuple(decimals(row.result.mean(score), min(BOARDS[name].digits, 3)) for score in _SCORES),
            seconds_words(row.result),
            len(set(row.result.patients)),
        )
        for name, of_board in rows.items()
        if card.name in of_board
    ]


def method_article(card: Card, scored: Sequence[Scored]) -> str:
    """Return one method as HTML.

    Parameters
    ----------
    card : its card; every text in it is escaped
    scored : what it has on each board where it has been scored
    """
    return render("methods", "article", article=_article(card, scored))


def _article(card: Card, scored: Sequence[Scored]) -> dict[str, Any]:
    return {
        "card": card,
        "anchor": method_anchor(card.name),
        "linked": card.paper_url.startswith("https://"),
        "parameters": in_few_letters(card.parameters) if card.trained else NOTHING,
        "saw": saw_words(card.saw) if card.trained else NOTHING,
        "states": {row.file: row.state for row in status() if row.file in card.weights},
        "preselected": card.name in PRESELECTED,
        "scored": scored,
        "scores": [CATALOGUE[score] for score in _SCORES],
        "min_patients": MIN_PATIENTS,
        "image": _image(card),
    }


def _image(card: Card) -> str | None:
    """Return the method's best, typical and worst slice as a data URL, None where there is no image."""
    file = IMAGES / f"{card.name}.png"
    if not file.is_file():
        return None
    return f"data:image/png;base64,{base64.b64encode(file.read_bytes()).decode()}"
