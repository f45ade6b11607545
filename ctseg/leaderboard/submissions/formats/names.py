"""Whether a submission holds exactly a board's images, told before any pixel is read."""

from collections import Counter
from collections.abc import Sequence

from ctseg.leaderboard.submissions import SubmissionError

_MAX_LISTED = 5
_MAX_QUOTED = 40


def check_images(board: str, wanted: Sequence[str], found: Sequence[str]) -> None:
    """Refuse a submission that lacks images of the board, holds others or one twice; any order will do.

    Parameters
    ----------
    board : its name, for the sentence
    wanted : names of the board's images
    found : names in the submission, repeats included

    Raises
    ------
    SubmissionError
        If the two are not the same set; the sentence names the first five missing, extra and repeated ones.
    """
    counts = Counter(found)
    known = set(wanted)
    missing = [name for name in wanted if name not in counts]
    extra = [name for name in counts if name not in known]
    repeated = [name for name, times in counts.items() if times > 1]
    wrong = [
        f"{len(names)} {'is' if len(names) == 1 else 'are'} {fault} ({_first(names)})"
        for fault, names in (("missing", missing), ("not on the board", extra), ("repeated", repeated))
        if names
    ]
    if wrong:
        raise SubmissionError(
            f"This submission must hold each of the {len(wanted)} images of {board} once, but "
            f"{', '.join(wrong)}; mend that and try again."
        )


def _first(names: Sequence[str]) -> str:
    return ", ".join(
        [*(quoted(name) for name in names[:_MAX_LISTED]), *(["…"] if len(names) > _MAX_LISTED else [])]
    )


def quoted(name: str) -> str:
    """Return a name from a file so that it can stand in a sentence: printable and cut short."""
    plain = "".join(sign for sign in name[: _MAX_QUOTED + 1] if sign.isprintable())
    return plain[:_MAX_QUOTED] + ("…" if len(plain) > _MAX_QUOTED else "")
