"""Single images of a board: how a score is spread over them, and where two entries differ most."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ctseg.leaderboard.boards import Board
from ctseg.leaderboard.results.ranking import Row
from ctseg.leaderboard.results.result import Result
from ctseg.leaderboard.results.statistics import compare
from ctseg.metrics.catalogue import CATALOGUE
from ctseg.ui.components.addresses import image_address, thumbnail_address
from ctseg.ui.components.board_view import BoardView
from ctseg.ui.components.templates import render
from ctseg.ui.components.words import decimals
from ctseg.ui.leaderboard.comparison import largest_differences, signed


@dataclass(frozen=True)
class Strip:
    """One row's scores of all images: places of the dots and of their quartiles, from 0 to 1 on the axis."""

    title: str
    role: str
    dots: tuple[tuple[float, float, str], ...]
    quartiles: tuple[float, float, float]
    median: str


@dataclass(frozen=True)
class Shown:
    """An image that a row is best, typical or worst on, with addresses where it may be shown."""

    word: str
    image: str
    score: str
    address: str | None
    thumbnail: str | None


def choices(shown: BoardView) -> tuple[list[tuple[str, str]], list[str], list[str | None], str]:
    """Return the rows to choose from, (title, sha256), and what is chosen at first.

    At first that is the best rows, two of them that are ranked together, and the score which ranks these two.
    """
    offered = [(row.result.title, row.result.predictions_sha256) for row in shown.singles]
    ranked = [row.result.predictions_sha256 for row in shown.singles if row.rank is not None]
    two = _ranked_together(shown)
    pair: list[str | None] = [*(row.result.predictions_sha256 for row in two), None, None]
    return offered, ranked[:4], pair[:2], two[0].index if two else "ari"


def _ranked_together(shown: BoardView) -> list[Row]:
    """Return the first two rows of one ranking, or of all rows where none has two."""
    groups = [[row for row in shown.singles if row.result.role == role] for role in ("method", "full tiling")]
    return next((group[:2] for group in groups if len(group) > 1), shown.singles[:2])


def chosen(shown: BoardView, keys: Sequence[str | None]) -> list[Result]:
    """Return the results of these sha256 that are on this board and disclosed by image, and no others."""
    by_key = {row.result.predictions_sha256: row.result for row in shown.singles}
    return [by_key[key] for key in keys if key in by_key]


def spread_html(results: Sequence[Result], score: str) -> str:
    """Return how one score of the chosen rows is spread over images: quartiles, and every image as a dot."""
    if not results:
        return ""
    lowest = min(float(np.nanmin(result.values(score), initial=0)) for result in results)
    low = min(0.0, np.floor(lowest * 5) / 5)
    strips = [_strip(result, score, low) for result in results if not np.isnan(result.values(score)).all()]
    ticks = [(float(each - low) / (1 - low), f"{each:g}") for each in np.round(np.arange(low, 1.01, 0.2), 1)]
    return render("leaderboard", "spread", strips=strips, info=CATALOGUE[score], ticks=ticks)


def _strip(result: Result, score: str, low: float) -> Strip:
    values = result.values(score)

    def place(value: float) -> float:
        return (value - low) / (1 - low)

    dots = tuple(
        # A fixed spread across the strip, so that equal scores do not hide each other.
        (place(float(value)), (7 * number % 10) / 10, f"{image}: {decimals(float(value))}")
        for number, (image, value) in enumerate(zip(result.images, values, strict=True))
        if not np.isnan(value)
    )
    quartiles = np.nanpercentile(values, [25, 50, 75])
    first, middle, third = (place(float(each)) for each in quartiles)
    return Strip(result.title, result.role, dots, (first, middle, third), decimals(float(quartiles[1])))


def differences_html(board: Board, found: Sequence[Result], score: str) -> str:
    """Return the images where two entries differ most, with thumbnails and links where that is allowed."""
    if len(found) < 2 or found[0].predictions_sha256 == found[1].predictions_sha256:
        return render("leaderboard", "differences", first=None)
    first, second = found[0], found[1]
    differences = largest_differences(first, second, score)
    widest = max((abs(each.difference) for each in differences), default=1.0)
    return render(
        "leaderboard",
        "differences",
        first=first,
        second=second,
        score=CATALOGUE[score].title,
        patients=compare(first.values(score), second.values(score), first.patients),
        may_be_shown=board.images_may_be_shown,
        lines=[
            {
                "each": each,
                "address": image_address(board, each.image),
                "thumbnail": thumbnail_address(board, each.image),
                "text": signed(each.difference),
                "part": abs(each.difference) / widest,
            }
            for each in differences
        ],
    )


def typical_images(row: Row, board: Board) -> list[Shown]:
    """Return a row's best, a typical and its worst image by what ranks it; none if not disclosed."""
    if not row.result.scores:
        return []
    values = row.result.values(row.index)
    order = [int(place) for place in np.argsort(-values, kind="stable") if not np.isnan(values[place])]
    if not order:
        return []
    places = {"Best": order[0], "Typical": order[len(order) // 2], "Worst": order[-1]}
    return [
        Shown(
            word,
            image := row.result.images[place],
            decimals(float(values[place])),
            image_address(board, image) if board.images_may_be_shown else None,
            thumbnail_address(board, image) if board.images_may_be_shown else None,
        )
        for word, place in places.items()
    ]
