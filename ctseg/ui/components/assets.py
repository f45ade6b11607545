"""Scripts and styles of the pages, read from this package; nothing comes from elsewhere."""

from importlib.resources import files


def read_asset(part: str, name: str) -> str:
    """Return the text of a file in ``ctseg/ui/<part>/static``."""
    return (files(f"ctseg.ui.{part}") / "static" / name).read_text(encoding="utf-8")
