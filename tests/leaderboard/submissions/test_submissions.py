"""The store of submissions: whole or not at all, once, and never lost."""

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from submitting import made_up

from ctseg.leaderboard.folders import submissions_folder
from ctseg.leaderboard.results.result import predictions_sha256, to_json
from ctseg.leaderboard.results.store import board_results, load_results, save
from ctseg.leaderboard.submissions.local_store import (
    Outcome,
    StoreError,
    Submissions,
    open_submissions,
)
from ctseg.settings import STORE_MB

SCRIPT = Path(__file__).parents[1] / "submitting.py"
ROOM = 1 << 30


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Submissions:
    """An empty store, with an empty folder of our own rows."""
    monkeypatch.setenv("CTSEG_LEADERBOARD", str(tmp_path / "ours"))
    monkeypatch.setenv("CTSEG_STORE", str(tmp_path / "store"))
    return open_submissions()


def _submit(folder: Path, first: int, count: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), str(folder), str(first), str(count)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"CTSEG_LEADERBOARD": str(folder.parent / "ours")},
    )


def _check_whole(store: Submissions) -> int:
    """Every folder is a complete entry that is what its name says; returns how many there are."""
    entries = sorted((store.folder / "entries").glob("*"))
    for entry in entries:
        assert sorted(path.name for path in entry.iterdir()) == [
            "predictions.npz",
            "private.json",
            "result.json",
        ]
        images, label_maps = store.predictions(entry.name)
        assert predictions_sha256("phantom-val", label_maps) == entry.name
        assert json.loads((entry / "private.json").read_text()) == {"contact": "a@example.org"}
        found = store.find(entry.name)
        assert found is not None
        assert found.images == images
    assert len(store.results()) == len(entries)
    return len(entries)


def test_an_entry_holds_result_predictions_and_contact(store: Submissions) -> None:
    result, label_maps = made_up(1)
    outcome = store.accept(result, label_maps, "a@example.org")
    assert outcome.new
    assert outcome.result == result
    assert _check_whole(store) == 1
    assert np.array_equal(store.predictions(result.predictions_sha256)[1], label_maps)
    assert board_results("phantom-val") == [result]
    assert board_results("ct-fewshot-val") == []
    private = store.folder / "entries" / result.predictions_sha256 / "private.json"
    assert private.stat().st_mode & 0o77 == 0
    assert "example.org" not in to_json(result)


def test_more_than_255_labels_survive(store: Submissions) -> None:
    result, _ = made_up(1, images=2)
    label_maps = np.arange(2 * 64 * 64, dtype=np.uint16).reshape(2, 64, 64)
    store.accept(result, label_maps, "")
    assert np.array_equal(store.predictions(result.predictions_sha256)[1], label_maps)


def test_the_same_predictions_are_one_entry(store: Submissions, tmp_path: Path) -> None:
    result, label_maps = made_up(1)
    store.accept(result, label_maps, "a@example.org")
    again, _ = made_up(1, title="Another name", user="somebody")
    assert store.accept(again, label_maps, "b@example.org") == Outcome(result, new=False)
    ours, label_maps = made_up(2, origin="verified by us")
    save(tmp_path / "ours", ours)
    outcome = store.accept(made_up(2, title="Copied")[0], label_maps, "")
    assert not outcome.new
    assert outcome.result == ours
    assert _check_whole(store) == 1


def test_hidden_entries_are_off_the_board_and_still_stored(store: Submissions) -> None:
    for number in (1, 2):
        store.accept(*made_up(number), "a@example.org")
    gone = made_up(1)[0].predictions_sha256
    (store.folder / "hidden").mkdir()
    (store.folder / "hidden" / f"{gone}.json").write_text('{"why": "a copy"}')
    assert [result.entry for result in board_results("phantom-val")] == ["entry-2"]
    assert [result.entry for result in load_results(store.folder, "phantom-val")] == ["entry-2"]
    assert _check_whole(store) == 2
    assert not store.accept(*made_up(1), "a@example.org").new


def test_a_full_store_refuses_and_leaves_no_trace(store: Submissions) -> None:
    small = Submissions(store.folder, 100)
    with pytest.raises(StoreError, match="The store of submissions is full"):
        small.accept(*made_up(1), "")
    assert _check_whole(store) == 0
    assert not (store.folder / "incoming").exists()


def test_a_full_disk_refuses_and_leaves_no_trace(store: Submissions) -> None:
    """No file may grow beyond a limit that the result or the label maps pass: the error of a full disk."""
    result, label_maps = made_up(1)
    noise = np.random.default_rng(0).integers(0, 255, label_maps.shape).astype(np.uint8)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    for most in (10, 2000, 20_000):
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
        try:
            with pytest.raises(StoreError, match="The disk of the store is full"):
                store.accept(result, noise, "a@example.org")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert _check_whole(store) == 0
        assert not (store.folder / "incoming").exists()
    assert store.accept(result, label_maps, "a@example.org").new


def test_a_folder_that_cannot_be_written_is_told(store: Submissions, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        Submissions(tmp_path / "file", ROOM).accept(*made_up(1), "")


def test_what_goes_wrong_while_publishing_leaves_no_trace(store: Submissions) -> None:
    def refuse(entry: Path) -> None:
        assert len(list(entry.iterdir())) == 3
        raise StoreError("The Hub refuses.")

    with pytest.raises(StoreError, match="The Hub refuses"):
        store.accept(*made_up(1), "", refuse)
    assert _check_whole(store) == 0


def test_a_result_without_its_predictions_is_readable(store: Submissions) -> None:
    result, label_maps = made_up(1)
    store.restore(result.predictions_sha256, to_json(result))
    store.restore(result.predictions_sha256, "another")
    assert store.results() == [result]
    with pytest.raises(StoreError, match="are not in"):
        store.predictions(result.predictions_sha256)
    assert not store.accept(result, label_maps, "").new


@pytest.mark.thorough
def test_processes_that_submit_the_same_at_once_make_one_entry(store: Submissions) -> None:
    processes = [_submit(store.folder, 1, 10) for _ in range(4)]
    said = [process.communicate()[0].split()[1:] for process in processes]
    for number in range(10):
        assert sorted(lines[number] for lines in said) == ["known"] * 3 + ["new"]
    assert _check_whole(store) == 10


def _kill_often(store: Submissions, times: int) -> None:
    """kill -9 at random moments of a run of submissions leaves complete entries only, and they go on."""
    moments = random.Random(3)
    for turn in range(times):
        before = _check_whole(store)
        process = _submit(store.folder, 100 * turn, 100)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(moments.uniform(0, 0.08))
        process.send_signal(signal.SIGKILL)
        said = process.communicate()[0]
        assert _check_whole(store) >= before + said.count("new\n")
    store.accept(*made_up(1 << 11), "a@example.org")
    _check_whole(store)
    assert not (store.folder / "incoming").exists()


@pytest.mark.thorough
def test_killed_ten_times(store: Submissions) -> None:
    _kill_often(store, 10)


@pytest.mark.slow
def test_killed_two_hundred_times(store: Submissions) -> None:
    _kill_often(store, 200)


def test_where_submissions_are_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTSEG_STORE", str(tmp_path / "here"))
    assert submissions_folder() == tmp_path / "here"
    monkeypatch.delenv("CTSEG_STORE")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert submissions_folder() == tmp_path / "data" / "ctseg" / "leaderboard"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert submissions_folder() == tmp_path / ".local" / "share" / "ctseg" / "leaderboard"
    monkeypatch.setenv("CTSEG_STORE_MB", "x")
    result, label_maps = made_up(1)
    monkeypatch.setenv("CTSEG_LEADERBOARD", str(tmp_path / "ours"))
    assert open_submissions().accept(result, label_maps, "").new
    assert STORE_MB.number() == 4096
    monkeypatch.setenv("CTSEG_STORE_MB", "0")
    with pytest.raises(StoreError, match="is full"):
        open_submissions().accept(*made_up(2), "")
