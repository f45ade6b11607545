"""The boards: each ranks methods on one split under one metric version."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["open", "sealed", "bring your own images"]


class BoardError(Exception):
    """A board cannot be used as asked; the message is one sentence."""


@dataclass(frozen=True, kw_only=True)
class Board:
    """The leaderboard of one split.

    Attributes
    ----------
    name : identifier used in commands, files and links; also the name of the split.
    title : the name shown on pages.
    kind : open (labels public, for practice), sealed (labels only with the owner), or bring-your-own-images.
    about : what the images are and what can be learnt from them, two or three sentences.
    images_may_be_shown : whether pictures of its images may leave the machine that holds them.
    """

    name: str
    title: str
    kind: Kind
    about: str
    images_may_be_shown: bool


_NOT_PASSED_ON = "Its images may not be redistributed, so the page shows scores only."
_ALL = (
    Board(
        name="phantom-val",
        title="Phantom (open practice)",
        kind="open",
        about="60 drawn torso slices with known structures. Images and labels are public, so a high score "
        "is easily had by looking. Every slice counts as a patient.",
        images_may_be_shown=True,
    ),
    Board(
        name="ct-fewshot-val",
        title="CT abdomen, validation",
        kind="bring your own images",
        about=f"42 real abdominal slices of 5 patients, 13 kinds of organs labelled. {_NOT_PASSED_ON}",
        images_may_be_shown=False,
    ),
    Board(
        name="ct-fewshot-zeroshot",
        title="CT thorax, structures never annotated in training",
        kind="bring your own images",
        about="40 real thoracic slices of 2 patients: lungs, heart, cord, tumour. Only these few are "
        f"labelled, so look at fg_ari and best IoU. {_NOT_PASSED_ON}",
        images_may_be_shown=False,
    ),
    Board(
        name="ct-fewshot-train",
        title="CT abdomen, training slices",
        kind="bring your own images",
        about="111 real abdominal slices of 16 patients. Learned methods have seen them: use it to check "
        f"an evaluation, not to choose a method. {_NOT_PASSED_ON}",
        images_may_be_shown=False,
    ),
    Board(
        name="challenge-report-val",
        title="RAIDIUM challenge, the report's 60 images",
        kind="bring your own images",
        about="The 60 of the challenge's 400 annotated images on which the report validated, in our reading. "
        f"Neighbouring slices leak into its training images. {_NOT_PASSED_ON}",
        images_may_be_shown=False,
    ),
    Board(
        name="challenge-group-val",
        title="RAIDIUM challenge, split by near-duplicate group",
        kind="bring your own images",
        about="The challenge's annotated images divided so that near-duplicate slices stay on one side. "
        f"{_NOT_PASSED_ON}",
        images_may_be_shown=False,
    ),
)
BOARDS: dict[str, Board] = {board.name: board for board in _ALL}


def find_board(name: str) -> Board:
    """Return the board of this name.

    Raises
    ------
    BoardError
        If there is none; the message lists the names.
    """
    if name not in BOARDS:
        raise BoardError(f"There is no board {name!r}; choose one of {', '.join(BOARDS)}.")
    return BOARDS[name]
