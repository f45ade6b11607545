"""Jinja2 templates that lie beside each page; whatever is put into one is escaped."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ctseg.ui.components.words import counted, decimals


@cache
def _environment() -> Environment:
    environment = Environment(
        # The pages, and what is published without a server.
        loader=FileSystemLoader([Path(__file__).resolve().parents[depth] for depth in (1, 2)]),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"score": decimals, "counted": counted}
    return environment


def render(part: str, name: str, **values: Any) -> str:
    """Return ``<part>/templates/<name>.html`` in ``ctseg/ui``, or in ``ctseg``, filled with values.

    Text in ``values`` is escaped wherever it came from; only a ``markupsafe.Markup`` stays markup.

    Raises
    ------
    jinja2.UndefinedError
        If the template names what it was not given.
    """
    return _environment().get_template(f"{part}/templates/{name}.html").render(values).strip()
