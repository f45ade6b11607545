"""The table of a board: groups, the best in bold, cards, names that differ, and that text is only text."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from board_results import HOSTILE, make

from ctseg.leaderboard.boards import BOARDS
from ctseg.leaderboard.results.ranking import rank
from ctseg.metrics.catalogue import CATALOGUE, TABLED
from ctseg.ui.components.board_view import BoardView, view
from ctseg.ui.leaderboard.columns import columns, meter_of
from ctseg.ui.leaderboard.table import legend_html, sorted_rows, table_html

MANY, FEW, EMPTY = BOARDS["phantom-val"], BOARDS["ct-fewshot-val"], BOARDS["ct-fewshot-zeroshot"]
pytestmark = pytest.mark.usefixtures("folder")


class _Cells(HTMLParser):
    """Reads a table back: for each row its group and the text of its cells by column."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[dict[str, str]] = []
        self.bold: set[tuple[int, str]] = set()
        self._role, self._column = "", ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        classes = (given.get("class") or "").split()
        if tag == "tbody":
            self._role = given["data-role"] or ""
        elif tag == "tr":
            self._column = ""
            if "bd-row" in classes:
                self.rows.append({"role": self._role, "entry": given["data-entry"] or ""})
        elif tag in ("td", "th"):
            named = [each.removeprefix("bd-c-") for each in classes if each.startswith("bd-c-")]
            self._column = named[0] if named and self.rows and not given.get("data-key") else ""
            if "bd-best" in classes:
                self.bold.add((len(self.rows) - 1, self._column))

    def handle_data(self, data: str) -> None:
        if self._column and data.strip():
            row = self.rows[-1]
            row[self._column] = f"{row.get(self._column, '')} {data.strip()}".strip()


def _read(shown: BoardView, sort: str = "") -> _Cells:
    cells = _Cells()
    cells.feed(table_html(shown, sort))
    return cells


def _of(cells: _Cells, role: str, column: str) -> list[str]:
    return [row[column] for row in cells.rows if row["role"] == role]


def test_methods_are_ranked_by_ari_and_oracles_stand_below_without_a_rank() -> None:
    cells = _read(view(MANY))
    assert _of(cells, "method", "rank") == ["1", "2", "3"]
    assert [name.split()[0] for name in _of(cells, "method", "method")] == ["Good", "Better", "Weak"]
    assert _of(cells, "oracle", "rank") == ["–", "–"]
    assert _of(cells, "method", "saw")[0] == "annotated slices, unlabelled images"
    assert _of(cells, "oracle", "saw")[0] == "the truth"
    assert _of(cells, "method", "parameters")[0] == "24.4 M"
    assert _of(cells, "method", "date")[0] == "2026-01-02"
    assert [row["role"] for row in cells.rows] == ["method"] * 3 + ["full tiling"] * 2 + ["oracle"] * 2


def test_full_tilings_are_ranked_apart_by_fg_ari() -> None:
    cells = _read(view(MANY))
    assert _of(cells, "full tiling", "rank") == ["1", "2"]
    assert _of(cells, "full tiling", "method")[0].startswith("Felzenszwalb")
    assert _of(cells, "full tiling", "structures_predicted") == ["9.0", "9.0"]
    assert _of(cells, "full tiling", "seconds") == ["0.50", "–"]


@pytest.mark.parametrize("key", ["ari", "fg_ari", "split", "method", "seconds", "date"])
def test_sorting_keeps_the_groups_apart_and_rows_without_a_value_last(key: str) -> None:
    by = next(column for column in columns() if column.key == key)
    cells = _read(view(MANY), key)
    assert [row["role"] for row in cells.rows] == ["method"] * 3 + ["full tiling"] * 2 + ["oracle"] * 2
    for role in ("method", "full tiling"):
        values = [by.cell(row).sort for row in sorted_rows(view(MANY).of_role(role), by)]
        there = [value for value in values if value is not None]
        assert values[: len(there)] == there
        assert there == sorted(there, reverse=by.descending)  # type: ignore[type-var]


def test_the_best_ranked_row_of_each_score_is_bold_and_oracles_never() -> None:
    cells = _read(view(MANY))
    bold = {(cells.rows[row]["entry"], column) for row, column in cells.bold}
    assert ("good", "ari") in bold
    assert ("better", "fg_ari") in bold
    assert not [entry for entry, _ in bold if entry.startswith("oracle")]
    assert not [column for _, column in bold if column == "ri"]


def test_a_board_whose_truth_is_not_here_says_so_beside_the_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CTSEG_DATA", str(tmp_path / "nothing"))
    assert "Not scored here" in table_html(view(FEW))
    assert "Not scored here" not in table_html(view(MANY))


def test_one_row_alone_is_not_bold() -> None:
    assert _read(BoardView(MANY, tuple(rank([make("only", 0.5, 0.5)])), 0)).bold == set()


def test_intervals_and_tiers_need_eight_patients_and_dots_stand_below() -> None:
    many, few = view(MANY), view(FEW)
    high_and_low = _of(_read(many), "method", "interval")[0].split(" to ")
    assert float(high_and_low[0]) < float(_of(_read(many), "method", "ari")[0]) < float(high_and_low[1])
    assert _of(_read(many), "method", "tier") == ["1", "2", "3"]
    assert "interval" not in _read(few).rows[0]
    assert _of(_read(few), "method", "better_on") == ["is rank 1", *["on 5 of 5 patients"] * 2]
    of_many, of_few = (meter_of(shown.rows[0], "ari") for shown in (many, few))
    assert of_many is not None
    assert of_few is not None
    assert (of_many.interval is None, of_many.patients) == (False, ())
    assert (of_few.interval, len(of_few.patients)) == (None, 5)


def test_all_scores_of_tables_are_columns_and_each_is_explained() -> None:
    keys = [column.key for column in columns()]
    assert [column.key for column in columns() if column.first] == [
        "rank",
        "method",
        "ari",
        "fg_ari",
        "best_iou",
        "seconds",
    ]
    assert set(TABLED) <= set(keys)
    assert len(set(keys)) == len(keys)
    legend = legend_html()
    for column in columns():
        assert f"<dt>{column.title}</dt>" in legend
    assert CATALOGUE["fg_ari"].explanation in legend


def test_a_result_of_older_code_without_a_score_shows_a_dash() -> None:
    known = make("old", 0.5, 0.5)
    means = {key: value for key, value in known.means.items() if key != "best_iou"}
    scores = tuple({key: value for key, value in each.items() if key != "best_iou"} for each in known.scores)
    old = make("old", 0.5, 0.5, means=means, scores=scores)
    cells = _read(BoardView(MANY, tuple(rank([old, make("new", 0.4, 0.4)])), 0))
    assert _of(cells, "method", "best_iou")[0] == "–"


def test_nothing_that_rounds_to_zero_has_a_minus_sign() -> None:
    result = make("zero", 0.5, 0.5, means=make("x", 0, 0).means | {"ari": -1e-5})
    cells = _read(BoardView(MANY, tuple(rank([result])), 0))
    assert _of(cells, "method", "ari") == ["0.000"]


def test_a_card_opens_by_its_address_and_names_the_methods_page() -> None:
    html = table_html(view(MANY), opened="watershed")
    assert len(re.findall(r'class="bd-open" data-card="[^"]*"(?! hidden)', html)) == 1
    assert 'href="/methods#watershed"' in html
    assert "ctseg segment slice.dcm --method watershed" in html
    assert 'href="/leaderboard?board=phantom-val&amp;method=watershed"' in html
    assert html.count('aria-expanded="true"') == 1
    # On boards whose images may be shown: the best, a typical and the worst slice.
    assert html.count("/boards/phantom-val/thumbnails/") == 3 * len(view(MANY).rows)
    assert "thumbnails" not in table_html(view(FEW))


def test_search_knows_names_of_page_and_command_line() -> None:
    result = make("unet-tvmf", 0.5, 0.5, title="U-Net, adaptive t-vMF Dice")
    html = table_html(BoardView(MANY, tuple(rank([result])), 0))
    searched = re.findall(r'data-search="([^"]*)"', html)[0]
    for word in ("unet-tvmf", "u-net, adaptive", "supervised", "verified by us"):
        assert word in searched


def test_text_from_results_is_escaped() -> None:
    bad = make("bad", 0.95, 0.95, title=HOSTILE, family=HOSTILE, link="javascript:alert(1)", warning=HOSTILE)
    html = table_html(BoardView(MANY, tuple(rank([bad])), 0))
    assert "<img src=x" not in html
    assert "&lt;img" in html
    assert "javascript:" not in html


def test_an_empty_board_says_what_to_run() -> None:
    html = table_html(view(EMPTY))
    assert "ctseg evaluate watershed --board ct-fewshot-zeroshot" in html
    assert "<code>CTSEG_DATA</code>" in html
    assert "CTSEG_DATA" not in table_html(BoardView(MANY, (), 0))
