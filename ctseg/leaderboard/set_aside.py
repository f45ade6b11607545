"""Files of a leaderboard's folder that cannot be used are set aside by name, and everything else goes on."""

import json
import logging
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

MAX_BYTES = 64 << 20
"""No file that is read here is near as large."""

_logger = logging.getLogger(__name__)
_logged: set[tuple[Path, str]] = set()
_Read = TypeVar("_Read")


class UnusableError(ValueError):
    """A file cannot be used; the message says why in a few words and quotes nothing of it."""


@dataclass(frozen=True)
class SetAside:
    """A file that is not used, and why."""

    path: Path
    why: str

    def __str__(self) -> str:
        return f"{self.path}: {self.why}"


def usable(paths: Iterable[Path], read: Callable[[Path], _Read]) -> Iterator[tuple[Path, _Read | SetAside]]:
    """Yield each file with what was read from it, or with why it is set aside; that is logged once.

    Parameters
    ----------
    paths : in any order; they may be gone by now, which says nothing about the others
    read : raises `ValueError` or `OSError` for a file that cannot be used
    """
    for path in paths:
        try:
            yield path, read(path)
        except FileNotFoundError:
            continue
        except UnusableError as error:
            yield path, _noted(path, str(error))
        except (ValueError, TypeError, OSError, RecursionError) as error:
            yield path, _noted(path, f"it cannot be read ({type(error).__name__})")


def read_text(path: Path) -> str:
    """Return the text of a plain file of bounded size.

    Raises
    ------
    FileNotFoundError
        If it is gone.
    UnusableError
        If it is no plain file, empty, too large, or no text.
    """
    about = path.stat()
    if not stat.S_ISREG(about.st_mode):
        raise UnusableError("it is no file")
    if not about.st_size:
        raise UnusableError("it is empty")
    if about.st_size > MAX_BYTES:
        raise UnusableError(f"it is larger than {MAX_BYTES >> 20} MB")
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UnusableError("it is no text") from error


def parse_object(text: str) -> dict[str, Any]:
    """Return a JSON object.

    Raises
    ------
    UnusableError
        If the text is anything else, or holds NaN or an infinity.
    """
    try:
        found = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise UnusableError("it is truncated or no JSON") from error
    if not isinstance(found, dict):
        raise UnusableError("it is not what should stand here")
    return found


def _refuse(name: str) -> None:
    raise ValueError(name)


def _noted(path: Path, why: str) -> SetAside:
    if (path, why) not in _logged:
        _logged.add((path, why))
        _logger.warning("%s is set aside: %s. `ctseg board doctor` lists such files.", path, why)
    return SetAside(path, why)
