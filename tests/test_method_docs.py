"""The pages of the methods and the README say what the cards and the committed results say."""

import runpy
from pathlib import Path

from ctseg.leaderboard.store import built_in_folder, load_results
from ctseg.methods import METHODS

ROOT = Path(__file__).resolve().parents[1]


def test_pages_are_up_to_date() -> None:
    page = runpy.run_path(str(ROOT / "scripts" / "make_method_docs.py"))["page"]
    pages = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "methods").glob("*.md")}
    assert pages == {name: page(card) for name, card in METHODS.items()}


def test_every_method_on_the_phantom_board_shows_where_it_fails() -> None:
    pictures = {path.stem for path in (ROOT / "ctseg" / "methods" / "pictures").glob("*.png")}
    shown = {result.entry for result in load_results(built_in_folder(), "phantom-val")}
    assert pictures == shown & set(METHODS)


def test_the_readme_has_the_committed_scores() -> None:
    filled = runpy.run_path(str(ROOT / "scripts" / "make_readme_doc_scores.py"))["filled"]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "<!-- end of scores -->" in readme
    assert filled(readme) == readme
