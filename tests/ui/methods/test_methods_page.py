"""The Methods page: every card in full, planned ones marked, scores of every board, everything escaped."""

from dataclasses import replace
from pathlib import Path

import pytest
from board_results import HOSTILE, fill

from ctseg.leaderboard.boards import BOARDS
from ctseg.leaderboard.results.ranking import Row
from ctseg.methods import CARDS
from ctseg.methods.base import registry
from ctseg.ui.components.board_view import view
from ctseg.ui.components.defaults import PRESELECTED
from ctseg.ui.methods.page import by_family, method_article, methods_html, scored_on

WATERSHED = CARDS["watershed"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of made-up results, where the page looks for them."""
    monkeypatch.setenv("CTSEG_LEADERBOARD", str(tmp_path))
    fill(tmp_path)
    return tmp_path


def _rows(board: str) -> dict[str, dict[str, Row]]:
    return {board: {row.result.entry: row for row in view(BOARDS[board]).rows}}


def test_every_method_has_an_article_and_planned_ones_are_marked_and_last() -> None:
    registry.add(replace(WATERSHED, name="a-plan", trained=False), lambda: registry.load("watershed"))
    try:
        page = methods_html()
    finally:
        registry.remove("a-plan")
    assert page.count("<article") == len(CARDS) + 1
    assert page.count('class="md-badge">not trained yet') == 1
    assert page.count('class="md-card md-planned"') == 1
    assert page.count("<details><summary>") == 1
    family = page[page.index('id="watershed"') : page.index("</section>")]
    assert family.rindex('class="md-card"') < family.index('class="md-card md-planned"')


def test_methods_stand_by_family_and_those_most_asked_for_first() -> None:
    families = dict(by_family(list(CARDS.values())))
    assert list(families)[:1] == ["classical"]
    assert sum(map(len, families.values())) == len(CARDS)
    for family, cards in families.items():
        assert {card.family for card in cards} == {family}
        asked_for = [card.name in PRESELECTED for card in cards]
        assert asked_for == sorted(asked_for, reverse=True)
    page = methods_html()
    places = [page.index(f'<h2 class="md-heading">{family.capitalize()}') for family in families]
    assert places == sorted(places)


def test_a_family_that_nobody_knows_has_its_place() -> None:
    other = replace(WATERSHED, name="other", family="of tomorrow")  # type: ignore[arg-type]
    assert [family for family, _ in by_family([WATERSHED, other])] == ["classical", "of tomorrow"]


def test_an_article_says_what_its_card_says() -> None:
    article = method_article(WATERSHED, [])
    for text in (WATERSHED.title, WATERSHED.summary, WATERSHED.training_data, WATERSHED.weights_licence):
        assert text in article
    for failure in WATERSHED.known_failures:
        assert failure in article
    assert f'href="{WATERSHED.paper_url}"' in article
    assert "window 400/40" in article
    assert f"<dt>Time, two cores</dt><dd>{WATERSHED.seconds:g} s for a slice of 512x512" in article
    assert "Not scored on any board yet." in article


def test_scores_stand_with_every_board_that_has_them() -> None:
    page = methods_html()
    assert '<a href="/leaderboard?board=phantom-val&amp;method=watershed">' in page
    assert '<a href="/leaderboard?board=ct-fewshot-val&amp;method=watershed">' in page
    scored = scored_on(WATERSHED, _rows("phantom-val"))
    article = method_article(WATERSHED, scored)
    assert "2 by fg_ari" in article
    assert ">Seconds</th>" in article
    assert "<details>" not in article
    assert scored[0].scores[0] in article


def test_few_patients_are_marked() -> None:
    scored = scored_on(WATERSHED, _rows("ct-fewshot-val"))
    assert "Too few for intervals" in method_article(WATERSHED, scored)


def test_texts_of_a_strangers_card_are_escaped_and_bad_links_are_no_links() -> None:
    bad = replace(
        WATERSHED,
        name=HOSTILE,
        title=HOSTILE,
        summary=HOSTILE,
        paper=HOSTILE,
        paper_url="javascript:alert(1)",
        weights=(HOSTILE,),
        weights_licence=HOSTILE,
        training_data=HOSTILE,
        known_failures=(HOSTILE,),
    )
    article = method_article(bad, [])
    assert "<img" not in article
    assert "javascript:" not in article
    assert article.count("&lt;img") >= 8


def test_what_is_not_known_is_said() -> None:
    article = method_article(
        replace(
            WATERSHED,
            paper="",
            paper_url="",
            seconds=0,
            known_failures=(),
            handles_unknown_window=False,
            trained=False,
        ),
        [],
    )
    assert "not measured yet" in article
    assert "None written down yet." in article
    assert "8-bit images as they are, best in a window like that one" in article
    assert "Scores" not in article
