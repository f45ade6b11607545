"""Image by image: the spread of a score, and the images on which two entries differ."""

import pytest
from board_results import HOSTILE, make

from ctseg.leaderboard.boards import BOARDS
from ctseg.leaderboard.results.ranking import rank
from ctseg.ui.components.board_view import BoardView, view
from ctseg.ui.leaderboard.images import choices, chosen, differences_html, spread_html, typical_images

MANY, FEW = BOARDS["phantom-val"], BOARDS["ct-fewshot-val"]
pytestmark = pytest.mark.usefixtures("folder")


def test_the_pair_at_first_is_ranked_together_and_so_is_its_score() -> None:
    methods = [make("one", 0.5, 0.5), make("two", 0.4, 0.6)]
    tilings = [make("cut", 0.1, 0.5, role="full tiling"), make("fill", 0.2, 0.4, role="full tiling")]
    oracle = make("oracle-mask", 0.9, 0.1, role="oracle")
    for results, pair, index in (
        ([*methods, *tilings], methods, "ari"),
        ([methods[0], *tilings, oracle], tilings, "fg_ari"),
        ([methods[0], tilings[0]], [methods[0], tilings[0]], "ari"),
        ([oracle], [oracle], "ari"),
    ):
        first = choices(BoardView(MANY, tuple(rank(results)), 0))
        assert [key for key in first[2] if key] == [each.predictions_sha256 for each in pair]
        assert first[3] == index
    assert choices(BoardView(MANY, (), 0)) == ([], [], [None, None], "ari")


def test_the_spread_holds_every_image() -> None:
    html = spread_html(view(MANY).results[:2], "panoptic_quality")
    # One image of each has no panoptic quality.
    assert html.count("bd-s-dot") == 2 * 19
    assert "Panoptic quality of every image" in html
    assert spread_html([], "ari") == ""


def test_images_open_on_compare_only_where_they_may_be_shown() -> None:
    html = differences_html(MANY, view(MANY).results[:2], "ari")
    assert 'href="/?board=phantom-val&amp;image=' in html
    assert 'src="/boards/phantom-val/thumbnails/' in html
    few = view(FEW).results
    html = differences_html(FEW, few[:2], "ari")
    assert "<a " not in html
    assert "<img" not in html
    assert "may not be redistributed" in html
    assert "Choose two different" in differences_html(FEW, [few[0], few[0]], "ari")
    assert "Choose two different" in differences_html(FEW, few[:1], "ari")
    same = make("same", 0.1, 0.2, scores=few[0].scores, images=few[0].images, patients=few[0].patients)
    assert "the same on every image" in differences_html(FEW, [few[0], same], "ari")


def test_the_best_a_typical_and_the_worst_slice() -> None:
    row = view(MANY).rows[0]
    best, typical, worst = typical_images(row, MANY)
    assert (best.word, typical.word, worst.word) == ("Best", "Typical", "Worst")
    assert float(best.score) > float(typical.score) > float(worst.score)
    assert best.address == f"/?board=phantom-val&image={best.image}"
    assert all(each.thumbnail is None for each in typical_images(view(FEW).rows[0], FEW))


def test_rows_of_another_board_are_not_found() -> None:
    other = view(MANY).results[0].predictions_sha256
    assert chosen(view(FEW), [other, None, "x"]) == []


def test_text_from_results_is_escaped() -> None:
    bad = make("bad", 0.95, 0.95, title=HOSTILE, images=tuple([HOSTILE] + [f"{n}" for n in range(19)]))
    good = view(MANY).results[0]
    for html in (differences_html(MANY, [bad, good], "ari"), spread_html([bad], "ari")):
        assert "<img src=x" not in html
        assert "&lt;img" in html
