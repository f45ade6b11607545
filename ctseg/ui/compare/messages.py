"""Sentences that the Compare page and the API share."""

from ctseg.methods import CARDS, Card, download_bytes
from ctseg.ui.components.defaults import PRESELECTED
from ctseg.ui.components.notices import notice

GONE = "Nothing is loaded; upload a file or pick an example."
_HALF_SECOND = 0.5
CLOSED = "The server has forgotten this page; reload it to go on."


def refusal(error: Exception, *, shown: bool) -> str:
    """Return why a file was not opened, and that the slice on show is the one before it."""
    return notice(str(error) + (" The previous slice is still shown." if shown else ""))


def card_note(card: Card) -> str:
    """Return the few words beside a method's name: its time, what it fetches first, or that it is planned."""
    if not card.trained:
        return "not trained yet"
    fetch = download_bytes(card.name)
    if fetch:
        return f"{round(fetch / 1e6)} MB to fetch first"
    return estimate(card)


def estimate(card: Card) -> str:
    """Return the measured time for a 512x512 slice in words."""
    if card.seconds <= 0:
        return ""
    return _about(card.seconds)


def _about(value: float) -> str:
    return f"about {value:.1f} s" if value < 10 else f"about {value:.0f} s"


def elapsed(card: Card, value: float) -> str:
    """Return how long a run has taken so far, in whole seconds, beside the time the method usually takes."""
    if card.seconds <= 0:
        return f"{value:.0f} s"
    if round(value) <= card.seconds:
        return f"{value:.0f} s of {estimate(card)}"
    usual = f"about {card.seconds:.0f} s" if card.seconds >= 1 else estimate(card)
    return f"{value:.0f} s, usually {usual}"


def counted(card: Card, number: int) -> str:
    """Return how many structures a method found, or regions where it leaves no background."""
    if card.full_tiling:
        return f"{number:,} region{'' if number == 1 else 's'}, background included"
    return f"{number:,} structure{'' if number == 1 else 's'}"


def method_rows() -> list[dict[str, object]]:
    """Return all methods for the page's list: cheap ones, foundation models, those to fetch, planned."""
    cards = sorted(CARDS.values(), key=_place)
    return [
        {
            "name": card.name,
            "title": card.title,
            "short": card.short or card.title,
            "summary": card.summary,
            "note": card_note(card),
            "ready": card.trained,
            "more": card.control,
        }
        for card in cards
    ]


def _place(card: Card) -> tuple[bool, int, bool, bool, float]:
    fetch = (download_bytes(card.name) or 0) if card.trained else 0
    slow = card.family == "foundation model"
    return not card.trained, fetch, slow, card.name not in PRESELECTED, card.seconds


def cost(card: Card) -> tuple[bool, bool, int, bool, float]:
    """Return what runs are ordered by: cheapest first, Segment Anything last.

    Within the same half of a second networks, which visitors want, run before baselines.
    """
    last = card.family == "foundation model", bool(download_bytes(card.name))
    return *last, int(card.seconds / _HALF_SECOND), card.family == "classical", card.seconds


def seconds(value: float) -> str:
    """Return a time in words."""
    return f"{value:.1f} s" if value < 10 else f"{value:.0f} s"
