"""What the Leaderboard page is made of: tables, sentences, charts, downloads; no browser."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from board_results import HOSTILE, fill, make

from ctseg.leaderboard.boards import BOARDS, BoardError
from ctseg.leaderboard.results.ranking import rank
from ctseg.leaderboard.results.store import save
from ctseg.ui.components.board_view import BoardView, board_or_first, view
from ctseg.ui.components.words import in_few_letters
from ctseg.ui.leaderboard import charts, messages, page
from ctseg.ui.leaderboard.choices import choices
from ctseg.ui.leaderboard.files import board_file, board_rows
from ctseg.ui.leaderboard.images import differences_panel, largest_differences
from ctseg.ui.leaderboard.table import method_columns, styled, tiling_columns

MANY, FEW, EMPTY = BOARDS["phantom-val"], BOARDS["ct-fewshot-val"], BOARDS["ct-fewshot-zeroshot"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of made-up results, where the page looks for them."""
    monkeypatch.setenv("CTSEG_LEADERBOARD", str(tmp_path))
    fill(tmp_path)
    return tmp_path


def _shown(table: Any) -> dict[str, list[str]]:
    """Return what a visitor reads, by column."""
    body = table._compute()._translate(None, None)["body"]
    cells = [[cell["display_value"] for cell in row if cell["type"] == "td"] for row in body]
    return {name: [line[place] for line in cells] for place, name in enumerate(table.data.columns)}


def _bold(table: Any, column: str) -> list[int]:
    place = list(table.data.columns).index(column)
    return [
        row
        for (row, col), style in table._compute().ctx.items()
        if (col == place and ("font-weight", " 700") in style)
        or (col == place and ("font-weight", "700") in style)
    ]


def _methods(shown: BoardView) -> Any:
    rows = [*shown.of_role("method"), *shown.of_role("oracle")]
    return styled(rows, method_columns(shown.patients))


def test_methods_are_ranked_by_ari_and_oracles_stand_below_without_a_rank() -> None:
    table = _shown(_methods(view(MANY)))
    assert table["Rank"] == ["1", "2", "3", "–", "–"]
    assert table["Method"][:3] == ["Good", "Better", "Weak"]
    assert table["Training saw"][0] == "annotated slices, unlabelled images"
    assert table["Training saw"][3] == "the truth"
    assert table["Parameters"][0] == "24.4 M"
    assert table["Date"][0] == "2026-01-02"


def test_cells_sort_by_numbers() -> None:
    values = _methods(view(MANY)).data
    assert values["ari"].tolist()[:3] == sorted(values["ari"].tolist()[:3], reverse=True)
    assert values["Parameters"].tolist()[0] == 24_400_000
    assert values["Rank"].tolist()[:3] == [1, 2, 3]
    assert min(values["Rank"].tolist()[3:]) > 3


def test_the_best_ranked_row_of_each_score_is_bold_and_oracles_never() -> None:
    table = _methods(view(MANY))
    assert _bold(table, "ari") == [0]
    assert _bold(table, "fg_ari") == [1]
    assert _bold(table, "Plain ri") == []


def test_one_row_alone_is_not_bold() -> None:
    rows = rank([make("only", 0.5, 0.5)])
    assert _bold(styled(rows, method_columns(10)), "ari") == []


def test_intervals_and_tiers_need_eight_patients() -> None:
    many, few = _shown(_methods(view(MANY))), _shown(_methods(view(FEW)))
    low, high = (float(text) for text in many["95 % interval"][0].split(" to "))
    assert low < float(many["ari"][0]) < high
    assert many["Tier"][:3] == ["1", "2", "3"]
    assert "Rank 1 is better" not in many
    assert few["Rank 1 is better"] == ["–", "on 5 of 5 patients", "on 5 of 5 patients", "–", "–"]
    assert not {"95 % interval", "Tier"} & few.keys()


def test_full_tilings_are_ranked_apart_by_fg_ari_beside_their_regions() -> None:
    shown = view(MANY)
    table = _shown(styled(shown.of_role("full tiling"), tiling_columns(shown.patients)))
    assert table["Method"] == ["Felzenszwalb", "Watershed"]
    assert table["Regions a slice"] == ["9", "9"]
    assert list(table).index("fg_ari") < list(table).index("ari")
    assert table["s a slice, one core"] == ["0.50", "–"]


@pytest.mark.parametrize(
    ("number", "words"), [(None, "unknown"), (0, "0"), (999, "999"), (93_735_472, "93.7 M")]
)
def test_parameters_in_few_letters(number: int | None, words: str) -> None:
    assert in_few_letters(number) == words


def test_a_new_result_appears_without_a_restart(folder: Path) -> None:
    before = view(MANY)
    assert view(MANY) is before
    save(folder, make("new", 0.9, 0.9))
    assert view(MANY).rows[0].result.entry == "new"


def test_looks_are_told() -> None:
    assert "looked at 3 times" in messages.about(view(MANY))
    assert "looked at 0 times" in messages.about(view(EMPTY))


def test_answers_name_the_best_by_both_indices_and_the_ceiling() -> None:
    told = messages.answers(view(MANY))
    assert "<b>Good</b>, by ari, of 3 methods that leave a background: ari 0.79" in told
    assert "By fg_ari it is <b>Better</b>: 0.7" in told
    assert "A perfect mask, cut into connected regions, gets ari " in told
    assert "nothing here comes within 0.1 of it by both indices" in told
    assert "ranked apart" not in told
    assert "The first method is told apart from all others." in told
    assert "drawn images" in told


def test_answers_claim_nothing_below_eight_patients() -> None:
    told = messages.answers(view(FEW))
    assert "5 patients, which is too few" in told
    assert "told apart" not in told


def test_answers_for_shared_ranks_one_method_and_none(folder: Path) -> None:
    rows = tuple(rank([make("one", 0.5, 0.5), make("one", 0.5, 0.5, title="Twin")]))
    assert "<b>One</b> and <b>Twin</b> share the first rank" in messages.answers(BoardView(MANY, rows, 0))
    assert "cannot be told apart" in messages.answers(BoardView(MANY, rows, 0))
    alone = messages.answers(BoardView(MANY, tuple(rank([make("one", 0.5, 0.5)])), 0))
    assert "<b>One</b> is the only method here that leaves a background: ari 0." in alone
    assert "share" not in alone
    assert "told apart" not in alone
    tilings = tuple(
        rank([make("cut", 0.1, 0.5, role="full tiling"), make("fill", 0.2, 0.3, role="full tiling")])
    )
    told = messages.answers(BoardView(MANY, tilings, 1))
    assert "Nothing here leaves a background. <b>Cut</b>, by fg_ari, of 2 full tilings" in told
    one = messages.answers(BoardView(MANY, tilings[:1], 1))
    assert "<b>Cut</b> is the only full tiling here that fills the picture" in one
    assert "Nothing that could be ranked" in messages.answers(BoardView(MANY, (), 0))


@pytest.mark.parametrize(
    ("tilings", "told"),
    [
        ([(0.3, 0.6), (0.4, 0.7)], "All 2 full tilings below have higher ari <i>and</i> fg_ari"),
        ([(0.3, 0.6), (0.4, 0.1)], "1 of the 2 full tilings below has higher"),
        ([(0.3, 0.6)], "The full tiling below has higher"),
    ],
)
def test_full_tilings_that_beat_the_best_method_are_told(
    tilings: list[tuple[float, float]], told: str
) -> None:
    results = [make(f"cut{n}", *scores, role="full tiling") for n, scores in enumerate(tilings)]
    rows = tuple(rank([make("only", 0.1, 0.3), *results]))
    assert told in messages.answers(BoardView(FEW, rows, 0))


def test_a_row_near_the_perfect_mask_is_named() -> None:
    results = [make("close", 0.95, 0.72), make("far", 0.95, 0.3)]
    rows = tuple(rank([*results, make("oracle-regions", 0.99, 0.75, role="oracle")]))
    assert "within 0.1 of it or above, by both indices: Close." in messages.answers(BoardView(MANY, rows, 0))


def test_an_empty_board_says_what_to_run() -> None:
    note = page._filled(view(EMPTY))[0]
    assert "ctseg evaluate watershed --board ct-fewshot-zeroshot" in note
    assert "<code>CTSEG_DATA</code>" in note
    assert "CTSEG_DATA" not in messages.empty(MANY)
    drawn = page._drawn(EMPTY.name, [], None, None, "ari")
    assert len(drawn) == 6


def test_the_pair_at_first_is_ranked_together_and_so_is_its_score() -> None:
    methods = [make("one", 0.5, 0.5), make("two", 0.4, 0.6)]
    tilings = [make("cut", 0.1, 0.5, role="full tiling"), make("fill", 0.2, 0.4, role="full tiling")]
    oracle = make("oracle-mask", 0.9, 0.1, role="oracle")
    for results, pair, index in (
        ([*methods, *tilings], methods, "ari"),
        ([methods[0], *tilings, oracle], tilings, "fg_ari"),
        ([methods[0], tilings[0]], [methods[0], tilings[0]], "ari"),
        ([oracle], [oracle], "ari"),
    ):
        chosen = choices(BoardView(MANY, tuple(rank(results)), 0))
        assert [key for key in chosen[2] if key] == [each.predictions_sha256 for each in pair]
        assert chosen[3] == index
    assert choices(BoardView(MANY, (), 0)) == ([], [], [None, None], "ari")


def test_text_from_results_is_escaped_everywhere(folder: Path) -> None:
    bad = make("bad", 0.95, 0.95, title=HOSTILE, images=tuple([HOSTILE] + [f"{n}" for n in range(19)]))
    good = view(MANY).rows[0].result
    shown = BoardView(MANY, tuple(rank([bad, good])), 0)
    for html in (messages.answers(shown), differences_panel(MANY, bad, good, "ari")):
        assert "<img" not in html
        assert "&lt;img" in html
    figures = [
        charts.means_chart(shown.rows, "ari"),
        charts.both_indices_chart(shown.rows),
        charts.distribution_chart(shown.results, "ari"),
    ]
    assert not [figure for figure in figures if "<img" in str(figure.to_plotly_json())]


def test_the_report_has_no_ranks_and_says_why() -> None:
    panel = messages.report_panel()
    assert "not comparable" in panel
    assert "0.861" in panel
    assert "0.74" in panel
    assert "Rank" not in panel


def test_means_have_intervals_from_eight_patients_and_dots_below() -> None:
    many = charts.means_chart(view(MANY).rows, "ari").data
    few = charts.means_chart(view(FEW).rows, "ari").data
    assert all(trace.error_x.array is not None for trace in many)
    assert len(many) == 7
    dots = [trace for trace in few if len(trace.x) == 5]
    assert len(dots) == 7
    assert all(trace.error_x.array is None for trace in few)


def test_a_missing_mean_leaves_its_line_out() -> None:
    result = make("none", 0.5, 0.5)
    gone = make("gone", 0.5, 0.5, means=result.means | {"fg_ari": None})
    assert len(charts.means_chart(rank([result, gone]), "fg_ari").data) == 1


def test_both_indices_have_their_ceilings() -> None:
    figure = charts.both_indices_chart(view(MANY).rows)
    assert len(figure.layout.shapes) == 2
    mask = next(row.result for row in view(MANY).rows if row.result.entry == "oracle-regions")
    assert (
        figure.layout.shapes[0].y0 == mask.means["fg_ari"]
        or figure.layout.shapes[1].y0 == mask.means["fg_ari"]
    )


def test_full_tilings_are_named_in_the_legend() -> None:
    figure = charts.tilings_chart(view(MANY).rows)
    assert [trace.name for trace in figure.data] == ["Felzenszwalb", "Watershed"]
    assert {trace.mode for trace in figure.data} == {"markers"}
    # A row keeps its colour from chart to chart.
    both = {trace.name: trace.marker.color for trace in charts.both_indices_chart(view(MANY).rows).data}
    assert [trace.marker.color for trace in figure.data] == [both["Felzenszwalb"], both["Watershed"]]
    assert figure.layout.showlegend


def test_distribution_holds_every_image() -> None:
    results = view(MANY).results[:2]
    figure = charts.distribution_chart(results, "panoptic_quality")
    assert [len(trace.x) for trace in figure.data] == [20, 20]
    assert "Panoptic quality" in figure.layout.title.text
    assert charts.distribution_chart([], "ari").data == ()


def test_equal_titles_get_lines_of_their_own() -> None:
    figure = charts.distribution_chart(
        [make("a", 0.5, 0.5, title="Same"), make("b", 0.6, 0.5, title="Same")], "ari"
    )
    assert len({trace.name for trace in figure.data}) == 2


def test_largest_differences_come_first_and_missing_scores_are_left_out() -> None:
    first, second = make("first", 0.5, 0.5), make("second", 0.9, 0.5)
    found = largest_differences(first, second, "ari", 20)
    distance = [abs(each.first - each.second) for each in found]
    assert distance == sorted(distance, reverse=True)
    assert len(found) == 20
    assert "0.png" not in [each.image for each in largest_differences(first, second, "panoptic_quality", 20)]
    assert largest_differences(first, first, "ari") == []


def test_images_open_on_compare_only_where_they_may_be_shown() -> None:
    rows = view(MANY).results
    assert '<a href="/?board=phantom-val&amp;image=' in differences_panel(MANY, rows[0], rows[1], "ari")
    few = view(FEW).results
    told = differences_panel(FEW, few[0], few[1], "ari")
    assert "<a " not in told
    assert "may not be redistributed" in told
    assert "Choose two different" in differences_panel(FEW, few[0], few[0], "ari")
    same = make("same", 0.1, 0.2, scores=few[0].scores, images=few[0].images, patients=few[0].patients)
    assert "the same on every image" in differences_panel(FEW, few[0], same, "ari")


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
    assert page.wanted_file("ct-fewshot-val json")["name"] == "ct-fewshot-val.json"
    assert page.wanted_file(["../etc", 3])["name"] == "phantom-val.csv"


def test_programs_get_rows_or_a_sentence() -> None:
    import gradio as gr

    assert page.board_api("phantom-val")[0]["entry"] == "good"
    with pytest.raises(gr.Error, match="There is no board"):
        page.board_api("nonsense")


def test_an_address_with_an_unknown_board_opens_the_first_with_results() -> None:
    assert board_or_first("ct-fewshot-val") is FEW
    assert board_or_first("<script>") is MANY
    assert board_or_first(None) is MANY


def test_changing_the_board_changes_every_part() -> None:
    shown = page._on_board(FEW.name)
    offered = shown[-3].choices
    assert [title for title, _ in offered][:2] == ["Good", "Better"]
    drawn = page._drawn(FEW.name, [offered[0][1]], offered[0][1], offered[1][1], "ari")
    assert "Good" in drawn[-1]
    assert np.asarray(drawn[4].data[0].x).size == 10
    # A row of another board is not found, rather than shown under the wrong board.
    other = view(MANY).results[0].predictions_sha256
    assert page._spread(FEW.name, [other], "ari").data == ()
