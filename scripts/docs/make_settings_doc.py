"""Write docs/settings.md from ctseg/settings.py: ``python scripts/docs/make_settings_doc.py``."""

from pathlib import Path

from ctseg.settings import SETTINGS

TARGET = Path(__file__).resolve().parents[2] / "docs" / "settings.md"

INTRODUCTION = """\
# Settings

<!-- Written by scripts/docs/make_settings_doc.py; change ctseg/settings.py, not this page. -->

Nothing has to be set. These environment variables change where things lie and what is allowed; they are read
when they are needed.

| variable | what it does | if not set |
|---|---|---|
"""


def text() -> str:
    """Return the page."""
    rows = [
        f"| `{setting.name}` | {setting.about} | {setting.unset or f'`{setting.default}`'} |"
        for setting in SETTINGS
    ]
    return INTRODUCTION + "\n".join(rows) + "\n"


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
