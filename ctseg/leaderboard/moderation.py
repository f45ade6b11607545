"""What the owner of the boards decided: closed boards and hidden entries, a file each, never changed.

``closed/<board>.json`` and ``hidden/<sha256>.json`` in the leaderboard's folder hold the reason and the date.
"""

import json
from datetime import UTC, datetime
from pathlib import Path

from ctseg.files import OWNER_ONLY, write_atomically


def close(folder: Path, board: str, why: str) -> None:
    """Record that a board takes no more submissions; one that was closed before keeps its first reason."""
    _record(folder / "closed" / f"{board}.json", why)


def hide(folder: Path, sha256: str, why: str) -> None:
    """Record that an entry is not shown; its files stay, and the first reason is kept."""
    _record(folder / "hidden" / f"{sha256}.json", why)


def closed(folder: Path) -> dict[str, str]:
    """Return the closed boards, name to reason."""
    return _reasons(folder / "closed")


def hidden(folder: Path) -> dict[str, str]:
    """Return the hidden entries, sha256 to reason."""
    return _reasons(folder / "hidden")


def _record(path: Path, why: str) -> None:
    if path.exists():
        return
    record = {"why": why, "date": datetime.now(UTC).isoformat(timespec="seconds")}
    write_atomically(path, (json.dumps(record, ensure_ascii=False) + "\n").encode(), OWNER_ONLY)


def _reasons(folder: Path) -> dict[str, str]:
    return {
        path.stem: str(json.loads(path.read_text(encoding="utf-8"))["why"])
        for path in sorted(folder.glob("*.json"))
    }
