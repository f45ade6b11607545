"""An entrant renames and withdraws own entries; the record keeps that it was, and others cannot."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hub_dataset import REPO, TOKEN, stand_in_dataset
from submitting import made_up

from ctseg.leaderboard import moderation
from ctseg.leaderboard.boards import find_board
from ctseg.leaderboard.doctor import examine, move_aside
from ctseg.leaderboard.results.result import Result
from ctseg.leaderboard.results.store import board_changes, board_results, stamp
from ctseg.leaderboard.submissions import SubmissionError
from ctseg.leaderboard.submissions.hub_store import HubSubmissions
from ctseg.leaderboard.submissions.local_store import StoreError, open_submissions
from ctseg.leaderboard.submissions.own_entries import own_entries, rename, withdraw
from ctseg.leaderboard.submissions.service import HubSubmissionService, SubmissionService
from ctseg.ui.components.board_view import view
from ctseg.ui.leaderboard.table import table_html

BOARD = find_board("phantom-val")


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SubmissionService:
    """A store of its own."""
    monkeypatch.setenv("CTSEG_LEADERBOARD", str(tmp_path / "ours"))
    monkeypatch.setenv("CTSEG_STORE", str(tmp_path / "store"))
    return SubmissionService(open_submissions())


def _submitted(service: SubmissionService, number: int, user: str, **changes: str) -> Result:
    result, label_maps = made_up(number, user=user, **{"title": "Mine", "entry": "Mine"} | changes)
    return service.accept(result, label_maps, "", lambda _: None).result


def test_another_name_stands_on_the_board_with_the_one_before(service: SubmissionService) -> None:
    entry = _submitted(service, 1, "alice")
    before = stamp((service.store.folder,))
    named = rename(service, "alice", entry.predictions_sha256, "  Better   name ")
    assert named == replace(entry, title="Better name", entry="Better name")
    assert board_results(BOARD.name) == [named]
    assert stamp((service.store.folder,)) != before
    (change,) = board_changes(BOARD.name)
    assert (change.before, change.name) == ("Mine", "Better name")
    assert "Mine is called Better name (" in table_html(view(BOARD))
    assert service.store.find(entry.predictions_sha256) == entry
    with pytest.raises(SubmissionError, match="called Better name already"):
        rename(service, "alice", entry.predictions_sha256, "Better name")
    rename(service, "alice", entry.predictions_sha256, "Second")
    rename(service, "alice", entry.predictions_sha256, "Third")
    with pytest.raises(SubmissionError, match="renamed 3 times"):
        rename(service, "alice", entry.predictions_sha256, "Fourth")
    assert [each.name for each in board_changes(BOARD.name)] == ["Better name", "Second", "Third"]


def test_what_is_withdrawn_is_gone_from_the_board_but_on_record(service: SubmissionService) -> None:
    entry, other = _submitted(service, 1, "alice"), _submitted(service, 2, "alice", title="Kept")
    assert withdraw(service, "alice", "Mine") == entry
    assert board_results(BOARD.name) == [other]
    assert own_entries(service, "alice", BOARD) == [other]
    assert "Mine was withdrawn (" in table_html(view(BOARD))
    assert len(service.store.results()) == 2  # quotas count it
    with pytest.raises(SubmissionError, match="no entries of yours"):
        withdraw(service, "alice", entry.predictions_sha256)
    moderation.hide(service.store.folder, entry.predictions_sha256, "It named a patient.")
    assert board_changes(BOARD.name) == []


@pytest.mark.parametrize("user", ["bob", None])
def test_nobody_touches_the_entries_of_others(service: SubmissionService, user: str | None) -> None:
    entry = _submitted(service, 1, "alice")
    for act in (lambda key: withdraw(service, user, key), lambda key: rename(service, user, key, "His")):
        for key in (entry.predictions_sha256, entry.predictions_sha256[:7], "", "../x"):
            with pytest.raises(SubmissionError, match="names no entries of yours"):
                act(key)
    assert board_results(BOARD.name) == [entry]


def test_a_closed_board_and_odd_names_are_refused(service: SubmissionService) -> None:
    entry = _submitted(service, 1, "local")
    for name in ("", "x" * 41, "<b>"):
        with pytest.raises(SubmissionError):
            rename(service, None, entry.predictions_sha256, name)
    moderation.close(service.store.folder, BOARD.name, "It is over.")
    with pytest.raises(SubmissionError, match="is closed and stays as it is: It is over"):
        withdraw(service, None, entry.predictions_sha256)
    with pytest.raises(SubmissionError, match="is closed"):
        rename(service, None, entry.predictions_sha256, "Other")
    assert board_results(BOARD.name) == [entry]


def test_a_record_is_never_written_over_and_a_damaged_withdrawal_still_counts(
    service: SubmissionService,
) -> None:
    entry = _submitted(service, 1, "alice")
    name = f"withdrawn/{entry.predictions_sha256}.json"
    service.add_record(name, b"{")
    with pytest.raises(StoreError, match="changed a moment ago"):
        service.add_record(name, b"{}")
    assert board_results(BOARD.name) == []
    (found,) = [each for each in examine() if each.path.name == Path(name).name]
    move_aside(found)
    assert board_results(BOARD.name) == []
    assert examine() == []


def test_two_entries_of_one_name_have_their_users_beside_it(service: SubmissionService) -> None:
    _submitted(service, 1, "alice")
    _submitted(service, 2, "bob")
    _submitted(service, 3, "carol", title="Another", entry="Another")
    titles = [result.title for result in view(BOARD).results]
    assert sorted(titles) == ["Another", "Mine by alice", "Mine by bob"]


def test_on_a_space_a_record_is_on_the_hub_before_it_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, service: SubmissionService
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    with stand_in_dataset() as dataset:
        hub = HubSubmissions(service.store, REPO, TOKEN, dataset.url, (0.01,))
        space = HubSubmissionService(service.store, hub)
        entry = _submitted(space, 1, "alice")
        dataset.faults["commit"] = [503, 503]
        with pytest.raises(StoreError):
            withdraw(space, "alice", entry.predictions_sha256)
        assert board_results(BOARD.name) == [entry]
        rename(space, "alice", entry.predictions_sha256, "New")
        stored = json.loads(dataset.files[f"renamed/{entry.predictions_sha256}-1.json"])
        assert (stored["name"], stored["user"]) == ("New", "alice")
        monkeypatch.setenv("CTSEG_STORE", str(tmp_path / "fresh"))
        HubSubmissions(open_submissions(), REPO, TOKEN, dataset.url).rebuild()
        assert [each.title for each in board_results(BOARD.name)] == ["New"]
