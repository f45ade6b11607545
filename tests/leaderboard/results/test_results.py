"""Results are stored whole or not at all, and the same predictions are one entry."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ctseg.leaderboard.boards import BOARDS, BoardError, find_board
from ctseg.leaderboard.results.look_log import Look, add_look, count_looks
from ctseg.leaderboard.results.result import canonical_label_map, from_json, predictions_sha256, to_json
from ctseg.leaderboard.results.store import load_results, read_result, save
from ctseg.leaderboard.set_aside import UnusableError


def test_what_is_stored_is_read_back(tmp_path: Path, make_result: Any) -> None:
    first, second = make_result("a", [0.5, 0.7]), make_result("b", [0.1, 0.2])
    assert from_json(to_json(first)) == first
    for result in (second, first, first):
        save(tmp_path, result)
    assert load_results(tmp_path, "ct-fewshot-val") == [first, second]
    assert load_results(tmp_path, "phantom-val") == []
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {"result.json"}


def test_a_file_is_read_once_until_it_changes(tmp_path: Path, make_result: Any) -> None:
    result = make_result("a", [0.5, 0.7])
    path = save(tmp_path, result) / "result.json"
    assert read_result(path) is read_result(path)
    path.write_text(path.read_text().replace('"title": "A"', '"title": "B"'))
    assert read_result(path).title == "B"
    save(tmp_path, result)
    assert read_result(path) == result
    path.write_text("{")
    with pytest.raises(UnusableError, match="truncated"):
        read_result(path)


def test_of_our_own_rows_only_the_newest_is_shown(tmp_path: Path, make_result: Any) -> None:
    old = make_result("a", [0.5, 0.7])
    new = replace(old, date="2026-02-01T00:00:00+00:00", predictions_sha256="b" * 64)
    theirs = [replace(old, origin="submitted", predictions_sha256=letter * 64) for letter in "cd"]
    for result in (new, old, *theirs):
        save(tmp_path, result)
    shown = load_results(tmp_path, "ct-fewshot-val")
    assert old not in shown
    assert new in shown
    assert all(each in shown for each in theirs)


def test_a_failed_write_leaves_nothing(tmp_path: Path, make_result: Any) -> None:
    unwritable = make_result("a", [float("nan")])
    with pytest.raises(ValueError, match="nan"):
        save(tmp_path, unwritable)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_other_json_is_no_result() -> None:
    with pytest.raises(ValueError, match="no result"):
        from_json('{"entry": "x"}')


@given(arrays(np.uint8, (5, 6), elements=st.integers(0, 6)), st.permutations(range(1, 200)))
def test_renumbering_makes_no_new_entry(label_map: np.ndarray, numbers: list[int]) -> None:
    renumbered = np.where(label_map == 0, 0, np.array([0, *numbers])[label_map])
    canonical = canonical_label_map(label_map)
    assert np.array_equal(canonical, canonical_label_map(renumbered))
    assert np.array_equal(canonical == 0, label_map == 0)
    flat = canonical[canonical > 0]
    assert list(dict.fromkeys(flat.tolist())) == list(range(1, flat.max(initial=0) + 1))
    assert predictions_sha256("b", [label_map]) == predictions_sha256("b", [renumbered])
    assert predictions_sha256("b", [label_map]) != predictions_sha256("c", [label_map])


def test_every_look_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "looks.csv"
    assert count_looks(path) == {}
    for board in ("x", "y", "x"):
        add_look(path, Look("2026-01-01", "abc", board, "watershed", "0.1", "0.2"))
    assert count_looks(path) == {"x": 2, "y": 1}
    assert len(path.read_text(encoding="utf-8").splitlines()) == 4


def test_boards_are_found_by_name() -> None:
    assert all(find_board(name).name == name for name in BOARDS)
    with pytest.raises(BoardError, match="phantom-val"):
        find_board("nothing")
