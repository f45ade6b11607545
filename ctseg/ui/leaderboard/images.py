"""The images on which two entries of a board differ most."""

from dataclasses import dataclass
from html import escape

import numpy as np

from ctseg.leaderboard.boards import Board
from ctseg.leaderboard.results.result import Result
from ctseg.leaderboard.results.statistics import compare
from ctseg.ui.leaderboard.messages import image_link

LISTED = 8


@dataclass(frozen=True)
class Difference:
    """One image with the scores of two entries."""

    image: str
    patient: str
    first: float
    second: float


def largest_differences(first: Result, second: Result, score: str, count: int = LISTED) -> list[Difference]:
    """Return the images where two results on the same board differ most, largest difference first.

    Images on which either has no such score are left out, and those on which they are equal.
    """
    of_first, of_second = first.values(score), second.values(score)
    distance = np.nan_to_num(np.abs(of_first - of_second))
    order = np.argsort(-distance, kind="stable")[:count]
    return [
        Difference(
            first.images[place], first.patients[place], float(of_first[place]), float(of_second[place])
        )
        for place in order.tolist()
        if distance[place] > 0
    ]


def differences_panel(board: Board, first: Result, second: Result, score: str) -> str:
    """Return the images where two entries differ most, as HTML, linked where that is allowed."""
    if first is second or first.predictions_sha256 == second.predictions_sha256:
        return '<p class="bd-quiet">Choose two different rows.</p>'
    found = largest_differences(first, second, score)
    patients = compare(first.values(score), second.values(score), first.patients)
    told = (
        f"<p>On {len(first.images)} images, <b>{escape(first.title)}</b> has the higher {score} on "
        f"{patients.better_on} of {patients.patients} patients than <b>{escape(second.title)}</b>.</p>"
    )
    if not found:
        return told + '<p class="bd-quiet">They score the same on every image.</p>'
    widest = max(abs(each.first - each.second) for each in found)
    rows = "".join(_line(board, each, widest) for each in found)
    note = (
        "A click on an image opens it on the Compare page."
        if board.images_may_be_shown
        else "Scores only: images of this board may not be redistributed, so they cannot be opened here."
    )
    return (
        f'{told}<div class="bd-scroll"><table class="bd-differences"><thead>'
        "<tr><th>Image</th><th>Patient</th>"
        f"<th>{escape(first.title)}</th><th>{escape(second.title)}</th><th>Difference</th></tr></thead>"
        f'<tbody>{rows}</tbody></table></div><p class="bd-quiet">{note}</p>'
    )


def _line(board: Board, each: Difference, widest: float) -> str:
    difference = each.first - each.second
    side = "bd-first" if difference > 0 else "bd-second"
    return (
        f"<tr><td>{image_link(board, each.image)}</td><td>{escape(each.patient)}</td>"
        f"<td>{each.first:.3f}</td><td>{each.second:.3f}</td>"
        f'<td><span class="bd-bar {side}" style="--part: {abs(difference) / widest:.3f}">'
        f"{difference:+.3f}</span></td></tr>"
    )
