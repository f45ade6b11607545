"""What a submitter learns: where the entry stands, and its scores as far as the board discloses them."""

from typing import Any

from ctseg.leaderboard.boards import Board
from ctseg.leaderboard.results.ranking import Row
from ctseg.leaderboard.results.result import Result
from ctseg.leaderboard.submissions.hints import submission_hints
from ctseg.leaderboard.submissions.pipeline import Accepted
from ctseg.metrics.catalogue import TABLED
from ctseg.ui.components.board_view import view

_LEFT_OUT = ("ri", "ri_all_background", "structures_predicted")
MEANS = tuple(key for key in TABLED if key not in _LEFT_OUT)
"""The scores whose means a submitter learns."""
OF_IMAGES = ("ari", "fg_ari", "best_iou", "split", "merge", "structures_found", "structures_true")
"""The scores that a submitter learns of every image of an open board."""

Report = dict[str, Any]


def report_of(done: Accepted, board: Board) -> Report:
    """Return the report on a submission as plain values; the same for the page and for programs.

    ``accepted`` is False where the same label maps were an entry already; ``rank`` is None where the entry is
    not shown; ``images`` is empty on boards that do not disclose scores of single images; ``hints`` are
    sentences on what looks like a mistake.
    """
    outcome = done.outcome
    shown = view(board)
    key = outcome.result.predictions_sha256
    row = next((row for row in shown.rows if row.result.predictions_sha256 == key), None)
    known: Report = {
        "accepted": outcome.new,
        "entry": key,
        "board": board.name,
        "name": outcome.result.title,
        "origin": outcome.result.origin,
        "user": outcome.result.user,
        "date": outcome.result.date,
        "hints": list(submission_hints(done.label_maps)),
    }
    if row is None:
        return known | {"rank": None, "means": {}, "images": [], "warning": ""}
    return known | _standing(row, len(shown.of_role(row.result.role))) | _scores(row.result, board)


def _standing(row: Row, ranked: int) -> Report:
    against = row.against_best
    return {
        "rank": row.rank,
        "of": ranked,
        "ranked_with": row.result.role,
        "ranked_by": row.index,
        "tier": row.tier,
        "interval": None
        if row.interval is None
        else [round(row.interval.low, 4), round(row.interval.high, 4)],
        "best_is_better_on": None if against is None else against.better_on,
        "patients": len(set(row.result.patients)),
        "warning": row.result.warning,
    }


def _scores(result: Result, board: Board) -> Report:
    images = (
        [
            {"image": image} | {name: _rounded(each.get(name), 4) for name in OF_IMAGES}
            for image, each in zip(result.images, result.scores, strict=True)
        ]
        if board.per_image_scores
        else []
    )
    return {
        "means": {name: _rounded(result.mean(name), board.digits) for name in MEANS},
        "images": images,
    }


def _rounded(value: float | int | None, digits: int) -> float | int | None:
    return round(value, digits) if isinstance(value, float) else value
