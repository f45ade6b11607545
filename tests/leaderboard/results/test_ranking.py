"""Ranks, ties and tiers, and the rows that the page, the command and the downloads share."""

import csv
import io
from typing import Any

import numpy as np

from ctseg.leaderboard.results.ranking import rank
from ctseg.leaderboard.results.table import TABLE_COLUMNS, table
from ctseg.spreadsheet import to_csv


def test_ties_share_a_rank_and_oracles_have_none(make_result: Any) -> None:
    rows = rank(
        [
            make_result("c", [0.2, 0.4]),
            make_result("a", [0.5, 0.7]),
            make_result("b", [0.7, 0.5]),
            make_result("truth", [1.0, 1.0], role="oracle"),
        ]
    )
    assert [(row.result.entry, row.rank) for row in rows] == [("a", 1), ("b", 1), ("c", 3), ("truth", None)]
    assert all(row.tier is None and row.interval is None for row in rows)
    assert rows[0].against_best is None
    assert rows[2].against_best is not None
    assert (rows[2].against_best.better_on, rows[2].against_best.patients) == (2, 2)


def test_full_tilings_are_ranked_by_the_foreground_index(make_result: Any) -> None:
    rows = rank(
        [
            make_result("tiling", [0.9, 0.9], role="full tiling"),
            make_result("better-tiling", [0.1, 0.1], role="full tiling"),
            make_result("method", [0.5, 0.5]),
        ]
    )
    places = [(row.result.entry, row.index, row.rank) for row in rows]
    assert places == [("method", "ari", 1), ("better-tiling", "fg_ari", 1), ("tiling", "fg_ari", 2)]


def test_a_tier_ends_where_the_best_of_it_is_told_apart(make_result: Any) -> None:
    rng = np.random.default_rng(4)
    base = rng.normal(0.5, 0.1, 20)
    rows = rank(
        [
            make_result("best", list(base + 0.2)),
            make_result("close", list(base + 0.2 + rng.normal(0, 0.05, 20) - 0.001)),
            make_result("behind", list(base)),
            make_result("far", list(base - 0.2)),
        ]
    )
    assert [(row.result.entry, row.tier) for row in rows if row.result.entry in {"best", "close"}] == [
        (row.result.entry, 1) for row in rows[:2]
    ]
    assert [(row.result.entry, row.tier) for row in rows[2:]] == [("behind", 2), ("far", 3)]
    assert all(row.interval is not None for row in rows)


def test_rows_hold_every_column_and_survive_csv(make_result: Any) -> None:
    result = make_result("=SUM(A1)", [0.5, 0.7], patients=["x", "x"])
    rows = table(rank([result, make_result("b", [0.1, 0.3], patients=["x", "x"])]))
    assert all(tuple(row) == TABLE_COLUMNS for row in rows)
    assert rows[0]["patients"] == 1
    assert rows[1]["best_is_better_on"] == 1
    read = list(csv.DictReader(io.StringIO(to_csv(rows, TABLE_COLUMNS))))
    assert read[0]["entry"] == "'=SUM(A1)"
    assert float(read[0]["ari"]) == rows[0]["ari"]
    assert read[0]["tier"] == ""
