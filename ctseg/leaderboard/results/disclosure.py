"""What may be told of a board: `disclose` is the only way from results to a page, command, report or export.

From scores of single images one learns about the true labels of these images. They are told on open boards,
and, where images are not handed out, for our own rows. Elsewhere a row has means and an interval, rounded;
and everything that is worked out from several rows (rank, tier, on how many patients one is better) is worked
out from figures rounded in the same way, so that entries which are told alike cannot be told apart by it.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from ctseg.leaderboard.boards import Board
from ctseg.leaderboard.results.gamed import looks_gamed
from ctseg.leaderboard.results.ranking import INDICES, Row, rank
from ctseg.leaderboard.results.result import OURS, Result
from ctseg.leaderboard.results.statistics import Interval, PairedComparison
from ctseg.leaderboard.results.store import board_results
from ctseg.metrics.catalogue import CATALOGUE, TABLED

Scores = dict[str, float | int | None]


def disclosed_rows(board: Board) -> tuple[Row, ...]:
    """Return the rows of a board as they may be told, in order of rank."""
    return ranked_as_told(board_results(board.name), board)


def ranked_as_told(results: list[Result], board: Board) -> tuple[Row, ...]:
    """Return the rows of these results of a board as they may be told, ranked by what is told."""
    if board.per_image_scores:
        return tuple(disclose(row, board) for row in rank(results))
    whole = {result.predictions_sha256: result for result in results}
    rows = rank([_coarse(result, board) for result in results])
    return tuple(disclose(replace(row, result=whole[row.result.predictions_sha256]), board) for row in rows)


def disclose(row: Row, board: Board) -> Row:
    """Return a row with no more than may be told of it; doing it twice changes nothing.

    Parameters
    ----------
    row : of this board; its rank, tier and comparison come from `ranked_as_told`
    board : Board
    """
    result = disclosed_result(row.result, board)
    if board.per_image_scores:
        return replace(row, result=result)
    # In one table all are told alike.
    result = replace(result, means=_told(result.means, board))
    interval = row.interval and Interval(
        round(row.interval.low, board.digits), round(row.interval.high, board.digits)
    )
    # Beside intervals and tiers, a count of patients would tell more of the labels than of the order; and
    # entries that share the first rank are told alike.
    against = row.against_best
    if against is not None:
        against = None if row.rank == 1 or interval is not None else _rounded(against, board)
    return replace(row, result=result, interval=interval, against_best=against)


def disclosed_result(result: Result, board: Board) -> Result:
    """Return a result with no more than may be told of it alone.

    Our own rows of boards whose images are with others are told whole: everybody has them with this project.
    """
    if board.per_image_scores or (board.kind == "bring your own images" and result.origin == OURS):
        return result
    means = _told(result.means, board)
    return replace(result, scores=(), means=means, warning=result.warning and looks_gamed(means))


def told_digits(board: Board, score: str) -> int:
    """Return how many decimals of a score are told at most.

    Structures are counted: a mean of few of them with decimals would tell their exact number, and with that
    whether a single guessed structure was right.
    """
    if board.per_image_scores:
        return board.digits
    return 0 if CATALOGUE[score].unit == "structures" else board.digits


def _told(scores: Scores, board: Board) -> Scores:
    """Return the scores of tables, rounded; how many images lack a score is not told."""
    found = {key: scores[key] for key in TABLED if key in scores}
    return {
        key: value if value is None else round(float(value), told_digits(board, key))
        for key, value in found.items()
    }


def _rounded(against: PairedComparison, board: Board) -> PairedComparison:
    return replace(against, difference=round(against.difference, board.digits), p_value=None)


def _coarse(result: Result, board: Board) -> Result:
    """Return what rows are ranked and compared by: of each patient's slices their rounded mean."""
    columns = [_patient_figures(result, index, board.digits) for index in INDICES]
    scores: list[Scores] = [dict(zip(INDICES, values, strict=True)) for values in zip(*columns, strict=True)]
    return replace(result, scores=tuple(scores), means=_told(result.means, board))


def _patient_figures(result: Result, index: str, digits: int) -> list[Any]:
    values = result.values(index)
    figures = np.full(values.size, np.nan)
    patients = np.array(result.patients)
    for patient in np.unique(patients):
        its = (patients == patient) & ~np.isnan(values)
        if its.any():
            figures[its] = round(float(values[its].mean()), digits)
    return [None if np.isnan(value) else float(value) for value in figures]
