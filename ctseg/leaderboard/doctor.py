"""Which files of the leaderboard's folders are set aside, and how their owner moves them out of the way."""

import zipfile
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from ctseg.files import OWNER_ONLY, write_atomically
from ctseg.leaderboard import moderation
from ctseg.leaderboard.boards import read_boards
from ctseg.leaderboard.folders import (
    CLOSED,
    DESCRIPTIONS,
    ENTRIES,
    HIDDEN,
    LOOKS_FILE,
    RENAMED,
    RESULT_FILE,
    WITHDRAWN,
    built_in_folder,
    folders,
)
from ctseg.leaderboard.results.changes import made_now, read_changes, record_of
from ctseg.leaderboard.results.look_log import read_looks
from ctseg.leaderboard.results.store import read_results
from ctseg.leaderboard.set_aside import SetAside, UnusableError, parse_object, read_text, usable
from ctseg.leaderboard.submissions.entry_files import PREDICTIONS_FILE, PRIVATE_FILE, read_predictions

MOVED = "set-aside"
"""Folder, inside a leaderboard's folder, that files are moved to; nothing reads it."""


def set_aside_files() -> list[SetAside]:
    """Return what boards, pages and quotas go on without; quick, as no label maps are read."""
    found: list[SetAside] = [each for each in read_boards() if isinstance(each, SetAside)]
    for folder in folders():
        found += [each for each in read_results(folder) if isinstance(each, SetAside)]
        for kind in (CLOSED, HIDDEN):
            records = moderation.read_records(folder, kind)
            found += [each for _, each in records if isinstance(each, SetAside)]
        for kind in (RENAMED, WITHDRAWN):
            found += [each for _, each in read_changes(folder, kind) if isinstance(each, SetAside)]
    looks = usable([built_in_folder() / LOOKS_FILE], read_looks)
    return found + [each for _, each in looks if isinstance(each, SetAside)]


def examine() -> list[SetAside]:
    """Return every file of the leaderboard's folders that cannot be used or does not belong there."""
    found = set_aside_files()
    known = {each.path for each in found}
    for folder in folders():
        found += [each for each in (*_foreign(folder), *_damaged(folder)) if each.path not in known]
    return found


def _foreign(folder: Path) -> Iterator[SetAside]:
    for kind in (CLOSED, HIDDEN, RENAMED, WITHDRAWN, DESCRIPTIONS):
        for path in sorted((folder / kind).glob("*")):
            if path.suffix != ".json":
                yield SetAside(path, "it does not belong here")
    for path in sorted((folder / ENTRIES).glob("*")):
        if not path.is_dir():
            yield SetAside(path, "it does not belong here")
        elif not (path / RESULT_FILE).exists():
            yield SetAside(path, "it is an entry without a result")


def _damaged(folder: Path) -> Iterator[SetAside]:
    for name, read in ((PREDICTIONS_FILE, _check_predictions), (PRIVATE_FILE, _check_private)):
        for _, found in usable(sorted(folder.glob(f"{ENTRIES}/*/{name}")), read):
            if isinstance(found, SetAside):
                yield found


def _check_predictions(path: Path) -> None:
    try:
        images, label_maps = read_predictions(path)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise UnusableError("its label maps cannot be read") from error
    if label_maps.ndim != 3 or len(images) != len(label_maps):
        raise UnusableError("its label maps are not those of its images")


def _check_private(path: Path) -> None:
    if not isinstance(parse_object(read_text(path)).get("contact"), str):
        raise UnusableError("it is no record of a contact")


def move_aside(found: SetAside) -> Path:
    """Move a file out of the way and return its new place; nothing is deleted.

    An entry whose result cannot be used goes as a whole, so that its label maps can be handed in again. Of a
    closed board and a hidden or withdrawn entry a new record stays: none opens or shows again by accident.

    Raises
    ------
    OSError
        If it cannot be moved.
    """
    folder = next(each for each in folders() if each in found.path.parents)
    place = found.path.relative_to(folder)
    if place.name == RESULT_FILE:
        place = place.parent
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    target = folder / MOVED / stamp / place
    target.parent.mkdir(parents=True)
    (folder / place).rename(target)
    if place.suffix == ".json" and place.parts[0] == CLOSED:
        moderation.close(folder, place.stem, moderation.REASON_LOST)
    if place.suffix == ".json" and place.parts[0] == HIDDEN:
        moderation.hide(folder, place.stem, moderation.REASON_LOST)
    if place.suffix == ".json" and place.parts[0] == WITHDRAWN:
        write_atomically(folder / place, record_of(made_now("", "")), OWNER_ONLY)
    return target
