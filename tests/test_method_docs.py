"""The pages of the methods and the README say what the cards and the committed results say."""

import runpy
from pathlib import Path

from ctseg.methods import METHODS

ROOT = Path(__file__).resolve().parents[1]


def test_pages_are_up_to_date() -> None:
    page = runpy.run_path(str(ROOT / "scripts" / "make_method_docs.py"))["page"]
    pages = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "methods").glob("*.md")}
    assert pages == {name: page(card) for name, card in METHODS.items()}


def test_the_readme_has_the_committed_scores() -> None:
    filled = runpy.run_path(str(ROOT / "scripts" / "make_readme_doc_scores.py"))["filled"]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "<!-- end of scores -->" in readme
    assert filled(readme) == readme
