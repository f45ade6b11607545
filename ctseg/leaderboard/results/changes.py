"""What entrants did to their own entries: renamed or withdrawn, a record each, never changed or removed.

``renamed/<sha256>-<number>.json`` holds a new name, ``withdrawn/<sha256>.json`` that an entry is no longer
shown; both who did it and when. Results stay as they were scored.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from ctseg.leaderboard.folders import RENAMED, WITHDRAWN
from ctseg.leaderboard.results.result import Result
from ctseg.leaderboard.set_aside import SetAside, UnusableError, parse_object, read_text, usable

MAX_RENAMES = 3
"""How often an entry may get another name: enough for a mistake, too few to dodge its record."""


@dataclass(frozen=True)
class Change:
    """What became of an entry: its new name, "" where it was withdrawn; by whom and when (ISO 8601, UTC)."""

    name: str
    user: str
    date: str


@dataclass(frozen=True)
class Renamed:
    """An entry was called ``before``, and ``name`` since a day."""

    before: str
    name: str
    date: str


@dataclass(frozen=True)
class Withdrawn:
    """The entry of this name was withdrawn on a day."""

    name: str
    date: str


def record_of(change: Change) -> bytes:
    """Return a change as the bytes of its record."""
    stored = {"name": change.name, "user": change.user, "date": change.date}
    return (json.dumps(stored, ensure_ascii=False) + "\n").encode()


def made_now(name: str, user: str) -> Change:
    """Return a change of this moment."""
    return Change(name, user, datetime.now(UTC).isoformat(timespec="seconds"))


def withdrawn_record(sha256: str) -> str:
    """Return the name of the record that an entry was withdrawn."""
    return f"{WITHDRAWN}/{sha256}.json"


def renamed_record(sha256: str, number: int) -> str:
    """Return the name of the record of an entry's n-th other name, from 1."""
    return f"{RENAMED}/{sha256}-{number}.json"


def withdrawn(folder: Path) -> dict[str, Change]:
    """Return the withdrawn entries of a folder by sha256; a record that cannot be read counts by its name."""
    lost = Change("", "", "")
    return {
        sha256: found if isinstance(found, Change) else lost
        for sha256, found in read_changes(folder, WITHDRAWN)
    }


def renamed(folder: Path) -> dict[str, list[Change]]:
    """Return the other names that entries of a folder got, by sha256, in order."""
    found: dict[str, list[Change]] = {}
    for stem, change in read_changes(folder, RENAMED):
        if isinstance(change, Change):
            found.setdefault(stem.partition("-")[0], []).append(change)
    return found


def read_changes(folder: Path, kind: str) -> list[tuple[str, Change | SetAside]]:
    """Return the records in ``renamed`` or ``withdrawn`` by their names without the suffix, in order."""
    return [(path.stem, found) for path, found in usable(sorted((folder / kind).glob("*.json")), _change)]


def _change(path: Path) -> Change:
    stored = parse_object(read_text(path))
    name, user, date = (stored.get(key) for key in ("name", "user", "date"))
    if not (isinstance(name, str) and isinstance(user, str) and isinstance(date, str)):
        raise UnusableError("it is no record of a change")
    return Change(name, user, date)


def under_new_names(results: Iterable[Result], names: dict[str, list[Change]]) -> list[Result]:
    """Return results under the names that their entrants gave them last."""
    changed = []
    for result in results:
        given = names.get(result.predictions_sha256)
        changed.append(replace(result, entry=given[-1].name, title=given[-1].name) if given else result)
    return changed
