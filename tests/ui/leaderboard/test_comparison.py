"""Entries of a board compared: differences to the first row, and the images on which two differ most."""

from dataclasses import replace

import numpy as np
import pytest
from board_results import make

from ctseg.leaderboard.boards import BOARDS
from ctseg.leaderboard.results.ranking import rank
from ctseg.ui.components.board_view import BoardView, view
from ctseg.ui.leaderboard.comparison import differences_to_first, largest_differences, signed

MANY, FEW = BOARDS["phantom-val"], BOARDS["ct-fewshot-val"]
pytestmark = pytest.mark.usefixtures("folder")


def test_differences_are_paired_with_the_first_of_each_ranking() -> None:
    methods, tilings = differences_to_first(view(MANY))
    assert (methods.first, methods.index, methods.tiers) == ("Good", "ari", True)
    assert [line.title for line in methods.lines] == ["Better", "Weak"]
    assert (tilings.first, tilings.index) == ("Felzenszwalb", "fg_ari")
    rows = view(MANY).of_role("method")
    wanted = float(np.mean(rows[1].result.values("ari") - rows[0].result.values("ari")))
    assert methods.lines[0].text == signed(wanted)
    assert methods.lines[0].mean < methods.zero


def test_intervals_from_eight_patients_and_dots_below() -> None:
    many, few = differences_to_first(view(MANY))[0], differences_to_first(view(FEW))[0]
    # The second tier lies apart from 0 with its whole interval.
    assert all(line.interval and line.interval[1] < many.zero for line in many.lines)
    assert all(line.patients == () for line in many.lines)
    assert all(line.interval is None and len(line.patients) == 5 for line in few.lines)
    assert not few.tiers
    for each in (many, few):
        for line in each.lines:
            assert all(0 <= place <= 1 for place in (line.mean, *line.patients, *(line.interval or ())))


def test_where_single_images_are_not_disclosed_there_is_no_comparison() -> None:
    rows = tuple(rank([make("one", 0.5, 0.5), make("two", 0.4, 0.5)]))
    closed = tuple(replace(row, result=replace(row.result, scores=())) for row in rows)
    assert differences_to_first(BoardView(MANY, closed, 0)) == []


def test_largest_differences_come_first_and_missing_scores_are_left_out() -> None:
    first, second = make("first", 0.5, 0.5), make("second", 0.9, 0.5)
    found = largest_differences(first, second, "ari", 20)
    distance = [abs(each.difference) for each in found]
    assert distance == sorted(distance, reverse=True)
    assert len(found) == 20
    assert "0.png" not in [each.image for each in largest_differences(first, second, "panoptic_quality", 20)]
    assert largest_differences(first, first, "ari") == []


@pytest.mark.parametrize(
    ("value", "text"), [(0.1, "+0.100"), (-0.2, "−0.200"), (-1e-9, "0.000"), (0.0, "0.000")]
)
def test_what_rounds_to_zero_has_no_sign(value: float, text: str) -> None:
    assert signed(value) == text
