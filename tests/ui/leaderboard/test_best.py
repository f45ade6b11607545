"""The three answers above a board's sliders, in whole sentences that hold for its rows."""

import re

import pytest
from board_results import HOSTILE, make

from ctseg.leaderboard.boards import BOARDS
from ctseg.leaderboard.results.ranking import rank
from ctseg.ui.components.board_view import BoardView, view
from ctseg.ui.leaderboard.best import answers_html

MANY, FEW, EMPTY = BOARDS["phantom-val"], BOARDS["ct-fewshot-val"], BOARDS["ct-fewshot-zeroshot"]
pytestmark = pytest.mark.usefixtures("folder")


def _answers(shown: BoardView) -> str:
    return re.sub(r"\s+", " ", answers_html(shown))


def test_answers_name_the_best_by_both_indices_and_the_ceiling() -> None:
    answers = _answers(view(MANY))
    assert "<b>Good</b>, by ari, of 3 methods that leave a background: ari 0.79" in answers
    assert "By fg_ari it is <b>Better</b>: 0.7" in answers
    assert "A perfect mask, cut into connected regions, gets ari " in answers
    assert "nothing here comes within 0.1 of it by both indices" in answers
    assert "ranked apart" not in answers
    assert "The first method is distinguished from all others." in answers
    assert "drawn images" in answers


def test_answers_claim_nothing_below_eight_patients() -> None:
    answers = _answers(view(FEW))
    assert "5 patients, which is too few" in answers
    assert "distinguished" not in answers


def test_answers_for_shared_ranks_one_method_and_none() -> None:
    rows = tuple(rank([make("one", 0.5, 0.5), make("one", 0.5, 0.5, title="Twin")]))
    assert "<b>One</b> and <b>Twin</b> share the first rank" in _answers(BoardView(MANY, rows, 0))
    assert "cannot be distinguished" in _answers(BoardView(MANY, rows, 0))
    alone = _answers(BoardView(MANY, tuple(rank([make("one", 0.5, 0.5)])), 0))
    assert "<b>One</b> is the only method here that leaves a background: ari 0." in alone
    assert "share" not in alone
    assert "distinguished" not in alone
    tilings = tuple(
        rank([make("cut", 0.1, 0.5, role="full tiling"), make("fill", 0.2, 0.3, role="full tiling")])
    )
    answers = _answers(BoardView(MANY, tilings, 1))
    assert "Nothing here leaves a background. <b>Cut</b>, by fg_ari, of 2 full tilings" in answers
    one = _answers(BoardView(MANY, tilings[:1], 1))
    assert "<b>Cut</b> is the only full tiling here that fills the image" in one
    oracle = tuple(rank([make("oracle-mask", 0.9, 0.1, role="oracle")]))
    assert "Nothing that could be ranked" in _answers(BoardView(MANY, oracle, 0))
    assert _answers(BoardView(MANY, (), 0)) == ""


@pytest.mark.parametrize(
    ("tilings", "sentence"),
    [
        ([(0.3, 0.6), (0.4, 0.7)], "All 2 full tilings below have higher ari <i>and</i> fg_ari"),
        ([(0.3, 0.6), (0.4, 0.1)], "1 of the 2 full tilings below has higher"),
        ([(0.3, 0.6)], "The full tiling below has higher"),
    ],
)
def test_full_tilings_that_beat_the_best_method_are_named(
    tilings: list[tuple[float, float]], sentence: str
) -> None:
    results = [make(f"cut{n}", *scores, role="full tiling") for n, scores in enumerate(tilings)]
    rows = tuple(rank([make("only", 0.1, 0.3), *results]))
    assert sentence in _answers(BoardView(FEW, rows, 0))


def test_a_row_near_the_perfect_mask_is_named() -> None:
    results = [make("close", 0.95, 0.72), make("far", 0.95, 0.3)]
    rows = tuple(rank([*results, make("oracle-regions", 0.99, 0.75, role="oracle")]))
    assert "within 0.1 of it or above, by both indices: Close." in _answers(BoardView(MANY, rows, 0))


def test_text_from_results_is_escaped() -> None:
    rows = tuple(rank([make("bad", 0.95, 0.95, title=HOSTILE), make("good", 0.5, 0.5)]))
    assert "<img" not in _answers(BoardView(MANY, rows, 0))
    assert "&lt;img" in _answers(BoardView(MANY, rows, 0))
