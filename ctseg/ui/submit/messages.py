"""Sentences of the Submit page; whatever strangers typed is escaped."""

from datetime import datetime
from html import escape
from urllib.parse import quote

from ctseg.leaderboard.boards import Board
from ctseg.leaderboard.submissions.quotas import A_DAY, Quota, quota_words
from ctseg.ui.components.addresses import example_address, images_address

HEAD = (
    "<h1>Submit predictions to a board</h1>"
    "<p>Take a board's images, run your own method on them, upload its label maps, and see within a minute "
    "where it stands and how sure that is. Research only, not for diagnosis.</p>"
)
LOCAL = "Nobody logs in on this machine, so entries are marked <b>local</b>."
_KINDS = {
    "open": (
        "Open practice",
        "You are told the scores of every image, and shown those on which most went wrong.",
    ),
    "sealed": (
        "Sealed",
        "The true labels are with the owner of this page only. You are told means with two digits, nothing "
        "about single images, so that labels cannot be guessed by trying.",
    ),
    "bring your own images": (
        "Bring your own images",
        "These images may not be passed on, so none are offered here. Who has them from where they are "
        "handed out may submit; you are told means only, and neither images nor labels leave this page.",
    ),
}
_RULES = (
    "<li>One label map for each image, of the same height and width: 0 is background, every other value is "
    "one structure. Values carry no class; at most 4096 in one image.</li>"
    "<li>As <b>CSV</b> of the RAIDIUM challenge (also <code>.csv.gz</code>), as <b>ZIP</b> of PNG files "
    "named like the images (8 or 16 bit), or as <b>NPZ</b> with an array named after each image. Up to "
    "512 MB.</li>"
    "<li>Name, family, link and what training saw are shown to everybody; your contact only to the owner "
    "of this page. An entry stays: it can be hidden, never changed.</li>"
    "<li>The file you upload is deleted once its label maps are stored, and whenever it is refused. The same "
    "label maps are one entry, however often they are sent.</li>"
)


def about(board: Board, why_closed: str, limits: str) -> str:
    """Return what the board is, whether it is open, and its rules.

    Parameters
    ----------
    board : Board
    why_closed : one sentence, or ""
    limits : what is said about who may submit how often, HTML
    """
    kind, told = _KINDS[board.kind]
    door = f'<p class="sb-closed" role="status">{escape(why_closed)}</p>' if why_closed else ""
    command = f"<code>ctseg check FILE --board {escape(board.name)}</code>"
    return (
        f'{door}<p><span class="sb-kind">{kind}</span> {escape(board.about)}</p><p>{told}</p>'
        f"{_downloads(board)}<details><summary>The rules</summary><ul>{_RULES}<li>{limits}</li>"
        f"<li>{command} tells beforehand whether a file would be taken.</li></ul></details>"
    )


def _downloads(board: Board) -> str:
    if not board.images_may_be_shown:
        return ""
    return (
        f'<p class="sb-downloads"><a download href="{images_address(board)}">All images, ZIP</a>'
        f'<a download href="{example_address(board)}">An example of a submission, CSV</a>'
        f'<a href="/leaderboard?board={quote(board.name, safe="")}">The board as it stands</a></p>'
    )


def limits(board: Board, quota: Quota | None, login: bool, user: str | None, now: datetime) -> str:
    """Return who may submit how often, as HTML."""
    if quota is None:
        return f"{LOCAL} There is no limit on their number on this board."
    general = f"{A_DAY[board.kind]} accepted entries in 24 hours, one at a time; refused files do not count."
    if not login:
        return f"{LOCAL} All visitors together have {general}"
    if user is None:
        return f"Sign in with Hugging Face to submit. Every user has {general}"
    return f"Signed in as {escape(user)}: {general} {escape(quota_words(quota, now))}"


def doing(sentence: str, share: float) -> str:
    """Return what is being done, with a bar."""
    return (
        f'<div class="sb-doing" role="status"><progress max="1" value="{share:.2f}"></progress>'
        f"<span>{escape(sentence)}</span></div>"
    )
