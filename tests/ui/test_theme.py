"""Text of the theme can be read: WCAG 2.2's contrast of at least 4.5:1, light and dark."""

import pytest

from ctseg.ui.theme import theme

THEME = theme()


def _colour(name: str) -> str:
    """The hexadecimal value of one of the theme's variables, or of what it refers to."""
    value = str(getattr(THEME, name))
    while value.startswith("*"):
        value = str(getattr(THEME, value[1:]))
    return {"white": "#ffffff", "black": "#000000"}.get(value, value)


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    darker, lighter = sorted([_luminance(_colour(one)), _luminance(_colour(other))])
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("mode", ["", "_dark"])
@pytest.mark.parametrize("text", ["body_text_color", "body_text_color_subdued"])
@pytest.mark.parametrize(
    "fill", ["body_background_fill", "block_background_fill", "background_fill_secondary"]
)
def test_text_stands_out_from_what_it_stands_on(mode: str, text: str, fill: str) -> None:
    assert _contrast(text + mode, fill + mode) >= 4.5


@pytest.mark.parametrize("mode", ["", "_dark"])
def test_buttons_can_be_read(mode: str) -> None:
    assert _contrast("button_primary_text_color", f"button_primary_background_fill{mode}") >= 4.5
