"""Which images a submission to a board holds, and of what size: known without the true labels."""

from dataclasses import dataclass

from ctseg.datasets import open_split
from ctseg.leaderboard.boards import Board


@dataclass(frozen=True)
class ExpectedImages:
    """The images of a board in its order, and the (H, W) in px that all of them have."""

    board: str
    images: tuple[str, ...]
    shape: tuple[int, int]


def layout_of(board: Board) -> ExpectedImages:
    """Return what a submission to this board must look like.

    Raises
    ------
    DatasetError
        If that cannot be told without the board's data, which is not on this machine.
    """
    if board.images and board.shape:
        return ExpectedImages(board.name, board.images, board.shape)
    split = open_split(board.name)
    height, width = split.slice(0).pixels.shape
    return ExpectedImages(board.name, split.images, (height, width))
