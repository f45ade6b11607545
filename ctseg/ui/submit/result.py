"""The result of a submission as the page shows it; names are escaped, never markup."""

from collections.abc import Sequence
from html import escape
from typing import Any
from urllib.parse import quote

from ctseg.leaderboard.boards import Board
from ctseg.ui.submit.images import Picture
from ctseg.ui.submit.report import Report

_NAMES = {
    "ari": "ari",
    "fg_ari": "fg_ari",
    "best_iou": "Best IoU",
    "panoptic_quality": "Panoptic quality",
    "split": "Split (bits)",
    "merge": "Merge (bits)",
    "foreground_dice": "Foreground Dice",
    "structures_found": "Found",
    "structures_true": "True",
}


def result_html(report: Report, board: Board, pictures: Sequence[Picture]) -> str:
    """Return the whole result: where the entry stands, its means, and on open boards its images."""
    return (
        f'<div class="sb-result">{_headline(report, board)}{_sureness(report)}{_warning(report)}'
        f"{_means(report, board)}{_pictures(pictures)}{_images(report)}"
        f'<p><a href="/leaderboard?board={quote(board.name, safe="")}">See it on the Leaderboard</a></p>'
        "</div>"
    )


def _headline(report: Report, board: Board) -> str:
    name = f"<b>{escape(report['name'])}</b>"
    title = escape(board.title)
    if report["rank"] is None:
        return f"<h2>{name} is stored</h2><p>It is not shown on {title}.</p>"
    kinds = "full tilings" if report["ranked_with"] == "full tiling" else "methods"
    place = f"rank {report['rank']} of {report['of']} {kinds} on {title}, by {report['ranked_by']}"
    if report["accepted"]:
        return f"<h2>Accepted: {name} has {place}</h2>"
    return (
        f"<h2>These label maps are an entry already</h2><p>{name} has {place}. Nothing was added, and no "
        "submission of your quota was used.</p>"
    )


def _sureness(report: Report) -> str:
    if report["rank"] is None:
        return ""
    if report["interval"] is not None:
        low, high = report["interval"]
        tier = f"; tier {report['tier']}, whose entries cannot be told apart from its first"
        return (
            f"<p>95 % interval of {report['ranked_by']}: {low:.2f} to {high:.2f}, from drawing "
            f"{report['patients']} patients again{tier if report['tier'] else ''}.</p>"
        )
    if report["best_is_better_on"] is None:
        return f"<p>{report['patients']} patients are too few for an interval.</p>"
    return (
        f"<p>The first-ranked entry is better on {report['best_is_better_on']} of {report['patients']} "
        "patients, which are too few for an interval.</p>"
    )


def _warning(report: Report) -> str:
    return f'<p class="bd-warning">{escape(report["warning"])}</p>' if report["warning"] else ""


def _means(report: Report, board: Board) -> str:
    if not report["means"]:
        return ""
    digits = min(board.digits, 3)
    heads = "".join(f"<th>{_NAMES[name]}</th>" for name in report["means"])
    cells = "".join(
        f"<td>{_number(value, 1 if name.startswith('structures') else digits)}</td>"
        for name, value in report["means"].items()
    )
    note = (
        "" if board.per_image_scores else '<p class="bd-quiet">Means over all images; more is not told.</p>'
    )
    return f'<div class="bd-scroll"><table><tr>{heads}</tr><tr>{cells}</tr></table></div>{note}'


def _pictures(pictures: Sequence[Picture]) -> str:
    if not pictures:
        return ""
    shown = "".join(
        f'<figure><img src="{each.address}" alt="{escape(each.image, quote=True)} with faults marked">'
        f"<figcaption>{escape(each.image)}: {each.score:.3f}</figcaption></figure>"
        for each in pictures
    )
    return (
        "<h3>Where it did worst</h3><p>Lines are the structures that were found; "
        '<b class="ct-merged">red</b>: joined with a neighbour, <b class="ct-split">blue</b>: cut apart.</p>'
        f'<div class="sb-pictures">{shown}</div>'
    )


def _images(report: Report) -> str:
    images = report["images"]
    if not images:
        return ""
    names = [name for name in images[0] if name != "image"]
    heads = "".join(f"<th>{_NAMES[name]}</th>" for name in names)
    rows = "".join(
        f"<tr><td>{escape(each['image'])}</td>"
        f"{''.join(f'<td>{_number(each[name], 3)}</td>' for name in names)}</tr>"
        for each in images
    )
    return (
        f'<details><summary>All {len(images)} images</summary><div class="bd-scroll sb-images"><table>'
        f"<tr><th>Image</th>{heads}</tr>{rows}</table></div></details>"
    )


def _number(value: Any, digits: int) -> str:
    if value is None:
        return "–"
    return f"{value:.{digits}f}" if isinstance(value, float) else str(value)
