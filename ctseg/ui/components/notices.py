"""One sentence to the visitor, as a notice of what went wrong or a remark on what is worth knowing."""

from ctseg.ui.components.templates import render


def notice(sentence: str) -> str:
    """Return a sentence as a notice that screen readers announce; empty text removes it."""
    return render("components", "notice", sentence=sentence) if sentence else ""


def remark(sentence: str) -> str:
    """Return a sentence that is worth knowing and is no error."""
    return render("components", "remark", sentence=sentence) if sentence else ""
