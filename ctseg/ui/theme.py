"""How the pages look: calm, in the system's own fonts, light and dark."""

from gradio.themes import Base, Color

_SLATE = Color(
    "#f7f9fb",
    "#eff2f6",
    "#e2e8ef",
    "#cbd4df",
    "#9aa7b8",
    "#5a687c",
    "#4a586b",
    "#364153",
    "#212a38",
    "#151c27",
    "#0e131b",
)
_TEAL = Color(
    "#eefafa",
    "#d3f1f1",
    "#a9e3e4",
    "#72cdd0",
    "#37aeb4",
    "#17929a",
    "#0b7680",
    "#0a5f68",
    "#0d4d55",
    "#103f46",
    "#062a30",
)
# Written as CSS below: Gradio puts quotes around names, and "system-ui" in quotes is no keyword any more.
_FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif"
_MONOSPACE = "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace"


def theme() -> Base:
    """Return the theme; it names system fonts only, so that no page asks another server for one."""
    made = Base(
        primary_hue=_TEAL,
        secondary_hue=_TEAL,
        neutral_hue=_SLATE,
        font="sans-serif",
        font_mono="monospace",
        text_size="md",
        radius_size="md",
        spacing_size="md",
    ).set(
        body_background_fill="*neutral_50",
        body_background_fill_dark="*neutral_950",
        body_text_color_subdued="*neutral_500",
        body_text_color_subdued_dark="*neutral_400",
        block_background_fill="white",
        block_background_fill_dark="*neutral_900",
        block_border_color="*neutral_200",
        block_border_color_dark="*neutral_800",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_dark="*primary_600",
        button_primary_text_color="white",
        block_label_text_color="*neutral_600",
        button_large_text_weight="600",
    )
    made.font = _FONTS
    made.font_mono = _MONOSPACE
    return made
