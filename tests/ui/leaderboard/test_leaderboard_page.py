"""The Leaderboard page's events: what an address asks for, another board, downloads, calls of programs."""

import csv
import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
from board_results import fill, make

from ctseg.leaderboard.boards import BOARDS, BoardError
from ctseg.leaderboard.results.published_scores import REPORTED
from ctseg.leaderboard.results.store import save
from ctseg.ui.components.board_view import view
from ctseg.ui.components.templates import render
from ctseg.ui.leaderboard import page as leaderboard
from ctseg.ui.leaderboard.files import board_file, board_rows

MANY, FEW, EMPTY = BOARDS["phantom-val"], BOARDS["ct-fewshot-val"], BOARDS["ct-fewshot-zeroshot"]
pytestmark = pytest.mark.usefixtures("folder")


@pytest.fixture
def page() -> leaderboard.LeaderboardPage:
    """The page, laid out but not served."""
    with gr.Blocks() as pages:
        return leaderboard.leaderboard_page(pages)


def _loaded(page: leaderboard.LeaderboardPage, **query: str) -> dict[Any, Any]:
    return page.on_load(SimpleNamespace(query_params=query))  # type: ignore[arg-type]


def test_looks_are_counted() -> None:
    assert "evaluated by us 3 times" in leaderboard.about_html(view(MANY))
    assert "evaluated by us 0 times" in leaderboard.about_html(view(EMPTY))


def test_the_phantom_is_practice_and_says_why_a_threshold_does_well_there() -> None:
    assert "practice" in MANY.title
    assert "a threshold such as Multi-Otsu does well here" in leaderboard.about_html(view(MANY))
    assert "threshold" not in leaderboard.about_html(view(FEW))


def test_the_page_opens_on_ct_abdomen(page: leaderboard.LeaderboardPage) -> None:
    update = _loaded(page)
    assert update[page.board].value == FEW.name
    assert page.board.value == FEW.name
    assert _loaded(page, board="<script>")[page.board].value == FEW.name


def test_an_address_names_board_score_and_method(page: leaderboard.LeaderboardPage) -> None:
    update = _loaded(page, board=MANY.name, score="fg_ari", method="weak")
    assert update[page.board].value == MANY.name
    assert update[page.score].value == "fg_ari"
    assert 'data-key="fg_ari" aria-sort="descending"' in update[page.table]
    assert 'data-card="weak"><td' in update[page.table]
    odd = _loaded(page, board=MANY.name, score="<script>", method="<script>")
    assert "<script>" not in odd[page.table]
    assert "aria-sort" not in odd[page.table]


def test_another_board_changes_every_part(page: leaderboard.LeaderboardPage) -> None:
    update = page.on_board(FEW.name)
    offered = update[page.picked].choices
    assert [title for title, _ in offered][:2] == ["Good", "Better"]
    assert "5 patients, which is too few" in update[page.answers]
    drawn = page.on_choice(FEW.name, "ari", [offered[0][1]], offered[0][1], offered[1][1])
    assert "Good" in drawn[page.differences]
    assert drawn[page.spread].count("bd-s-dot") == 10
    # A row of another board is not found, rather than shown under the wrong board.
    other = view(MANY).results[0].predictions_sha256
    assert page.on_choice(FEW.name, "ari", [other], None, None)[page.spread] == ""


def test_an_empty_board_draws_nothing(page: leaderboard.LeaderboardPage) -> None:
    update = page.on_board(EMPTY.name)
    assert not update[page.images].visible
    assert not update[page.score].visible
    assert set(page.on_choice(EMPTY.name, "ari", [], None, None).values()) == {""}


def test_a_new_result_appears_without_a_restart(folder: Path) -> None:
    before = view(MANY)
    assert view(MANY) is before
    save(folder, make("new", 0.9, 0.9))
    assert view(MANY).rows[0].result.entry == "new"


def test_the_report_has_no_ranks_and_says_why() -> None:
    panel = render("leaderboard", "report", reported=REPORTED)
    assert "not comparable" in panel
    assert "0.861" in panel
    assert "0.74" in panel
    assert "Rank" not in panel


def test_downloads_hold_the_board(folder: Path) -> None:
    save(folder, make("formula", 0.3, 0.3, title="=1+1"))
    table = board_file("phantom-val", "csv")
    rows = list(csv.DictReader(io.StringIO(table["text"])))
    assert [row["entry"] for row in rows] == [row["entry"] for row in board_rows("phantom-val")]
    assert "'=1+1" in [row["title"] for row in rows]
    assert json.loads(board_file("phantom-val", "json")["text"]) == board_rows("phantom-val")
    images = list(csv.DictReader(io.StringIO(board_file("phantom-val", "images")["text"])))
    assert len(images) == 8 * 20
    assert images[0]["panoptic_quality"] == ""
    assert board_file(EMPTY.name, "images")["text"] == "entry,image,patient\n"
    with pytest.raises(BoardError, match="There is no board"):
        board_file("../secret", "csv")


def test_buttons_get_a_file_of_a_board_whatever_is_asked() -> None:
    assert leaderboard.wanted_file("ct-fewshot-val json")["name"] == "ct-fewshot-val.json"
    assert leaderboard.wanted_file(["../etc", 3])["name"] == "ct-fewshot-val.csv"


def test_programs_get_rows_or_a_sentence() -> None:
    assert leaderboard.board_api("phantom-val")[0]["entry"] == "good"
    with pytest.raises(gr.Error, match="There is no board"):
        leaderboard.board_api("nonsense")


def test_without_results_for_ct_abdomen_the_first_board_that_has_some_opens(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ctseg.ui.components.board_view import board_or_first

    other = tmp_path_factory.mktemp("other")
    monkeypatch.setenv("CTSEG_LEADERBOARD", str(other))
    assert board_or_first(None) is FEW
    save(other, make("only", 0.5, 0.5))
    assert board_or_first(None) is MANY
    fill(other)
    assert board_or_first(None) is FEW
