"""The charts of a board; colours of text and grid come from the page's styles, for light and dark."""

from collections.abc import Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np

from ctseg.leaderboard.results.ranking import Row
from ctseg.leaderboard.results.result import Result
from ctseg.leaderboard.results.statistics import MIN_PATIENTS, Interval, bootstrap_interval, patient_means
from ctseg.ui.components.axis_names import axis_names, plain

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_GREY = "#7f8c9d"
_TEAL = "#17929a"
_ORANGE = "#d9822b"
_ROLE_COLOUR = {"method": _TEAL, "full tiling": _ORANGE, "oracle": _GREY}
_ROLE_MARK = {"method": "circle", "full tiling": "square", "oracle": "x"}
_WORDS = {
    "best_iou": "Best IoU",
    "panoptic_quality": "Panoptic quality",
    "foreground_dice": "Foreground Dice",
}
_CEILING = {"dash": "dash", "color": _GREY, "width": 1.5}
# Dark enough for white, light enough for dark pages; the colours of structures are not.
_PALETTE = (
    "#17929a",
    "#d9822b",
    "#7b68c8",
    "#c8508a",
    "#5f9130",
    "#2f7fcc",
    "#a86f32",
    "#8d8f22",
    "#cf554d",
    "#5a7f8f",
)
# Names beside the marks would cover each other where the page is narrow.
_LEGEND_BELOW = {"orientation": "v", "y": -0.2, "yanchor": "top", "x": 0, "bgcolor": "rgba(0,0,0,0)"}
_MEANS = {"ari": "is the foreground right?", "fg_ari": "are structures kept apart?"}


def means_chart(rows: Sequence[Row], score: str) -> "Figure":
    """Return a line for every row: its mean, and an interval, or below eight patients a dot for each."""
    import plotly.graph_objects as go

    figure = go.Figure()
    names = _names([row.result for row in rows])
    for row, name in zip(rows, names, strict=True):
        result = row.result
        mean = result.mean(score)
        if mean is None:
            continue
        colour = _ROLE_COLOUR[result.role]
        interval = _interval(row, score)
        if interval is None and result.scores:
            figure.add_trace(_patients(result, score, name, colour))
        figure.add_trace(
            go.Scatter(
                x=[mean],
                y=[name],
                mode="markers",
                marker={
                    "symbol": "line-ns" if interval is None else "circle",
                    "size": 15 if interval is None else 9,
                }
                | {"color": colour, "line": {"width": 3 if interval is None else 0, "color": colour}},
                error_x=None
                if interval is None
                else {
                    "type": "data",
                    "symmetric": False,
                    "array": [interval.high - mean],
                    "arrayminus": [mean - interval.low],
                    "color": colour,
                    "thickness": 2,
                },
                hovertemplate=f"{plain(result.title)}<br>mean {score} %{{x:.3f}}<extra></extra>",
            )
        )
    _dress(figure, f"{score}: {_MEANS[score]}", height=100 + 38 * max(len(rows), 2))
    figure.update_yaxes(categoryorder="array", categoryarray=names[::-1])
    figure.update_xaxes(range=[min(-0.03, _lowest(rows, score)), 1.03])
    return figure


def _interval(row: Row, score: str) -> Interval | None:
    """Return the interval of a score; where single images are not told, that of its ranking."""
    if row.result.scores:
        return bootstrap_interval(row.result.values(score), row.result.patients)
    return row.interval if score == row.index else None


def _patients(result: Result, score: str, name: str, colour: str) -> Any:
    import plotly.graph_objects as go

    means = patient_means(result.values(score), result.patients)
    return go.Scatter(
        x=means,
        y=[name] * len(means),
        mode="markers",
        marker={"size": 9, "color": colour, "opacity": 0.5},
        hovertemplate=f"{plain(result.title)}<br>one patient: %{{x:.3f}}<extra></extra>",
    )


def both_indices_chart(rows: Sequence[Row]) -> "Figure":
    """Return ``ari`` against ``fg_ari``, with what the oracle rows reach as ceilings."""
    import plotly.graph_objects as go

    figure = go.Figure()
    results = [row.result for row in rows]
    for result, name, tint in zip(results, _names(results), _tints(results), strict=True):
        figure.add_trace(
            go.Scatter(
                x=[result.mean("ari")],
                y=[result.mean("fg_ari")],
                mode="markers",
                marker={"symbol": _ROLE_MARK[result.role], "size": 12, "color": tint},
                name=name.replace("<br>", " "),
                hovertemplate=f"{plain(result.title)}<br>ari %{{x:.3f}}<br>fg_ari %{{y:.3f}}<extra></extra>",
                cliponaxis=False,
            )
        )
    for result in results:
        if result.entry == "oracle-regions" and result.mean("fg_ari") is not None:
            told = {"text": "a perfect mask, cut into connected regions", "x": 0.02, "xanchor": "left"}
            figure.add_hline(result.mean("fg_ari"), line=_CEILING, annotation=told)
        if result.entry == "oracle-mask" and result.mean("ari") is not None:
            told = {
                "text": "a perfect mask, nothing separated",
                "y": 0.98,
                "yanchor": "top",
                "textangle": -90,
            }
            figure.add_vline(result.mean("ari"), line=_CEILING, annotation=told | {"xanchor": "right"})
    _dress(figure, "Both indices: the upper right is best", height=380 + 22 * len(results))
    figure.update_layout(showlegend=True, legend=_LEGEND_BELOW)
    figure.update_xaxes(title="ari: is the foreground right?", range=[-0.05, 1.04])
    figure.update_yaxes(title="fg_ari: are structures kept apart?", range=[-0.05, 1.04])
    return figure


def tilings_chart(rows: Sequence[Row]) -> "Figure":
    """Return best IoU of the full tilings among a board's rows against how many regions they use."""
    import plotly.graph_objects as go

    every = [row.result for row in rows]
    named = zip(every, _names(every), _tints(every), strict=True)
    tilings = [each for each in named if each[0].role == "full tiling"]
    figure = go.Figure()
    for result, name, tint in tilings:
        figure.add_trace(
            go.Scatter(
                x=[result.mean("structures_predicted")],
                y=[result.mean("best_iou")],
                mode="markers",
                marker={"symbol": "square", "size": 12, "color": tint},
                name=name.replace("<br>", " "),
                hovertemplate=f"{plain(result.title)}<br>%{{x:.0f}} regions a slice<br>"
                "best IoU %{y:.3f}<extra></extra>",
                cliponaxis=False,
            )
        )
    _dress(figure, "Full tilings: overlap bought with regions", height=380 + 22 * len(tilings))
    figure.update_layout(showlegend=True, legend=_LEGEND_BELOW)
    widest = max((result.mean("structures_predicted") or 0 for result, _, _ in tilings), default=1)
    figure.update_xaxes(title="regions a slice", range=[0, 1.25 * widest])
    figure.update_yaxes(title="best IoU", range=[0, 1])
    return figure


def distribution_chart(results: Sequence[Result], score: str) -> "Figure":
    """Return how one score of the chosen rows is spread over images: a box each, and every image as a dot."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for result, name, tint in zip(results, _names(results), _tints(results), strict=True):
        figure.add_trace(
            go.Box(
                x=result.values(score),
                name=name,
                orientation="h",
                boxpoints="all",
                jitter=0.5,
                pointpos=0,
                text=[plain(image) for image in result.images],
                marker={"size": 5, "opacity": 0.65, "color": tint},
                line={"width": 1.5, "color": tint},
                fillcolor="rgba(127, 140, 157, 0.12)",
                hovertemplate=f"%{{text}}<br>{score} %{{x:.3f}}<extra></extra>",
                hoveron="points",
            )
        )
    _dress(figure, f"{_WORDS.get(score, score)} of every image", height=100 + 84 * max(len(results), 1))
    lowest = min((float(np.nanmin(result.values(score), initial=0)) for result in results), default=0.0)
    figure.update_xaxes(range=[min(-0.03, lowest), 1.03])
    figure.update_yaxes(autorange="reversed")
    return figure


def _dress(figure: "Figure", title: str, height: int) -> None:
    figure.update_layout(
        height=height,
        title={"text": f"<b>{title}</b>", "font": {"size": 15}, "x": 0, "y": 1, "yanchor": "top"}
        | {"xref": "container", "yref": "container", "pad": {"l": 12, "t": 14}},
        margin={"l": 8, "r": 16, "t": 48, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        showlegend=False,
        # Dragging must scroll the page on a phone.
        dragmode=False,
        font={"family": "system-ui, sans-serif", "size": 13},
        hoverlabel={"bgcolor": "#212a38", "font": {"color": "#ffffff"}, "bordercolor": "#212a38"},
    )
    for axes in (figure.update_xaxes, figure.update_yaxes):
        axes(automargin=True, zeroline=False, gridcolor="#cbd4df", fixedrange=True)


def _tints(results: Sequence[Result]) -> list[str]:
    """Return a colour for each result; oracles are grey."""
    palette = cycle(_PALETTE)
    return [_GREY if result.role == "oracle" else next(palette) for result in results]


def _lowest(rows: Sequence[Row], score: str) -> float:
    values = [float(np.nanmin(row.result.values(score), initial=0)) for row in rows]
    return max(-0.5, min(values, default=0.0)) if rows and _few(rows) else 0.0


def _few(rows: Sequence[Row]) -> bool:
    return len(set(rows[0].result.patients)) < MIN_PATIENTS


def _names(results: Sequence[Result]) -> list[str]:
    return axis_names(result.title.strip() or result.entry for result in results)
