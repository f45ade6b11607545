"""A submission is scored like a method of ours; commands check, submit, rescore, close, hide and export."""

import csv
import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ctseg.cli import main
from ctseg.datasets import DatasetError, open_split
from ctseg.labelmaps.files import write_challenge_csv
from ctseg.leaderboard import moderation
from ctseg.leaderboard.admin import export_board, hide_entry
from ctseg.leaderboard.boards import BoardError, find_board
from ctseg.leaderboard.evaluation.evaluate import evaluate
from ctseg.leaderboard.folders import built_in_folder
from ctseg.leaderboard.results.gamed import GAMED, looks_gamed
from ctseg.leaderboard.results.result import Result, from_json, predictions_sha256, to_json
from ctseg.leaderboard.results.store import all_results, board_results, save
from ctseg.leaderboard.submissions import SubmissionError, score
from ctseg.leaderboard.submissions.local_store import StoreError, open_submissions
from ctseg.leaderboard.submissions.metadata import EntryDetails
from ctseg.leaderboard.submissions.read import read_submission
from ctseg.leaderboard.submissions.rescore import rescore
from ctseg.leaderboard.submissions.score import score_submission
from ctseg.methods import load

BOARD = find_board("ct-fewshot-val")
DETAILS = EntryDetails.from_text(
    name="Mine", family="classical", link="https://example.org/x", saw=["nothing"], contact="me@example.org"
)


@pytest.fixture
def store(tmp_path: Path, small_data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store of submissions and a leaderboard without rows of ours, on three small slices."""
    monkeypatch.setenv("CTSEG_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("CTSEG_LEADERBOARD", str(tmp_path / "leaderboard"))
    return tmp_path / "store"


@pytest.fixture
def watershed_csv(store: Path, tmp_path: Path) -> Path:
    """What watershed makes of the board's images, in the challenge's layout."""
    split = open_split(BOARD.name)
    method = load("watershed")
    made = {image: method.segment(split.slice(index)) for index, image in enumerate(split.images)}
    write_challenge_csv(tmp_path / "y.csv", made)
    return tmp_path / "y.csv"


def submitted(path: Path, user: str | None = None) -> Result:
    return score_submission(read_submission(path, BOARD), BOARD, DETAILS, user)


@pytest.mark.thorough
def test_a_submission_has_the_scores_of_the_method_that_made_it(watershed_csv: Path, tmp_path: Path) -> None:
    reports: list[tuple[int, int]] = []
    submission = read_submission(watershed_csv, BOARD)
    result = score_submission(submission, BOARD, DETAILS, "jane", lambda *each: reports.append(each))
    ours = evaluate("watershed", BOARD, tmp_path / "cache", lambda *_: None)
    for name in (
        "scores",
        "means",
        "predictions_sha256",
        "dataset_fingerprint",
        "images",
        "patients",
        "role",
    ):
        assert getattr(result, name) == getattr(ours, name), name
    assert reports == [(1, 3), (2, 3), (3, 3)]
    assert (result.entry, result.family, result.link) == ("Mine", "classical", "https://example.org/x")
    assert (result.origin, result.user, result.saw) == ("submitted", "jane", ("nothing",))
    assert (result.seconds, result.parameters) == ((), None)
    assert "example.org" in to_json(result)
    assert "me@" not in to_json(result)
    assert from_json(to_json(result)) == result
    assert predictions_sha256(BOARD.name, submission.label_maps) == result.predictions_sha256


@pytest.mark.thorough
def test_a_large_submission_is_scored_in_shards_to_the_same_bits(
    watershed_csv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    submission = read_submission(watershed_csv, BOARD)
    reports: list[tuple[int, int]] = []
    expected = score_submission(submission, BOARD, DETAILS)
    monkeypatch.setattr(score, "MAX_IMAGES_HERE", 2)
    found = score_submission(submission, BOARD, DETAILS, progress=lambda *each: reports.append(each))
    assert replace(found, date=expected.date) == expected
    assert reports == [(0, 3), (1, 3), (2, 3), (3, 3)]


@pytest.mark.thorough
def test_labels_that_are_odd_end_the_scoring_in_shards_with_their_sentence(
    watershed_csv: Path, small_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    submission = read_submission(watershed_csv, BOARD)
    monkeypatch.setattr(score, "MAX_IMAGES_HERE", 2)
    Image.new("L", (5, 5)).save(small_data / "labels" / "1.png")
    with pytest.raises(SubmissionError, match=r"label map of 1\.png on this machine is \(5, 5\)"):
        score_submission(submission, BOARD, DETAILS)


def test_without_a_login_an_entry_is_marked_local(watershed_csv: Path) -> None:
    result = submitted(watershed_csv)
    assert (result.origin, result.user) == ("local", "local")


@pytest.mark.thorough
def test_a_prediction_with_background_is_no_full_tiling(store: Path, tmp_path: Path) -> None:
    maps = {f"{number}.png": np.ones((48, 56), np.uint8) for number in range(3)}
    np.savez(tmp_path / "full.npz", **maps)  # type: ignore[arg-type]
    assert submitted(tmp_path / "full.npz").role == "full tiling"
    maps["2.png"][0, 0] = 0
    np.savez(tmp_path / "not.npz", **maps)  # type: ignore[arg-type]
    assert submitted(tmp_path / "not.npz").role == "method"


def test_regions_grown_over_the_background_are_warned_of(store: Path, tmp_path: Path) -> None:
    split = open_split(BOARD.name)
    grown = {}
    for index, image in enumerate(split.images):
        true = split.label_map(index)
        assert true is not None
        rows, columns = np.mgrid[: true.shape[0], : true.shape[1]]
        grown[image] = np.where(true == 0, 10 + rows // 4 * 14 + columns // 4, true).astype(np.uint16)
    np.savez(tmp_path / "y.npz", **grown)  # type: ignore[arg-type]
    result = submitted(tmp_path / "y.npz")
    assert result.means["fg_ari"] == 1
    assert result.warning == GAMED == looks_gamed(result.means)
    assert looks_gamed({"ari": 0.7, "fg_ari": 0.9}) == ""
    assert looks_gamed({"ari": 0.0, "fg_ari": 0.3}) == ""
    assert looks_gamed({"ari": 0.0, "fg_ari": None}) == ""


def test_labels_that_are_not_here_or_odd_are_said_so(watershed_csv: Path, small_data: Path) -> None:
    submission = read_submission(watershed_csv, BOARD)
    Image.new("L", (5, 5)).save(small_data / "labels" / "1.png")
    with pytest.raises(DatasetError, match=r"label map of 1\.png on this machine is \(5, 5\)"):
        score_submission(submission, BOARD, DETAILS)
    for path in (small_data / "labels").iterdir():
        path.unlink()
    (small_data / "labels").rmdir()
    with pytest.raises(DatasetError, match="no labels"):
        score_submission(submission, BOARD, DETAILS)


def test_results_without_the_newer_fields_are_read(make_result: Any) -> None:
    stored = json.loads(to_json(make_result("a", [0.5])))
    assert {"user", "warning"} <= stored.keys()
    old = {key: value for key, value in stored.items() if key not in {"user", "warning"}}
    assert from_json(json.dumps(old)).user == ""
    with pytest.raises(ValueError, match="shoe_size"):
        from_json(json.dumps({**old, "shoe_size": 44}))
    with pytest.raises(ValueError, match="dataset_fingerprint"):
        from_json(json.dumps({key: value for key, value in old.items() if key != "dataset_fingerprint"}))


def submit(path: Path, *more: str) -> int:
    return main(["submit", str(path), "--board", BOARD.name, "--name", "Mine", *more])


@pytest.mark.thorough
def test_the_commands_check_and_submit(
    watershed_csv: Path, store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(watershed_csv), "--board", BOARD.name]) == 0
    assert "this can be submitted to ct-fewshot-val" in capsys.readouterr().out
    assert not store.exists()
    assert submit(watershed_csv, "--contact", "me@example.org", "--saw", "nothing", "--json") == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["new"]
    assert (printed["rank"], printed["of"]) == (1, 1)
    (result,) = board_results(BOARD.name)
    assert printed["entry"] == result.predictions_sha256
    assert printed["ari"] == round(result.means["ari"], 2)
    assert (result.origin, result.saw) == ("local", ("nothing",))
    private = store / "entries" / result.predictions_sha256 / "private.json"
    assert "me@example.org" in private.read_text(encoding="utf-8")
    assert submit(watershed_csv) == 0
    assert "an entry already: Mine" in capsys.readouterr().out
    assert main(["board", BOARD.name]) == 0
    assert "local" in capsys.readouterr().out


def test_a_gamed_entry_is_warned_of_on_the_command_line(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    test_regions_grown_over_the_background_are_warned_of(store, tmp_path)
    assert submit(tmp_path / "y.npz") == 0
    assert GAMED in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["check", "nothing.csv", "--board", "ct-fewshot-val"], "There is no file nothing.csv"),
        (["check", "y.csv", "--board", "nowhere"], "There is no board 'nowhere'"),
        (["submit", "y.csv", "--board", "ct-fewshot-val", "--name", "<b>"], "'<'"),
        (
            ["submit", "y.csv", "--board", "ct-fewshot-val", "--name", "x", "--saw", "all"],
            "chosen from nothing",
        ),
        (["submit", "bad.csv", "--board", "ct-fewshot-val", "--name", "x"], "first cell"),
        (["board", "close", "ct-fewshot-val"], "--why"),
        (["board", "close"], "for a board"),
        (["board", "hide"], "for an entry"),
        (["board", "hide", "abcdef0123", "--why", "x"], "names no entries"),
        (["board", "hide", "ab", "--why", "x"], "names no entries"),
        (["board", "hide", "abcdef0123"], "--why"),
        (["board", "export", "ct-fewshot-val"], "--out is missing"),
        (["board", "images", "phantom-val"], "--out is missing"),
        (["board", "create", "mine"], "needs --folder"),
        (["board", "rescore", "nowhere"], "no board"),
        (["board", "burn", "ct-fewshot-val"], "no action 'burn'"),
    ],
)
def test_refusals_are_one_sentence(
    words: list[str],
    sentence: str,
    watershed_csv: Path,
    store: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(watershed_csv.parent)
    Path("bad.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    assert main(words) == 1
    printed = capsys.readouterr().err.replace("\r", "\n").strip().splitlines()[-1]
    assert sentence in printed
    assert printed.startswith("ctseg: ")
    assert not list(store.glob("entries/*"))


def test_a_closed_board_takes_nothing_and_says_why(
    watershed_csv: Path, store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["board", "close", BOARD.name, "--why", "The study is over."]) == 0
    assert main(["board", "close", BOARD.name, "--why", "Another reason."]) == 0
    assert moderation.closed(store) == {BOARD.name: "The study is over."}
    capsys.readouterr()
    assert main(["board", "list"]) == 0
    assert "(closed: The study is over.)" in capsys.readouterr().out
    assert submit(watershed_csv) == 1
    assert "The study is over." in capsys.readouterr().err


def test_a_hidden_entry_is_in_no_table_and_its_files_stay(
    watershed_csv: Path, store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert submit(watershed_csv) == 0
    (result,) = board_results(BOARD.name)
    assert main(["board", "hide", result.predictions_sha256[:10], "--why", "Made from the labels."]) == 0
    assert board_results(BOARD.name) == []
    assert all_results(store) == [result]
    assert moderation.hidden(store) == {result.predictions_sha256: "Made from the labels."}
    with pytest.raises(BoardError, match="--why"):
        hide_entry(store, result.predictions_sha256, " ")


def test_rescoring_keeps_the_old_numbers(
    watershed_csv: Path, store: Path, small_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert submit(watershed_csv) == 0
    (old,) = board_results(BOARD.name)
    assert main(["board", "rescore", BOARD.name]) == 0
    assert "scored again: 1, changed: 0" in capsys.readouterr().out
    labels = np.asarray(Image.open(small_data / "labels" / "0.png")).copy()
    labels[:9] = 77
    Image.fromarray(labels).save(small_data / "labels" / "0.png")
    assert main(["board", "rescore", BOARD.name]) == 0
    assert f"Mine: ari {old.means['ari']:.2f} is now" in capsys.readouterr().out
    (new,) = board_results(BOARD.name)
    assert new.dataset_fingerprint == open_split(BOARD.name).fingerprint() != old.dataset_fingerprint
    assert (new.date, new.user, new.origin, new.saw) == (old.date, old.user, old.origin, old.saw)
    assert new.scores[0] != old.scores[0]
    assert new.scores[1:] == old.scores[1:]
    (kept,) = (store / "entries" / old.predictions_sha256).glob("result-*.json")
    assert from_json(kept.read_text(encoding="utf-8")) == old


@pytest.mark.thorough
def test_entries_that_cannot_be_scored_again_are_named(
    watershed_csv: Path, store: Path, make_result: Any
) -> None:
    assert submit(watershed_csv) == 0
    (old,) = board_results(BOARD.name)
    store_of_submissions = open_submissions()
    other = replace(BOARD, images=("0.png", "1.png", "7.png"), shape=(48, 56))
    with pytest.raises(BoardError, match=f"{old.predictions_sha256[:12]} was made for other images"):
        rescore(store_of_submissions, other, lambda *_: None)
    save(store, replace(make_result("x", [0.5, 0.6, 0.7]), origin="submitted"))
    with pytest.raises(StoreError, match="are not in"):
        rescore(store_of_submissions, BOARD, lambda *_: None)


def export(board: Any, folder: Path) -> dict[str, bytes]:
    export_board(board, folder / "export.zip")
    with zipfile.ZipFile(folder / "export.zip") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_an_export_holds_what_anybody_may_have(
    watershed_csv: Path, store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert submit(watershed_csv, "--contact", "me@example.org") == 0
    (result,) = board_results(BOARD.name)
    home = f"entries/{result.predictions_sha256}"
    opened = export(replace(BOARD, kind="open", redistribution="images and labels"), tmp_path)
    assert set(opened) == {"table.csv", f"{home}/result.json", f"{home}/predictions.npz"}
    assert from_json(opened[f"{home}/result.json"].decode()) == result
    assert not any(b"me@example.org" in content for content in opened.values())
    assert set(export(BOARD, tmp_path)) == {"table.csv"}
    sealed = export(replace(BOARD, kind="sealed", redistribution="images"), tmp_path)
    (row,) = csv.DictReader(io.StringIO(sealed["table.csv"].decode()))
    assert float(row["ari"]) == round(result.means["ari"] or 0, 2)
    assert all(len(row[name].partition(".")[2]) <= 2 for name in ("ari", "fg_ari", "split", "best_iou", "ri"))
    assert main(["board", "export", BOARD.name, "--out", str(tmp_path / "x.zip")]) == 0
    assert "Entries: 1" in capsys.readouterr().out


def test_the_images_of_an_open_board_are_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["board", "images", "phantom-val", "--out", str(tmp_path / "images")]) == 0
    assert "60 images" in capsys.readouterr().out
    assert len(list((tmp_path / "images").glob("*.png"))) == 60


def test_committed_results_are_still_read() -> None:
    assert len(all_results(built_in_folder())) >= 20
