"""What the owner of the boards decided: closed boards and hidden entries, a file each, never changed.

``closed/<board>.json`` and ``hidden/<sha256>.json`` in the leaderboard's folder hold the reason and the date.
"""

import json
from datetime import UTC, datetime
from pathlib import Path

from ctseg.files import OWNER_ONLY, write_atomically
from ctseg.leaderboard.folders import CLOSED, HIDDEN
from ctseg.leaderboard.set_aside import SetAside, UnusableError, parse_object, read_text, usable

REASON_LOST = "The reason cannot be read any more; ask the owner of this page."


def close(folder: Path, board: str, why: str) -> None:
    """Record that a board takes no more submissions; one that was closed before keeps its first reason."""
    _record(folder / CLOSED / f"{board}.json", why)


def hide(folder: Path, sha256: str, why: str) -> None:
    """Record that an entry is not shown; its files stay, and the first reason is kept."""
    _record(folder / HIDDEN / f"{sha256}.json", why)


def closed(folder: Path) -> dict[str, str]:
    """Return the closed boards, name to reason."""
    return _reasons(folder, CLOSED)


def hidden(folder: Path) -> dict[str, str]:
    """Return the hidden entries, sha256 to reason."""
    return _reasons(folder, HIDDEN)


def _record(path: Path, why: str) -> None:
    if path.exists():
        return
    record = {"why": why, "date": datetime.now(UTC).isoformat(timespec="seconds")}
    write_atomically(path, (json.dumps(record, ensure_ascii=False) + "\n").encode(), OWNER_ONLY)


def read_records(folder: Path, kind: str) -> list[tuple[str, str | SetAside]]:
    """Return the records in ``closed`` or ``hidden``: what each is for, and its reason.

    A record that cannot be read counts nonetheless, by its name: nothing opens or shows again by accident.
    """
    paths = sorted((folder / kind).glob("*.json"))
    return [(path.stem, found) for path, found in usable(paths, _reason)]


def _reason(path: Path) -> str:
    why = parse_object(read_text(path)).get("why")
    if not isinstance(why, str):
        raise UnusableError("it is no record of the owner")
    return why


def _reasons(folder: Path, kind: str) -> dict[str, str]:
    return {
        name: found if isinstance(found, str) else REASON_LOST for name, found in read_records(folder, kind)
    }
