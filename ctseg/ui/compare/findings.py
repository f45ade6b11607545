"""What is told about finished runs: label maps with matched colours, tables, agreement, scores."""

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ctseg.labelmaps import area_table, colours, match_labels, merge_split_map
from ctseg.methods import METHODS
from ctseg.metrics import Scores, ari
from ctseg.slices import CTSlice
from ctseg.ui.compare.encode import Packed, label_pixels, pack
from ctseg.ui.compare.messages import counted
from ctseg.ui.components.axis_names import axis_names
from ctseg.ui.server.sessions import Finished

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def matched(label_map: NDArray[np.integer], finished: dict[str, Finished]) -> NDArray[np.integer]:
    """Renumber a label map after those already shown, so that one structure has one colour in all panels."""
    return match_labels([*(found.label_map for found in finished.values()), label_map])[-1]


def result_message(method: str, found: Finished, ct_slice: CTSlice) -> dict[str, Any]:
    """Return what the viewer needs to paint a label map and list its structures."""
    table = area_table(found.label_map, ct_slice.pixels, ct_slice.spacing_mm)
    highest = int(found.label_map.max(initial=0))
    return {
        "method": method,
        "title": METHODS[method].title,
        "counted": counted(METHODS[method], len(table["label"])),
        "labels": label_pixels(found.label_map),
        "colours": pack(colours(highest).reshape(-1)),
        "table": {name: _listed(values) for name, values in table.items() if not _unknown(values)},
    }


def _unknown(values: NDArray[np.generic]) -> bool:
    return bool(np.issubdtype(values.dtype, np.floating) and values.size and np.isnan(values).all())


def _listed(values: NDArray[np.generic]) -> list[Any]:
    if np.issubdtype(values.dtype, np.floating):
        return np.nan_to_num(values).round(2).tolist()
    return values.tolist()


def faults(found: Finished, truth: NDArray[np.integer]) -> Packed:
    """Pack where a label map merges (1) or splits (2) structures of the true one."""
    return label_pixels(merge_split_map(found.label_map, truth))


def agreement(finished: dict[str, Finished]) -> "Figure":
    """Return a heat map of the adjusted Rand index between every two methods."""
    import plotly.graph_objects as go

    names = axis_names(METHODS[method].title for method in finished)
    maps = [found.label_map for found in finished.values()]
    index = [[ari(one, other) for other in maps] for one in maps]
    figure = go.Figure(
        go.Heatmap(
            z=index,
            x=names,
            y=names,
            zmin=0,
            zmax=1,
            colorscale="Viridis",
            text=[[f"{value:.2f}" for value in row] for row in index],
            texttemplate="%{text}",
            hovertemplate="%{y}<br>%{x}<br>ari %{z:.3f}<extra></extra>",
            colorbar={"title": "ari", "thickness": 12},
        )
    )
    figure.update_layout(
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        height=110 + 60 * len(names),
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        yaxis={"autorange": "reversed", "automargin": True},
        xaxis={"automargin": True},
    )
    return figure


_SCORES = {
    "Method": "",
    "ari": "Adjusted Rand index over all pixels: mostly, how well the background is left alone.",
    "fg_ari": "The same over pixels of true structures only: how well these are separated.",
    "Best IoU": "Mean over true structures of the best overlap with any structure found.",
    "Split error": "Bits lost by cutting true structures apart; less is better.",
    "Merge error": "Bits lost by joining true structures; less is better.",
    "Found / true": "Structures found with an IoU above 0.5, of all true ones.",
}
_READ_TOGETHER = (
    "<b>ari</b> measures mostly how well the background is left alone; <b>fg_ari</b> looks at the pixels of "
    "true structures only, so growing over the background costs nothing there. Read the two together."
)


def score_table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of `score_row` as the page's table."""
    head = "".join(f'<th scope="col" title="{escape(told)}">{name}</th>' for name, told in _SCORES.items())
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return (
        f'<div class="ct-table"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
        f"<p>{_READ_TOGETHER}</p>"
    )


def score_row(title: str, scores: Scores) -> list[str]:
    """Return the cells of a method's row: its title, then its scores."""
    numbers = (scores.ari, scores.fg_ari, scores.best_iou, scores.split, scores.merge)
    return [
        title,
        *("–" if np.isnan(number) else f"{number:.3f}" for number in numbers),
        f"{scores.structures_found} / {scores.structures_true}",
    ]
