"""The figure for a paper: the slice and the chosen panes with a scale bar and scores, as PNG and as SVG."""

import base64
import io
import math
import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ctseg.export import DISCLAIMER
from ctseg.labelmaps import numbered
from ctseg.labelmaps.overlay import outlines
from ctseg.labelmaps.palette import PALETTE_SIZE, colours
from ctseg.methods import CARDS
from ctseg.slices import CTSlice, Window
from ctseg.slices.windowing import SOFT_TISSUE, to_uint8
from ctseg.ui.compare.results import TRUTH, clear_labels
from ctseg.ui.components.templates import render
from ctseg.ui.server.sessions import Session

PANE_PX = 512
MAX_PANES = 12
MIN_BOX_PX = 8
_GAP_PX, _CAPTION_PX = 12, 44
_FOOT_LINE_PX, _FOOT_LETTER_PX = 15, 6
_BARS_MM = (200, 100, 50, 20, 10, 5, 2, 1)


def figure_files(
    session: Session,
    ct_slice: CTSlice,
    truth: NDArray[np.integer] | None,
    scores: Mapping[str, Mapping[str, Any] | None],
    asked: Mapping[str, Any],
) -> dict[str, bytes]:
    """Return ``figure.png`` and ``figure.svg`` by name.

    Parameters
    ----------
    session : with the results of the slice on show and its credit
    ct_slice, truth : the slice and its true label map (H, W), or None
    scores : of each method, where the truth is known
    asked : ``panes``, ``window``, ``outlined``, ``opacity`` and ``box``, what of the slice is on the screen
        (left, top, right, bottom in px), as the browser sent them; unusable ones are left out
    """
    box = _box(asked.get("box"), ct_slice.shape)
    shown = [name for name in _listed(asked.get("panes")) if name in session.finished or name == TRUTH]
    names = [name for name in shown if name != TRUTH or truth is not None] or list(session.finished)
    grey = to_uint8(ct_slice, _window(asked.get("window"), ct_slice))[box]
    panes = [("Slice", "", np.repeat(grey[..., np.newaxis], 3, axis=2))]
    for name in names[: MAX_PANES - 1]:
        label_map, hues = _map_of(session, truth, name)
        clear = clear_labels(label_map, ct_slice, name != TRUTH and CARDS[name].full_tiling)
        seen = label_map[box]
        painted = _painted(grey, np.where(np.isin(seen, clear), 0, seen), hues, asked)
        title = "Truth" if name == TRUTH else CARDS[name].title
        panes.append((title, _score_words(scores.get(name)), painted))
    scaled = [(title, words, _scaled(image, ct_slice)) for title, words, image in panes]
    bar = _bar(ct_slice, grey.shape[1], scaled[0][2].shape[1])
    foot = "  ·  ".join(part for part in (session.credit, DISCLAIMER) if part)
    return {"figure.png": _as_png(scaled, bar, foot), "figure.svg": _as_svg(scaled, bar, foot)}


def _listed(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []


def _box(value: Any, shape: tuple[int, int]) -> tuple[slice, slice]:
    """Rows and columns of a box that was asked for; all of them where it is none, or hardly holds a pixel."""
    height, width = shape
    given = value if isinstance(value, list) and len(value) == 4 else [0, 0, width, height]
    numbers = [each for each in given if isinstance(each, int | float) and math.isfinite(each)]
    left, top, right, bottom = numbers if len(numbers) == 4 else (0, 0, width, height)
    rows = slice(*(int(min(max(each, 0), height)) for each in (top, bottom)))
    columns = slice(*(int(min(max(each, 0), width)) for each in (left, right)))
    if rows.stop - rows.start < MIN_BOX_PX or columns.stop - columns.start < MIN_BOX_PX:
        return slice(0, height), slice(0, width)
    return rows, columns


def _window(value: Any, ct_slice: CTSlice) -> Window:
    usual = ct_slice.window or SOFT_TISSUE
    if not isinstance(value, dict):
        return usual
    width, level = value.get("width"), value.get("level")
    if not isinstance(width, int | float) or not isinstance(level, int | float):
        return usual
    return Window(float(width), float(level)) if 1 <= width < 1e5 and abs(level) < 1e5 else usual


def _map_of(
    session: Session, truth: NDArray[np.integer] | None, name: str
) -> tuple[NDArray[np.integer], NDArray[np.uint8]]:
    label_map: NDArray[np.integer]
    if name == TRUTH:
        assert truth is not None
        label_map, hues = numbered(truth), session.truth_hues
    else:
        label_map, hues = session.finished[name].label_map, session.finished[name].hues
    if hues is None:
        hues = (np.arange(int(label_map.max(initial=0)) + 1) % PALETTE_SIZE).astype(np.uint8)
    return label_map, hues


def _painted(
    grey: NDArray[np.uint8], label_map: NDArray[np.integer], hues: NDArray[np.uint8], asked: Mapping[str, Any]
) -> NDArray[np.uint8]:
    opacity = asked.get("opacity")
    share = float(opacity) if isinstance(opacity, int | float) and 0 <= opacity <= 1 else 0.5
    where = label_map > 0
    if asked.get("outlined") is True:
        where, share = outlines(label_map, 2), 1.0
    rgb = np.repeat(grey[..., np.newaxis], 3, axis=2).astype(np.float64)
    hue = colours(PALETTE_SIZE)[hues[label_map] % PALETTE_SIZE]
    rgb[where] += (hue[where] - rgb[where]) * share
    return np.rint(rgb).astype(np.uint8)


def _scaled(image: NDArray[np.uint8], ct_slice: CTSlice) -> NDArray[np.uint8]:
    import cv2

    rows, columns = ct_slice.spacing_mm or (1.0, 1.0)
    height, width = image.shape[0] * rows, image.shape[1] * columns
    factor = PANE_PX / max(height, width)
    size = (max(round(width * factor), 1), max(round(height * factor), 1))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_CUBIC), np.uint8)


def _bar(ct_slice: CTSlice, columns: int, shown_px: int) -> tuple[int, str] | None:
    """Return length in px and words of the bar for columns shown so wide, None without a spacing."""
    if ct_slice.spacing_mm is None:
        return None
    mm_per_px = ct_slice.spacing_mm[1] * columns / shown_px
    length = next((mm for mm in _BARS_MM if mm / mm_per_px <= 0.4 * shown_px), _BARS_MM[-1])
    return max(round(length / mm_per_px), 1), f"{length} mm"


def _score_words(scores: Mapping[str, Any] | None) -> str:
    if not scores:
        return ""
    shown = (("ari", "ari"), ("fg_ari", "fg_ari"), ("best_iou", "best IoU"))
    return ", ".join(f"{words} {scores[key]:.3f}" for key, words in shown if scores.get(key) is not None)


_Panes = list[tuple[str, str, NDArray[np.uint8]]]


def _grid(panes: _Panes) -> tuple[int, int, int]:
    columns = min(len(panes), 3 if len(panes) != 4 else 2)
    height, width = panes[0][2].shape[:2]
    return columns, width + _GAP_PX, height + _CAPTION_PX + _GAP_PX


def _foot_lines(foot: str, width: int) -> list[str]:
    """Break what stands below, so that whom the licence asks to name is read to the end."""
    return textwrap.wrap(foot, max(width // _FOOT_LETTER_PX, 20))


def _as_png(panes: _Panes, bar: tuple[int, str] | None, foot: str) -> bytes:
    columns, wide, high = _grid(panes)
    rows = -(-len(panes) // columns)
    lines = _foot_lines(foot, columns * wide)
    under_panes = rows * high + _GAP_PX
    sheet = Image.new(
        "RGB", (columns * wide + _GAP_PX, under_panes + (len(lines) + 1) * _FOOT_LINE_PX), "white"
    )
    draw = ImageDraw.Draw(sheet)
    title_font, font = ImageFont.load_default(17), ImageFont.load_default(14)
    for k, (title, words, image) in enumerate(panes):
        x, y = _GAP_PX + (k % columns) * wide, _GAP_PX + (k // columns) * high
        draw.text((x, y), title, "black", font=title_font)
        draw.text((x, y + 21), words, "#444444", font=font)
        sheet.paste(Image.fromarray(image), (x, y + _CAPTION_PX))
        if k == 0 and bar is not None:
            under = y + _CAPTION_PX + image.shape[0] - 16
            draw.rectangle((x + 14, under, x + 14 + bar[0], under + 4), "white")
            draw.text((x + 14, under - 20), bar[1], "white", font=font, stroke_width=2, stroke_fill="black")
    for k, line in enumerate(lines):
        place = (_GAP_PX, under_panes + k * _FOOT_LINE_PX)
        draw.text(place, line, "#444444", font=ImageFont.load_default(11))
    data = io.BytesIO()
    sheet.save(data, "PNG")
    return data.getvalue()


def _as_svg(panes: _Panes, bar: tuple[int, str] | None, foot: str) -> bytes:
    columns, wide, high = _grid(panes)
    placed = []
    for k, (title, words, image) in enumerate(panes):
        data = io.BytesIO()
        Image.fromarray(image).save(data, "PNG")
        placed.append(
            {
                "x": _GAP_PX + (k % columns) * wide,
                "y": _GAP_PX + (k // columns) * high,
                "title": title,
                "words": words,
                "width": image.shape[1],
                "height": image.shape[0],
                "png": base64.b64encode(data.getvalue()).decode(),
                "bar": bar if k == 0 else None,
            }
        )
    under_panes = -(-len(panes) // columns) * high + _GAP_PX
    lines = _foot_lines(foot, columns * wide)
    return render(
        "compare",
        "figure.svg",
        width=columns * wide + _GAP_PX,
        height=under_panes + (len(lines) + 1) * _FOOT_LINE_PX,
        panes=placed,
        caption=_CAPTION_PX,
        foot=[(under_panes + (k + 1) * _FOOT_LINE_PX - 4, line) for k, line in enumerate(lines)],
    ).encode()
