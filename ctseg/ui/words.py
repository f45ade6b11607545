"""Sentences that the Compare page and the API share."""

from html import escape

from ctseg.methods import METHODS, Card, download_bytes

INTRODUCTION = (
    "<h1>Compare ways to segment a CT slice</h1>"
    "<p><b>Separates structures; does not name them.</b> Research only, not for diagnosis.</p>"
)
PRIVACY = (
    "<details><summary>Your file goes to the server of this page and is deleted as soon as it is decoded.</summary>"
    "<p>The decoded pixels stay in the server's memory until you close the page or load another file, and no "
    "longer than 60 minutes. No names or tags from the file are shown, logged or stored. Text that is burned "
    "into the picture is <b>not</b> removed. To keep files on your own machine, run the app there: "
    "<code>make app</code>.</p></details>"
)
OUTSIDE = "8-bit file of unknown window: outside what the method was made for."


def notice(sentence: str) -> str:
    """Return a sentence as the notice that stands under the upload; empty text removes it."""
    return f'<div class="ct-notice" role="alert">{escape(sentence)}</div>' if sentence else ""


def remark(sentence: str) -> str:
    """Return a sentence that is worth knowing and is no error."""
    return f'<div class="ct-remark" role="status">{escape(sentence)}</div>' if sentence else ""


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


def method_rows() -> list[dict[str, object]]:
    """Return all methods for the list on the page, the planned ones last."""
    cards = sorted(METHODS.values(), key=lambda card: not card.trained)
    return [
        {
            "name": card.name,
            "title": card.title,
            "summary": card.summary,
            "note": card_note(card),
            "ready": card.trained,
        }
        for card in cards
    ]


def seconds(value: float) -> str:
    """Return a time in words."""
    return f"{value:.1f} s" if value < 10 else f"{value:.0f} s"
