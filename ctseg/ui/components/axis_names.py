"""Names of methods and entries as they stand at the axes of charts."""

import textwrap
from collections.abc import Iterable

_LINE_LETTERS = 22


def axis_names(titles: Iterable[str]) -> list[str]:
    """Return names of at most two short lines that differ: equal ones would share a place on an axis."""
    names: list[str] = []
    for title in titles:
        lines = textwrap.wrap(title, _LINE_LETTERS, max_lines=2, placeholder=" …")
        name = "<br>".join(plain(line) for line in lines)
        names.append(name if name not in names else f"{name} ({len(names) + 1})")
    return names


def plain(text: str) -> str:
    """Return text that plotly does not read as markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
