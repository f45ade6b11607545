"""The plots of a board: points where their scores say, the Pareto front, ceilings, labels as plain text."""

import pytest
from board_results import HOSTILE, make
from hypothesis import given
from hypothesis import strategies as st

from ctseg.leaderboard.boards import BOARDS
from ctseg.leaderboard.results.ranking import rank
from ctseg.ui.components.board_view import BoardView, view
from ctseg.ui.leaderboard.charts import (
    both_indices_plot,
    charts_html,
    pareto_front,
    regions_plot,
    time_plot,
)

MANY = BOARDS["phantom-val"]
pytestmark = pytest.mark.usefixtures("folder")


@given(st.lists(st.tuples(st.floats(0.01, 100), st.floats(0, 1)), min_size=1))
def test_the_front_is_what_no_other_beats_in_both(timed: list[tuple[float, float]]) -> None:
    front = pareto_front(timed)
    for seconds, value in set(timed):
        beaten = any(
            (other <= seconds and score >= value) and (other, score) != (seconds, value)
            for other, score in timed
        )
        assert ((seconds, value) in front) == (not beaten)
    assert front == sorted(front)


def test_time_against_score_leaves_out_oracles_and_rows_without_seconds() -> None:
    plot = time_plot(view(MANY), "fg_ari")
    assert plot is not None
    # Watershed has no seconds here, and oracles are no methods.
    assert [point.label for point in plot.points] == ["good", "better", "weak", "felzenszwalb"]
    assert [point.label for point in plot.points if point.in_front] == ["better"]
    assert plot.y_title == "fg_ari"
    assert time_plot(BoardView(MANY, tuple(rank([make("one", 0.5, 0.5)])), 0), "ari") is None


def test_faster_lies_left_and_better_lies_above() -> None:
    rows = rank([make("slow", 0.9, 0.9, seconds=(9.0,) * 20), make("fast", 0.2, 0.2, seconds=(0.02,) * 20)])
    plot = time_plot(BoardView(MANY, tuple(rows), 0), "ari")
    assert plot is not None
    slow, fast = plot.points
    assert fast.x < slow.x
    assert fast.y < slow.y
    assert all(0 <= each <= 1 for point in plot.points for each in (point.x, point.y))
    assert len(plot.front) == 2


def test_both_indices_have_their_ceilings() -> None:
    plot = both_indices_plot(view(MANY))
    assert plot is not None
    assert {(ceiling.axis, ceiling.text) for ceiling in plot.ceilings} == {
        ("y", "a perfect mask, connected regions"),
        ("x", "a perfect mask, one region"),
    }
    assert [point.label for point in plot.points][:2] == ["good", "better"]


def test_full_tilings_alone_stand_in_the_plot_of_regions() -> None:
    plot = regions_plot(view(MANY))
    assert plot is not None
    assert [point.label for point in plot.points] == ["felzenszwalb", "watershed"]
    assert regions_plot(BoardView(MANY, tuple(rank([make("one", 0.5, 0.5)])), 0)) is None


def test_a_missing_mean_leaves_its_point_out() -> None:
    result = make("none", 0.5, 0.5)
    gone = make("gone", 0.5, 0.5, means=result.means | {"fg_ari": None})
    plot = both_indices_plot(BoardView(MANY, tuple(rank([result, gone])), 0))
    assert plot is not None
    assert [point.label for point in plot.points] == ["none"]


def test_text_from_results_is_escaped_and_an_empty_board_has_no_charts() -> None:
    bad = [make("bad", 0.9, 0.9, title=HOSTILE, origin="submitted", user="u"), make("good", 0.5, 0.5)]
    html = charts_html(BoardView(MANY, tuple(rank(bad)), 0), "ari")
    assert "<img" not in html
    assert "&lt;img" in html
    assert charts_html(BoardView(MANY, (), 0), "ari") == ""
