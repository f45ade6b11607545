"""Sentences of the Leaderboard page; whatever comes from results is escaped."""

from html import escape
from urllib.parse import quote

from ctseg.leaderboard.boards import Board
from ctseg.leaderboard.results.published_scores import REPORTED
from ctseg.leaderboard.results.statistics import MIN_PATIENTS
from ctseg.settings import DATA
from ctseg.ui.components.addresses import image_address
from ctseg.ui.components.board_view import BoardView
from ctseg.ui.components.words import counted
from ctseg.ui.leaderboard.best import best_words

HEAD = (
    "<h1>Which method separates structures best, and how sure is that?</h1>"
    "<p>Every score is computed by this code from label maps, on images divided by patient. "
    "Methods separate structures; they do not name them. Research only, not for diagnosis.</p>"
)
COLUMNS_EXPLAINED = (
    "<details><summary>What the columns mean, and how to sort</summary>"
    "<p>Each column's ⋮ menu sorts and filters. A second column sorts within the first; choose "
    "<i>Clear sort</i> to start anew. The best of the ranked rows is bold.</p><dl>"
    "<dt>Rank</dt><dd>By mean ari over slices; equal to four digits shares a rank. Methods that put every "
    "pixel into "
    "some region are ranked apart by fg_ari. Lines in italics look at the true labels: they are no "
    "methods and have no rank.</dd>"
    "<dt>ari</dt><dd>Adjusted Rand index over all pixels, background included. 1 is perfect, 0 is "
    "chance.</dd>"
    "<dt>fg_ari</dt><dd>The same over pixels of true structures only. Growing regions over the background "
    "costs "
    "nothing here, so never read it alone.</dd>"
    "<dt>Best IoU</dt><dd>For each true structure the best overlap with any found one, averaged. Small "
    "structures "
    "count as much as large ones.</dd>"
    "<dt>Panoptic quality</dt><dd>Overlap of matched structures (IoU above 0.5), lowered by every miss and "
    "every false "
    "alarm.</dd>"
    "<dt>Split, merge</dt><dd>Information lost by cutting structures apart, and by joining them; less is "
    "better.</dd>"
    "<dt>Foreground Dice</dt><dd>Overlap of everything marked with everything that should be.</dd>"
    "<dt>Plain ri</dt><dd>The Rand index without adjustment. Beside it stands what a picture without any "
    "structure "
    "gets: it is high already, which is why nothing is ranked by this index.</dd>"
    "<dt>Found / true</dt><dd>Mean structures a slice with a match of IoU above 0.5, and how many there "
    "are.</dd>"
    "<dt>95 % interval, tier</dt><dd>Shown from 8 patients on. Patients are drawn again with replacement; "
    "methods of one tier cannot be told apart from its best (paired test by patient, 5 %).</dd>"
    "<dt>Rank 1 is better</dt><dd>Shown below 8 patients, in the place of tests: on how many patients the "
    "first-ranked method has the higher score.</dd>"
    "<dt>s a slice, one core</dt><dd>Mean seconds; several slices run at once, each on a core of its own. "
    "What a method loads only when first used, such as weights, counts in the first slice of each "
    "process.</dd>"
    "<dt>Training saw</dt><dd>Nothing, unlabelled images, annotated slices, synthetic labels, or labels from "
    "outside such as those Segment Anything was made with.</dd>"
    "<dt>Whose</dt><dd>Verified by us: this code ran the method. Submitted: a user gave label maps, and this "
    "code scored them. Local: the same, on a machine where nobody logs in. ⚠ marks entries that look as if "
    "they were made for one index.</dd>"
    "</dl></details>"
)


def about(shown: BoardView) -> str:
    """Return what the board is, and how often the team has looked."""
    facts: list[str] = [shown.board.kind]
    if shown.rows:
        result = shown.rows[0].result
        facts += [
            counted(len(result.images), "slice"),
            counted(shown.patients, "patient"),
            f"metric version {result.metric_version}",
            '<span title="sha256 over the true label maps: '
            f'{escape(result.dataset_fingerprint, quote=True)}">'
            f"data {escape(result.dataset_fingerprint[:8])}</span>",
        ]
    times = "once" if shown.looks == 1 else f"{shown.looks} times"
    facts.append(
        '<b title="Whoever tries often and keeps the best has fitted the board a little.">'
        f"looked at {times}</b>"
    )
    submit = f'<a href="/submit?board={quote(shown.board.name, safe="")}">Submit your own predictions</a>'
    return f'<p>{escape(shown.board.about)}</p><p class="bd-facts">{" · ".join(facts)} · {submit}</p>'


def empty(board: Board) -> str:
    """Return what stands in the place of the tables while a board has no results."""
    command = f"<code>{escape(f'ctseg evaluate watershed --board {board.name}')}</code>"
    how = f"To add one, run {command}."
    if board.kind == "bring your own images":
        how = (
            "To add one, get the images from whoever hands them out, as they are not part of ctseg, set "
            f"<code>{DATA.name}</code> to the folder that holds them, and run {command}."
        )
    return f'<div class="bd-empty"><p>No results yet.</p><p>{how}</p></div>'


def warnings(shown: BoardView) -> str:
    """Return a line for every entry that looks as if it was made for one index."""
    return "".join(
        f'<p class="bd-warning">{escape(row.result.title)}: {escape(row.result.warning)}</p>'
        for row in shown.rows
        if row.result.warning
    )


def answers(shown: BoardView) -> str:
    """Return the three things a visitor asks, answered for this board."""
    return (
        '<div class="bd-answers">'
        f"{_answer('Which is best?', best_words(shown))}"
        f"{_answer('What do the two indices see?', _INDICES)}"
        f"{_answer('How sure is it?', _sure(shown))}</div>"
    )


_INDICES = (
    "<b>ari</b> asks: is the foreground right? Finding all structures as one lump already scores near 1. "
    "<b>fg_ari</b> asks: inside true structures, are they kept apart? It does not see what is painted over "
    "the "
    "background. Either can be won by failing the other, so read both."
)


def _answer(question: str, text: str) -> str:
    return f"<section><h2>{question}</h2><p>{text}</p></section>"


def _sure(shown: BoardView) -> str:
    if shown.patients < MIN_PATIENTS:
        return (
            f"Not very: {counted(shown.patients, 'patient')}, which is too few for intervals or tests, so "
            f"there are none. Look at the "
            "dots, one for each patient, and at how many patients agree on the order."
        )
    methods = shown.of_role("method")
    with_first = [row for row in methods if row.tier == 1]
    told = f"{shown.patients} patients: the table gives 95 % intervals, and tiers from paired tests. "
    if shown.board.name.startswith("phantom"):
        told += "They hold for drawn images like these, not for patients. "
    if len(with_first) > 1:
        told += f"The first {len(with_first)} methods cannot be told apart."
    elif len(methods) > 1:
        told += "The first method is told apart from all others."
    return told


def how_far_apart(shown: BoardView) -> str:
    """Return the heading of the charts and how to read them on this board."""
    if not shown.rows:
        return ""
    told = (
        "The upright bar is the mean over slices; each dot is one patient."
        if shown.patients < MIN_PATIENTS
        else "Dots are means over slices; lines are 95 % intervals, from drawing patients again."
    )
    return (
        f'<h2>How far apart are they?</h2><p>{told} <span class="bd-key-method">Methods</span>, '
        '<span class="bd-key-tiling">full tilings</span>, '
        '<span class="bd-key-oracle">rows that look at the truth</span>.</p>'
    )


def report_panel() -> str:
    """Return the report's own scores, without ranks."""
    rows = "".join(
        f"<tr><td>{escape(each.system)}</td><td>{each.score:.3g}</td><td>{escape(each.index)}</td>"
        f"<td>{escape(each.images)}</td></tr>"
        for each in REPORTED
    )
    return (
        "<h2>What the report printed</h2>"
        '<p class="bd-warning">Other data, other split: not comparable with the tables above.</p>'
        '<div class="bd-scroll" tabindex="0" role="region" aria-label="Scores printed by the report"><table>'
        "<thead><tr><th>System</th><th>Score</th><th>Index</th><th>Images</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div>"
    )


def image_link(board: Board, image: str) -> str:
    """Return the image's name, as a link that opens it on Compare where the board's images may be shown."""
    if not board.images_may_be_shown:
        return escape(image)
    return f'<a href="{escape(image_address(board, image))}">{escape(image)}</a>'
