"""Whether a stored result can be what this code wrote: every later step relies on it."""

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ctseg.leaderboard.set_aside import UnusableError

if TYPE_CHECKING:
    from ctseg.leaderboard.results.result import Result

_ORIGINS = ("verified by us", "submitted", "local")
_ROLES = ("method", "full tiling", "oracle")


def check_result(result: "Result") -> None:
    """Look at every field.

    Raises
    ------
    UnusableError
        If one has a type or value that it cannot have; the message names the field.
    """
    for field, holds in _CHECKS.items():
        if not holds(getattr(result, field)):
            raise UnusableError(f"its field {field} cannot be")
    counts = {len(result.images), len(result.patients), len(result.scores)}
    if len(counts) > 1 or not result.images:
        raise UnusableError("its images, patients and scores do not belong together")


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_scores(value: Any) -> bool:
    return isinstance(value, Mapping) and all(each is None or _is_number(each) for each in value.values())


def _all(holds: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, tuple) and all(holds(each) for each in value)


def _is_moment(value: Any) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except (TypeError, ValueError):
        return False


_CHECKS: Mapping[str, Callable[[Any], bool]] = {
    **dict.fromkeys(
        ("board", "entry", "title", "family", "link", "dataset_fingerprint", "code_version"), _is_text
    ),
    **dict.fromkeys(("predictions_sha256", "user", "warning"), _is_text),
    **dict.fromkeys(("saw", "images", "patients"), _all(_is_text)),
    **dict.fromkeys(("seconds", "peak_mb"), _all(_is_number)),
    "origin": lambda value: value in _ORIGINS,
    "role": lambda value: value in _ROLES,
    "parameters": lambda value: value is None or _is_count(value),
    "metric_version": _is_count,
    "date": _is_moment,
    "scores": _all(_is_scores),
    "means": _is_scores,
}
