"""Charts of a board as plain HTML: positions are worked out here, colours follow the page's light or dark."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ctseg.leaderboard.results.result import OURS, Result
from ctseg.metrics.catalogue import CATALOGUE
from ctseg.ui.components.board_view import BoardView
from ctseg.ui.components.templates import render
from ctseg.ui.components.words import decimals, mean_seconds
from ctseg.ui.leaderboard.comparison import differences_to_first

_TIMES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
_SCORE_TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True)
class Point:
    """A row in a plot: its place from 0 to 1 along both axes, its label, and the sentence on hovering."""

    x: float
    y: float
    label: str
    tip: str
    role: str
    in_front: bool = False


@dataclass(frozen=True)
class Tick:
    """A line across the plot and what is written at its end."""

    at: float
    text: str


@dataclass(frozen=True)
class Ceiling:
    """A dashed line that shows what a row which looks at the truth reaches."""

    at: float
    axis: str
    text: str


@dataclass(frozen=True)
class Plot:
    """A plot of points: its title, axes, points, the line through those that nothing beats, and ceilings."""

    name: str
    title: str
    words: str
    x_title: str
    y_title: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    points: tuple[Point, ...]
    front: tuple[tuple[float, float], ...] = ()
    ceilings: tuple[Ceiling, ...] = ()


def charts_html(shown: BoardView, score: str) -> str:
    """Return the charts of a board: differences to the first row, time against score, and both indices."""
    if not shown.rows:
        return ""
    plots = [
        plot for plot in (time_plot(shown, score), both_indices_plot(shown), regions_plot(shown)) if plot
    ]
    return render(
        "leaderboard",
        "charts",
        differences=differences_to_first(shown),
        plots=plots,
    )


def time_plot(shown: BoardView, score: str) -> Plot | None:
    """Return a score against seconds a slice, with the rows that none beats in both; None without times."""
    info = CATALOGUE[score]
    timed = [
        (row, seconds, float(value))
        for row in shown.rows
        if row.rank is not None
        and (seconds := mean_seconds(row.result)) is not None
        and (value := row.result.mean(score)) is not None
    ]
    if len(timed) < 2:
        return None
    x_ticks = _time_ticks([seconds for _, seconds, _ in timed])
    y_ticks = _score_ticks([value for *_, value in timed])
    front = pareto_front([(seconds, value) for _, seconds, value in timed])
    points = tuple(
        Point(
            _on_log(seconds, x_ticks),
            _on(value, y_ticks),
            label_of(row.result),
            f"{row.result.title}: {info.title} {decimals(value, _digits(shown))}, {seconds:.2f} s a slice",
            row.result.role,
            (seconds, value) in front,
        )
        for row, seconds, value in timed
    )
    return Plot(
        "time",
        f"{info.title} against time",
        "The line joins the rows that no other beats in both: nothing faster scores higher.",
        "seconds a slice, one core",
        info.title,
        tuple(Tick(_on_log(each, x_ticks), f"{each:g}") for each in x_ticks),
        tuple(Tick(_on(each, y_ticks), f"{each:g}") for each in y_ticks),
        points,
        front=tuple((_on_log(seconds, x_ticks), _on(value, y_ticks)) for seconds, value in front),
    )


def both_indices_plot(shown: BoardView) -> Plot | None:
    """Return ``ari`` against ``fg_ari``, with what the rows that look at the truth reach as ceilings."""
    placed = [
        (row.result, float(ari), float(fg_ari))
        for row in shown.rows
        if row.rank is not None
        and (ari := row.result.mean("ari")) is not None
        and (fg_ari := row.result.mean("fg_ari")) is not None
    ]
    if not placed:
        return None
    digits = _digits(shown)
    x_ticks = _score_ticks([ari for _, ari, _ in placed])
    y_ticks = _score_ticks([fg_ari for *_, fg_ari in placed])
    return Plot(
        "both",
        "Both indices: the upper right is best",
        "Dashed lines are what a perfect mask reaches: nothing separated across, connected regions upward.",
        f"ari: {CATALOGUE['ari'].asks}",
        f"fg_ari: {CATALOGUE['fg_ari'].asks}",
        tuple(Tick(_on(each, x_ticks), f"{each:g}") for each in x_ticks),
        tuple(Tick(_on(each, y_ticks), f"{each:g}") for each in y_ticks),
        tuple(
            Point(
                _on(ari, x_ticks),
                _on(fg_ari, y_ticks),
                label_of(result),
                f"{result.title}: ari {decimals(ari, digits)}, fg_ari {decimals(fg_ari, digits)}",
                result.role,
            )
            for result, ari, fg_ari in placed
        ),
        ceilings=_ceilings(shown, x_ticks, y_ticks),
    )


def _ceilings(shown: BoardView, x_ticks: Sequence[float], y_ticks: Sequence[float]) -> tuple[Ceiling, ...]:
    found = {row.result.entry: row.result for row in shown.of_role("oracle")}
    ceilings = []
    for entry, axis, index, ticks, text in (
        ("oracle-regions", "y", "fg_ari", y_ticks, "a perfect mask, connected regions"),
        ("oracle-mask", "x", "ari", x_ticks, "a perfect mask, one region"),
    ):
        value = found[entry].mean(index) if entry in found else None
        if value is not None:
            ceilings.append(Ceiling(_on(float(value), ticks), axis, text))
    return tuple(ceilings)


def regions_plot(shown: BoardView) -> Plot | None:
    """Return best IoU of the full tilings against how many regions they use; None where there are none."""
    placed = [
        (row.result, float(regions), float(overlap))
        for row in shown.of_role("full tiling")
        if (regions := row.result.mean("structures_predicted")) is not None
        and (overlap := row.result.mean("best_iou")) is not None
    ]
    if not placed:
        return None
    digits = _digits(shown)
    widest = max(regions for _, regions, _ in placed)
    step = 10 ** math.floor(math.log10(max(widest, 1)))
    x_ticks = [step * number for number in range(math.ceil(1.15 * widest / step) + 1)]
    y_ticks = _score_ticks([overlap for *_, overlap in placed])
    return Plot(
        "regions",
        "Full tilings: overlap bought with regions",
        "More regions cost nothing under best IoU, so their number is shown beside it.",
        "regions a slice",
        CATALOGUE["best_iou"].title,
        tuple(Tick(_on(each, x_ticks), f"{each:g}") for each in x_ticks),
        tuple(Tick(_on(each, y_ticks), f"{each:g}") for each in y_ticks),
        tuple(
            Point(
                _on(regions, x_ticks),
                _on(overlap, y_ticks),
                label_of(result),
                f"{result.title}: {regions:.0f} regions a slice, best IoU {decimals(overlap, digits)}",
                result.role,
            )
            for result, regions, overlap in placed
        ),
    )


def pareto_front(timed: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the pairs (seconds, score) that no other beats in both, fastest first."""
    front: list[tuple[float, float]] = []
    for seconds, value in sorted(set(timed), key=lambda pair: (pair[0], -pair[1])):
        if not front or value > front[-1][1]:
            front.append((seconds, value))
    return front


def label_of(result: Result) -> str:
    """Return the few letters that stand at a point: the command line's name, or a submission's own."""
    return result.entry if result.origin == OURS else result.title


def _digits(shown: BoardView) -> int:
    return min(shown.board.digits, 3)


def _time_ticks(seconds: Sequence[float]) -> list[float]:
    low = max((each for each in _TIMES if each <= min(seconds)), default=_TIMES[0])
    high = min((each for each in _TIMES if each >= max(seconds)), default=_TIMES[-1])
    return [each for each in _TIMES if low <= each <= high] if low < high else [low, 2 * low]


def _score_ticks(values: Sequence[float]) -> list[float]:
    highest = max(max(values), 0.01)
    top = next(each for each in _SCORE_TICKS if each >= min(highest, 1.0))
    lowest = min(min(values), 0.0)
    below = [-0.2 * number for number in range(math.ceil(-lowest / 0.2 - 1e-9), 0, -1)]
    return [*(round(each, 1) for each in below), *(each for each in _SCORE_TICKS if each <= max(top, 0.2))]


def _on(value: float, ticks: Sequence[float]) -> float:
    return (value - ticks[0]) / (ticks[-1] - ticks[0])


def _on_log(value: float, ticks: Sequence[float]) -> float:
    low, high = math.log(ticks[0]), math.log(ticks[-1])
    return min(max((math.log(max(value, 1e-9)) - low) / (high - low), 0.0), 1.0)
