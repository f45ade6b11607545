"""The pages of the methods and the README say what the cards and the committed results say."""

import runpy
from pathlib import Path

import pytest

from ctseg.leaderboard.folders import built_in_folder
from ctseg.leaderboard.results.store import load_results
from ctseg.methods import CARDS

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.thorough
def test_pages_are_up_to_date() -> None:
    page = runpy.run_path(str(ROOT / "scripts" / "docs" / "make_method_docs.py"))["page"]
    pages = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "methods").glob("*.md")}
    assert pages == {name: page(card) for name, card in CARDS.items()}


def test_every_method_on_the_phantom_board_shows_where_it_fails() -> None:
    images = {path.stem for path in (ROOT / "ctseg" / "methods" / "images").glob("*.png")}
    shown = {result.entry for result in load_results(built_in_folder(), "phantom-val")}
    assert images == shown & set(CARDS)


def test_the_readme_has_the_committed_scores() -> None:
    filled = runpy.run_path(str(ROOT / "scripts" / "docs" / "make_readme_doc_scores.py"))["filled"]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "<!-- end of scores -->" in readme
    assert filled(readme) == readme


def test_the_ablation_page_has_the_committed_scores() -> None:
    page = runpy.run_path(str(ROOT / "scripts" / "docs" / "make_ablation_doc.py"))["page"]
    docs = ROOT / "docs"
    assert page(docs / "ablation.csv") == (docs / "ablation.md").read_text(encoding="utf-8")


def test_a_spread_is_shown_only_over_the_same_slices(tmp_path: Path) -> None:
    page = runpy.run_path(str(ROOT / "scripts" / "docs" / "make_ablation_doc.py"))["page"]
    table = tmp_path / "ablation.csv"
    lines = ["row,fold,seed,patient,image,ari,fg_ari,dice"]
    lines += [f"tvmf,{fold},0,P{fold},{fold}.png,0.{fold}5,0.5,0.5" for fold in range(4)]
    lines += ["tvmf,0,1,P0,0.png,0.15,0.4,0.5", "dice,0,0,P0,0.png,0.1,0.1,0.1"]
    table.write_text("\n".join(lines) + "\n")
    text = page(table)
    assert "| `tvmf` | 0, 1 | 0.050 / 0.150 | 0.500 / 0.400 | 0.500 / 0.500 |" in text
    assert "| `dice` | 0" not in text
