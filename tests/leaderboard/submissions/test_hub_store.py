"""Submissions of a Space: on the Hub before they are accepted, once, and back after the disk is gone."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hub_dataset import REPO, TOKEN, StandInDataset, stand_in_dataset
from submitting import made_up

from ctseg.leaderboard.results.result import to_json
from ctseg.leaderboard.submissions.hub_store import NOT_YET_SAVED, HubSubmissions
from ctseg.leaderboard.submissions.local_store import Outcome, StoreError, Submissions

ROOM = 1 << 30
QUICK = (0.01, 0.01, 0.01)
ANSWER_S = 4.0


@pytest.fixture
def dataset() -> Iterator[StandInDataset]:
    """A private dataset on the Hub."""
    with stand_in_dataset() as running:
        yield running


@pytest.fixture
def store(dataset: StandInDataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HubSubmissions:
    """The store of a Space that was just started."""
    monkeypatch.setenv("CTSEG_LEADERBOARD", str(tmp_path / "ours"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    return _restart(dataset, tmp_path / "disk")


def _restart(dataset: StandInDataset, folder: Path, token: str = TOKEN) -> HubSubmissions:
    return HubSubmissions(Submissions(folder, ROOM), REPO, token, dataset.url, QUICK, ANSWER_S)


def _entries(dataset: StandInDataset) -> list[str]:
    return sorted(path.split("/")[1] for path in dataset.files if path.endswith("/result.json"))


def test_an_entry_is_one_commit_before_it_is_accepted(store: HubSubmissions, dataset: StandInDataset) -> None:
    result, label_maps = made_up(1)
    said: list[str] = []
    assert store.accept(result, label_maps, "a@example.org", said.append).new
    assert said == [NOT_YET_SAVED]
    assert len(dataset.commits) == 2
    key = result.predictions_sha256
    on_disk = {path.name: path.read_bytes() for path in (store.local.folder / "entries" / key).iterdir()}
    assert {path.split("/")[2]: content for path, content in dataset.files.items()} == on_disk
    assert set(dataset.files) == {
        f"entries/{key}/{name}" for name in ("predictions.npz", "private.json", "result.json")
    }
    assert not store.accept(result, label_maps, "a@example.org").new
    assert len(dataset.commits) == 2


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("kind", "faults"),
    [
        ("commit", [412]),
        ("commit", [409, 500, 503]),
        ("commit", ["cut before"]),
        ("commit", ["stall"]),
        ("info", [503, "cut before"]),
        ("read", ["cut after", 500]),
        ("preupload", ["cut before"]),
        ("upload", ["cut before"]),
    ],
)
def test_faults_that_pass_are_sat_out(
    store: HubSubmissions, dataset: StandInDataset, kind: str, faults: list[int | str]
) -> None:
    result, label_maps = made_up(1)
    dataset.faults[kind] = faults
    assert store.accept(result, label_maps, "").new
    assert faults == []
    assert _entries(dataset) == [result.predictions_sha256]
    assert len(dataset.commits) == 2


def test_a_commit_whose_answer_was_lost_is_not_made_twice(
    store: HubSubmissions, dataset: StandInDataset
) -> None:
    dataset.faults["commit"] = ["cut after"]
    result, label_maps = made_up(1)
    assert store.accept(result, label_maps, "").new
    assert len(dataset.commits) == 2
    assert dataset.seen.count("commit") == 1
    assert store.local.results() == [result]


def test_somebody_elses_commit_in_between_is_kept(store: HubSubmissions, dataset: StandInDataset) -> None:
    others = [{"README.md": b"one"}, {"README.md": b"two"}]
    dataset.before_commit = lambda: dataset.add(others.pop()) if others else None
    result, label_maps = made_up(1)
    assert store.accept(result, label_maps, "").new
    assert dataset.seen.count("commit") == 3
    assert dataset.files["README.md"] == b"one"
    assert _entries(dataset) == [result.predictions_sha256]


def test_the_same_label_maps_from_another_replica_are_not_overwritten(
    store: HubSubmissions, dataset: StandInDataset
) -> None:
    result, label_maps = made_up(1)
    theirs = made_up(1, title="Theirs")[0]
    path = f"entries/{result.predictions_sha256}/result.json"
    dataset.add({path: to_json(theirs).encode()})
    assert store.accept(result, label_maps, "") == Outcome(theirs, new=False)
    assert dataset.files[path] == to_json(theirs).encode()
    assert store.local.results() == [theirs]


@pytest.mark.parametrize("fault", [503, "cut before", "cut after"])
def test_what_the_hub_never_took_is_no_entry(
    store: HubSubmissions, dataset: StandInDataset, fault: int | str
) -> None:
    """With the line cut after each commit and then for good, nobody is told that it was accepted."""
    dataset.faults["commit"] = [fault] * 4
    dataset.faults["read"] = [404, 500, 500, 500]
    result, label_maps = made_up(1)
    with pytest.raises(StoreError, match="counts for no quota"):
        store.accept(result, label_maps, "")
    assert store.local.results() == []
    assert len(dataset.commits) == (2 if fault == "cut after" else 1)
    dataset.faults.clear()
    assert store.accept(result, label_maps, "").new
    assert len(dataset.commits) == 2


def test_after_a_restart_with_an_empty_disk_everything_is_back(
    store: HubSubmissions, dataset: StandInDataset, tmp_path: Path
) -> None:
    for number in range(3):
        store.accept(*made_up(number), "a@example.org")
    before = store.local.results()
    dataset.add({f"entries/{'f' * 64}/result.json": b'{"of": "newer code"}'})
    dataset.add({"hidden/abc.json": b'{"why": "a copy", "date": ""}', "README.md": b"", "entries/x/y": b""})
    shutil.rmtree(store.local.folder)
    again = _restart(dataset, tmp_path / "disk")
    again.rebuild()
    assert again.local.results() == before
    assert (again.local.folder / "hidden" / "abc.json").exists()
    assert not (again.local.folder / "README.md").exists()
    read = dataset.seen.count("read")
    again.rebuild()
    # Only what could not be read the first time.
    assert dataset.seen.count("read") == read + 1
    assert not again.accept(*made_up(1), "").new


def test_killed_between_the_commit_and_the_place_on_the_disk(
    store: HubSubmissions, dataset: StandInDataset, tmp_path: Path
) -> None:
    result, label_maps = made_up(1)
    store.accept(result, label_maps, "")
    entry = store.local.folder / "entries" / result.predictions_sha256
    (store.local.folder / "incoming").mkdir()
    entry.rename(store.local.folder / "incoming" / "left")
    again = _restart(dataset, tmp_path / "disk")
    assert again.local.results() == []
    again.rebuild()
    assert again.local.results() == [result]
    assert not (again.local.folder / "incoming").exists()


def test_closed_with_a_public_dataset_or_a_wrong_token(
    store: HubSubmissions, dataset: StandInDataset, tmp_path: Path
) -> None:
    wrong = _restart(dataset, tmp_path / "other", token="hf_another")
    with pytest.raises(StoreError, match="the token does not open the dataset someone/ctseg-submissions"):
        wrong.rebuild()
    with pytest.raises(StoreError, match="so it is no entry: the token does not open"):
        wrong.accept(*made_up(1), "")
    dataset.private = False
    with pytest.raises(StoreError, match="is public"):
        store.rebuild()
    with pytest.raises(StoreError, match="is public"):
        store.accept(*made_up(1), "")
    assert len(dataset.commits) == 1
    assert store.local.results() == []


def test_closed_while_the_hub_is_away(store: HubSubmissions, dataset: StandInDataset) -> None:
    dataset.faults["info"] = [418]
    with pytest.raises(StoreError, match="answers with status 418"):
        store.rebuild()
    dataset.faults["info"] = ["cut before"]
    with pytest.raises(StoreError, match="the Hub cannot be reached"):
        store.rebuild()
