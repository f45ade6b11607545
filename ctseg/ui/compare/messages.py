"""Sentences that the Compare page and the API share."""

from ctseg.methods import METHODS, Card, download_bytes
from ctseg.ui.components.notices import notice

PRESELECTED = ("watershed", "sam-vit-t", "unet-simclr", "unet-tvmf")
"""The methods that most visitors ask for, ticked at first."""
INTRODUCTION = (
    "<h1>Compare ways to segment a CT slice</h1>"
    "<p><b>Separates structures; does not name them.</b> Research only, not for diagnosis.</p>"
)
PRIVACY = (
    "<p>Your file goes to the server of this page and is deleted once it is decoded. Its pixels stay in "
    "memory until you load another file or close the page, at most 60 minutes. Names and tags are not shown "
    "or stored; text burned into the picture is <b>not</b> removed. To keep files on your own machine, run "
    "<code>make app</code> there.</p>"
)
AGREEMENT = (
    '<h2>Agreement between methods</h2><p class="ct-told">How alike two label maps are: 1 is the same, 0 is '
    "chance. Methods that agree may both be wrong; only a true label map tells which is better.</p>"
)
KNOWN = "The true structures are known here: methods are scored."
OUTSIDE = "8-bit file of unknown window: outside what the method was made for."


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
    return f"about {card.seconds:.1f} s" if card.seconds < 10 else f"about {card.seconds:.0f} s"


def elapsed(card: Card, value: float) -> str:
    """Return how long a run has taken so far, in whole seconds, beside the time the method usually takes."""
    if card.seconds <= 0:
        return f"{value:.0f} s"
    if round(value) <= card.seconds:
        return f"{value:.0f} s of {estimate(card)}"
    usual = f"about {card.seconds:.0f} s" if card.seconds >= 1 else estimate(card)
    return f"{value:.0f} s, longer than usual ({usual})"


def counted(card: Card, number: int) -> str:
    """Return how many structures a method found, or regions where it leaves no background."""
    if card.full_tiling:
        return f"{number:,} region{'' if number == 1 else 's'}, background included"
    return f"{number:,} structure{'' if number == 1 else 's'}"


def method_rows() -> list[dict[str, object]]:
    """Return all methods for the page's list: preselected ones, other ready ones, those to fetch, planned."""
    cards = sorted(METHODS.values(), key=_place)
    return [
        {
            "name": card.name,
            "title": card.title,
            "summary": card.summary,
            "note": card_note(card),
            "ready": card.trained,
            "more": card.control,
        }
        for card in cards
    ]


def _place(card: Card) -> tuple[bool, int, bool, float]:
    fetch = (download_bytes(card.name) or 0) if card.trained else 0
    return not card.trained, fetch, card.name not in PRESELECTED, card.seconds


def seconds(value: float) -> str:
    """Return a time in words."""
    return f"{value:.1f} s" if value < 10 else f"{value:.0f} s"
