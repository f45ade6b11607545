"""Scripts and styles of the pages, read from this package; nothing comes from elsewhere."""

from importlib.resources import files

VIEWER_SCRIPTS = ("pixels.js", "dom.js", "panel.js", "table.js", "toolbar.js", "viewer.js")


def read_asset(part: str, name: str) -> str:
    """Return the text of a file in ``ctseg/ui/<part>/static``."""
    return (files(f"ctseg.ui.{part}") / "static" / name).read_text(encoding="utf-8")


def viewer_script() -> str:
    """Return the scripts of the viewer in the order in which they use each other."""
    return "\n".join(read_asset("compare", name) for name in VIEWER_SCRIPTS)
