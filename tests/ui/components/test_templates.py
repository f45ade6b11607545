"""Templates escape whatever they are given, and none is shown with a gap."""

from pathlib import Path

import jinja2
import pytest

import ctseg.ui
from ctseg.ui.components.display import marks_style
from ctseg.ui.components.notices import notice, remark
from ctseg.ui.components.templates import render

HOSTILE = "<img src=x onerror=alert(1)>"


def test_text_is_escaped() -> None:
    for html in (notice(HOSTILE), remark(HOSTILE)):
        assert "<img" not in html
        assert "&lt;img" in html
    assert notice("") == remark("") == ""


def test_a_value_that_is_missing_is_an_error_and_no_gap() -> None:
    with pytest.raises(jinja2.UndefinedError):
        render("components", "notice")


def test_no_page_but_compare_escapes_by_hand() -> None:
    """Markup stands in templates; a module that escapes writes it itself."""
    modules = [path for path in Path(ctseg.ui.__file__).parent.rglob("*.py") if "compare" not in path.parts]
    assert len(modules) > 20
    assert [path.name for path in modules if "html import escape" in path.read_text(encoding="utf-8")] == []


def test_styles_get_the_colours_of_faults_from_python() -> None:
    assert "--ct-merged: rgb(240, 160, 30);" in marks_style()
