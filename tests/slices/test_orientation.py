"""Quarter turns and mirrors, and what a file says of how a slice lies."""

import numpy as np
import pytest

from ctseg.slices import CTSlice
from ctseg.slices.orientation import UPRIGHT, Turn, lie_of

TURNS = [(1, 0, 0, 1), (-1, 0, 0, 1), (1, 0, 0, -1), (-1, 0, 0, -1)]
TURNS += [(0, 1, 1, 0), (0, -1, 1, 0), (0, 1, -1, 0), (0, -1, -1, 0)]
IMAGE = np.arange(12).reshape(3, 4)


def _affine(rows: tuple[float, ...], columns: tuple[float, ...]) -> np.ndarray:
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1] = rows, columns
    affine[:3, 2] = np.cross(rows, columns)
    return affine


@pytest.mark.parametrize("numbers", TURNS)
def test_a_turn_puts_each_pixel_where_its_numbers_say_and_back(numbers: tuple[int, ...]) -> None:
    turn = Turn.of(list(numbers))
    turned = turn.applied(IMAGE)
    a, b, c, d = numbers
    for y, x in np.ndindex(IMAGE.shape):
        from_middle = np.array([x - 1.5, y - 1.0])
        across, down = [a, b] @ from_middle, [c, d] @ from_middle
        row, column = down + (turned.shape[0] - 1) / 2, across + (turned.shape[1] - 1) / 2
        assert turned[int(row), int(column)] == IMAGE[y, x]
    assert np.array_equal(turn.back.applied(turned), IMAGE)
    assert len({Turn.of(list(each)).applied(IMAGE).tobytes() for each in TURNS}) == 8


@pytest.mark.parametrize("numbers", [[], [1, 0, 0], [1, 1, 0, 0], [2, 0, 0, 1], ["1", 0, 0, 1], [None] * 4])
def test_other_numbers_are_no_turn(numbers: list[object]) -> None:
    with pytest.raises(ValueError, match="no quarter turn"):
        Turn.of(numbers)


def test_a_turned_slice_keeps_its_spacing_with_its_sides_and_gives_up_its_place() -> None:
    ct_slice = CTSlice(IMAGE.astype(np.float32), "HU", (0.5, 2.0), "test", affine=np.eye(4))
    turned = Turn.of([0, 1, -1, 0]).applied_to_slice(ct_slice)
    assert (turned.shape, turned.spacing_mm, turned.affine) == ((4, 3), (2.0, 0.5), None)
    assert UPRIGHT.applied_to_slice(ct_slice).spacing_mm == (0.5, 2.0)


@pytest.mark.parametrize(
    ("rows", "columns", "lie"),
    [
        ((0, -1, 0), (-1, 0, 0), "upright"),
        ((0, -1, 0.3), (-1, 0, 0), "upright"),
        ((0, 1, 0), (-1, 0, 0), "upside down"),
        ((1, 0, 0), (0, -1, 0), "left"),
        ((1, 0, 0), (0, 1, 0), "right"),
        ((0, 0, -1), (-1, 0, 0), "coronal"),
        ((0, 0, -1), (0, -1, 0), "sagittal"),
    ],
)
def test_a_known_place_tells_how_a_slice_lies(
    rows: tuple[float, ...], columns: tuple[float, ...], lie: str
) -> None:
    assert lie_of(_affine(rows, columns)) == lie
    assert lie_of(None) is None
