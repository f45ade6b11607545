"""The boards: each ranks methods on one split under one metric version."""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Literal, get_args

from ctseg.datasets.sealed import SEALED_PHANTOM, SEALED_SLICES
from ctseg.errors import UserError
from ctseg.leaderboard.folders import DESCRIPTIONS, folders
from ctseg.leaderboard.set_aside import SetAside, UnusableError, parse_object, read_text, usable

Kind = Literal["open", "sealed", "bring your own images"]
Redistribution = Literal["images and labels", "images", "nothing"]

# The practice board has as many.
_PHANTOM_IMAGES = tuple(f"{index}.png" for index in range(SEALED_SLICES))
_PHANTOM_SHAPE = (512, 512)
MAX_SIDE_PX = 1 << 14


class BoardError(UserError):
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
    redistribution : what of its data may leave the machine that holds them, images of them included.
    images, shape : names of its images and the (H, W) of each in px, where these are known without its data;
        `ctseg.leaderboard.submissions.expected_images.layout_of` finds them for every board.
    """

    name: str
    title: str
    kind: Kind
    about: str
    redistribution: Redistribution
    images: tuple[str, ...] = ()
    shape: tuple[int, int] | None = None

    @property
    def images_may_be_shown(self) -> bool:
        """Whether its images, and images of them, may leave the machine that holds them."""
        return self.redistribution != "nothing"

    @property
    def labels_may_be_shown(self) -> bool:
        """Whether its true label maps, and images of them, may leave the machine that holds them."""
        return self.redistribution == "images and labels" and self.kind != "sealed"

    @property
    def per_image_scores(self) -> bool:
        """Whether a submitter is told the scores of single images; from those, labels can be fitted."""
        return self.kind == "open"

    @property
    def digits(self) -> int:
        """Decimals of the scores that are told: few where labels could be fitted to them."""
        return 4 if self.kind == "open" else 2


_NOT_PASSED_ON = "Its images may not be redistributed, so the page shows scores only."
_ALL = (
    Board(
        name="phantom-val",
        title="Phantom (open practice)",
        kind="open",
        about="60 drawn torso slices with known structures. Images and labels are public, so a high score "
        "is easily had by looking. Every slice counts as a patient.",
        redistribution="images and labels",
        images=_PHANTOM_IMAGES,
        shape=_PHANTOM_SHAPE,
    ),
    Board(
        name=SEALED_PHANTOM,
        title="Phantom (sealed)",
        kind="sealed",
        about="60 drawn torso slices like those of the practice board, from a seed that only the owner of "
        "this board knows. Images are handed out, labels never are, and scores have two decimals: this board "
        "ranks strangers. Every slice counts as a patient.",
        redistribution="images",
        images=_PHANTOM_IMAGES,
        shape=_PHANTOM_SHAPE,
    ),
    Board(
        name="ct-fewshot-val",
        title="CT abdomen, validation",
        kind="bring your own images",
        about=f"42 real abdominal slices of 5 patients, 13 kinds of organs labelled. {_NOT_PASSED_ON}",
        redistribution="nothing",
    ),
    Board(
        name="ct-fewshot-zeroshot",
        title="CT thorax, structures never annotated in training",
        kind="bring your own images",
        about="40 real thoracic slices of 2 patients: lungs, heart, cord, tumour. Only these few are "
        f"labelled, so look at fg_ari and best IoU. {_NOT_PASSED_ON}",
        redistribution="nothing",
    ),
    Board(
        name="ct-fewshot-train",
        title="CT abdomen, training slices",
        kind="bring your own images",
        about="111 real abdominal slices of 16 patients. Learned methods have seen them: use it to check "
        f"an evaluation, not to choose a method. {_NOT_PASSED_ON}",
        redistribution="nothing",
    ),
    Board(
        name="challenge-report-val",
        title="RAIDIUM challenge, the report's 60 images",
        kind="bring your own images",
        about="The 60 of the challenge's 400 annotated images on which the report validated, in our reading. "
        f"Neighbouring slices leak into its training images. {_NOT_PASSED_ON}",
        redistribution="nothing",
    ),
    Board(
        name="challenge-group-val",
        title="RAIDIUM challenge, split by near-duplicate group",
        kind="bring your own images",
        about="The challenge's annotated images divided so that near-duplicate slices stay on one side. "
        f"{_NOT_PASSED_ON}",
        redistribution="nothing",
    ),
)
BOARDS: dict[str, Board] = {board.name: board for board in _ALL}
"""The boards that come with the project; owners may add folders of their own (``all_boards``)."""


def all_boards() -> dict[str, Board]:
    """Return the built-in boards and those that the leaderboard's folders describe, by name."""
    described = [board for board in read_boards() if isinstance(board, Board)]
    return {board.name: board for board in described} | BOARDS


def read_boards() -> list[Board | SetAside]:
    """Return the boards that owners added, or why one of them is set aside."""
    paths = [path for folder in folders() for path in sorted(folder.glob(f"{DESCRIPTIONS}/*.json"))]
    return [board for _, board in usable(paths, _read_board)]


def _read_board(path: Path) -> Board:
    board = board_from_json(read_text(path))
    if board.name != path.stem:
        raise UnusableError("it describes a board of another name than its file has")
    return board


def board_from_json(text: str) -> Board:
    """Read what ``board_to_json`` wrote.

    Raises
    ------
    UnusableError
        A `ValueError`: if it is no description of a board, a newer one, or a value cannot be.
    """
    stored = parse_object(text)
    known = {field.name for field in fields(Board)}
    if stored.keys() - known:
        raise UnusableError("a newer version of ctseg wrote this board")
    if known - stored.keys():
        raise UnusableError("it is no description of a board")
    kinds, shares = get_args(Kind), get_args(Redistribution)
    texts = [stored[name] for name in ("name", "title", "about")]
    images, shape = stored["images"], stored["shape"]
    good = (
        all(isinstance(each, str) for each in texts)
        and stored["kind"] in kinds
        and stored["redistribution"] in shares
        and isinstance(images, list)
        and all(isinstance(image, str) for image in images)
        and isinstance(shape, list)
        and len(shape) == 2
        and all(isinstance(side, int) and 0 < side <= MAX_SIDE_PX for side in shape)
    )
    if not good:
        raise UnusableError("it is no description of a board")
    return Board(**{**stored, "images": tuple(images), "shape": tuple(shape)})


def board_to_json(board: Board) -> str:
    """Return a board's description; it says nothing about where its data lies."""
    return json.dumps(asdict(board), indent=1, ensure_ascii=False) + "\n"


def find_board(name: str) -> Board:
    """Return the board of this name.

    Raises
    ------
    BoardError
        If there is none; the message lists the names.
    """
    boards = all_boards()
    if name not in boards:
        raise BoardError(f"There is no board {name[:40]!r}; choose one of {', '.join(boards)}.")
    return boards[name]
