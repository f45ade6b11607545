"""Words and numbers that several pages write the same way."""

from collections.abc import Iterable

from ctseg.leaderboard.boards import Board
from ctseg.leaderboard.results.result import Result
from ctseg.metrics.catalogue import NOTHING


def board_choices(boards: Iterable[Board]) -> list[tuple[str, str]]:
    """Return boards for a chooser, (title, name)."""
    return [(board.title, board.name) for board in boards]


def counted(number: int, noun: str) -> str:
    """Return a number of things, such as ``"5 patients"``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def in_few_letters(number: int | None) -> str:
    """Return a number of parameters, such as ``"24.4 M"``."""
    if number is None:
        return "unknown"
    for size, letter in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= size:
            return f"{number / size:.1f} {letter}"
    return str(number)


def decimals(value: float | None, digits: int = 3) -> str:
    """Return a score; nothing that rounds to zero has a minus sign."""
    if value is None:
        return NOTHING
    text = f"{value:.{digits}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def seconds_words(result: Result) -> str:
    """Return a result's mean seconds a slice on one core, with what was loaded on first use."""
    mean = mean_seconds(result)
    if mean is None:
        return NOTHING
    return f"{mean:.2f}" if mean < 10 else f"{mean:.0f}"


def mean_seconds(result: Result) -> float | None:
    """Return a result's mean seconds a slice, None for rows that look at the truth and for submissions."""
    if result.role == "oracle" or not result.seconds:
        return None
    return sum(result.seconds) / len(result.seconds)
