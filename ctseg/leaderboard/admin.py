"""What the owner of boards does: seal a folder of their own, close a board, hide an entry, export a board."""

import re
import zipfile
from pathlib import Path

from ctseg.datasets import Split
from ctseg.datasets.sealed import open_folder
from ctseg.files import OWNER_ONLY, write_atomically
from ctseg.leaderboard import moderation
from ctseg.leaderboard.boards import (
    Board,
    BoardError,
    Redistribution,
    all_boards,
    board_to_json,
)
from ctseg.leaderboard.folders import DESCRIPTIONS, ENTRIES, folders
from ctseg.leaderboard.results.disclosure import disclosed_rows
from ctseg.leaderboard.results.result import to_json
from ctseg.leaderboard.results.table import TABLE_COLUMNS, table
from ctseg.leaderboard.submissions.entry_files import PREDICTIONS_FILE
from ctseg.spreadsheet import to_csv

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,38}[a-z0-9]")
_MIN_PREFIX = 8
ACTIONS = (
    "list",
    "show",
    "images",
    "create",
    "close",
    "hide",
    "rename",
    "withdraw",
    "rescore",
    "export",
    "doctor",
)
"""The words after `ctseg board` that no board may be called."""


def seal_folder(
    store: Path, name: str, data: Path, title: str, about: str, redistribution: Redistribution
) -> Board:
    """Describe a sealed board of the owner's own images in a leaderboard's folder.

    The description holds the names and the size of the images, not where they lie, and no labels.

    Parameters
    ----------
    store : the leaderboard's folder
    name : of the new board: lower-case letters, digits and hyphens
    data : images and labels, in the challenge's or the ``ct-fewshot`` layout
    title, about : shown on pages
    redistribution : "images" or "nothing"

    Raises
    ------
    BoardError
        If the name is taken or odd, or the images have different sizes.
    DatasetError
        If the folder cannot be used.
    """
    if not _NAME.fullmatch(name):
        raise BoardError(f"{name[:40]!r} cannot name a board; use lower-case letters, digits and hyphens.")
    if name in ACTIONS or name in all_boards():
        raise BoardError(f"The name {name!r} is taken; choose another.")
    split = open_folder(data, name)
    board = Board(
        name=name,
        title=title or name,
        kind="sealed",
        about=about or f"{len(split)} slices; only the owner has the labels.",
        redistribution=redistribution,
        images=split.images,
        shape=_one_shape(split),
    )
    write_atomically(store / DESCRIPTIONS / f"{name}.json", board_to_json(board).encode(), OWNER_ONLY)
    return board


def _one_shape(split: Split) -> tuple[int, int]:
    shapes = set()
    for index in range(len(split)):
        label_map = split.label_map(index)
        assert label_map is not None, "open_folder takes labelled folders only"
        shapes |= {split.slice(index).pixels.shape, label_map.shape}
    if len(shapes) > 1:
        sizes = ", ".join(f"{shape[0]} x {shape[1]}" for shape in sorted(shapes)[:3])
        raise BoardError(
            f"The images and labels of a board must have one size, not {sizes}; bring them to one."
        )
    (shape,) = shapes
    return shape


def close_board(store: Path, board: Board, why: str) -> None:
    """Take no more submissions to a board; its table stays.

    Raises
    ------
    BoardError
        If no reason is given.
    """
    moderation.close(store, board.name, _reason(why))


def hide_entry(store: Path, prefix: str, why: str) -> str:
    """Leave an entry out of every table, and return its sha256; its files stay.

    Parameters
    ----------
    store : the leaderboard's folder
    prefix : the sha256 of its label maps, or the first characters of it
    why : the reason, kept with the record

    Raises
    ------
    BoardError
        If no reason is given, or the prefix is too short or belongs to no or to several entries.
    """
    reason = _reason(why)
    known = {path.name for folder in folders() for path in folder.glob(f"{ENTRIES}/*")}
    found = [sha256 for sha256 in known if sha256.startswith(prefix)] if len(prefix) >= _MIN_PREFIX else []
    if len(found) != 1:
        raise BoardError(
            f"{prefix[:64]!r} names {len(found) or 'no'} entries; give the first {_MIN_PREFIX} or more "
            "characters of its sha256."
        )
    moderation.hide(store, found[0], reason)
    return found[0]


def export_board(board: Board, target: Path) -> int:
    """Write what anybody may have of a board as a ZIP, and return the number of entries in its table.

    That is the table; and, of boards whose labels are public, the results and label maps of the entries. Of
    other boards neither leaves: scores of single images and label maps tell too much of the truth.
    """
    rows = disclosed_rows(board)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("table.csv", to_csv(table(rows), TABLE_COLUMNS))
        for result in [row.result for row in rows] if board.labels_may_be_shown else ():
            home = f"entries/{result.predictions_sha256}"
            archive.writestr(f"{home}/result.json", to_json(result))
            for folder in folders():
                predictions = folder / home / PREDICTIONS_FILE
                if predictions.exists():
                    archive.write(predictions, f"{home}/{PREDICTIONS_FILE}", zipfile.ZIP_STORED)
    return len(rows)


def _reason(why: str) -> str:
    reason = " ".join(why.split())
    if not reason:
        raise BoardError("A reason is missing; give it with --why.")
    return reason
