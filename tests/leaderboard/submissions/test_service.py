"""Where submissions are handed in: open on a machine of one's own, on a Space only where they can be kept."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hub_dataset import REPO, TOKEN, StandInDataset, stand_in_dataset
from submitting import made_up
from waiting import until

from ctseg.leaderboard import moderation
from ctseg.leaderboard.boards import BOARDS
from ctseg.leaderboard.results.result import to_json
from ctseg.leaderboard.submissions import SubmissionError
from ctseg.leaderboard.submissions.hub_store import HubSubmissions
from ctseg.leaderboard.submissions.local_store import open_submissions
from ctseg.leaderboard.submissions.metadata import EntryDetails
from ctseg.leaderboard.submissions.pipeline import check_may_submit, hand_in
from ctseg.leaderboard.submissions.service import HubSubmissionService, SubmissionService, open_service

OPEN, SEALED, OWN_IMAGES = (BOARDS[name] for name in ("phantom-val", "phantom-sealed", "ct-fewshot-val"))


@pytest.fixture(autouse=True)
def _store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SYSTEM", "CTSEG_SUBMISSIONS_REPO", "HF_TOKEN", "OAUTH_CLIENT_ID", "CTSEG_BOARD_SEED"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CTSEG_DATA", str(tmp_path / "no data"))
    monkeypatch.setenv("CTSEG_LEADERBOARD", str(tmp_path / "ours"))
    monkeypatch.setenv("CTSEG_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)


@pytest.fixture
def dataset() -> Iterator[StandInDataset]:
    """A private dataset on the Hub."""
    with stand_in_dataset() as running:
        yield running


def test_on_ones_own_machine_it_is_open_without_a_login(tmp_path: Path) -> None:
    service = open_service()
    service.start()
    assert type(service) is SubmissionService
    assert not service.needs_login
    assert service.why_closed(OPEN) == ""
    assert service.quota(None, OPEN) is None
    assert "true labels of this board are not on this machine" in service.why_closed(SEALED)
    result, label_maps = made_up(1)
    assert service.accept(result, label_maps, "", lambda _: None).new
    moderation.close(tmp_path / "store", OPEN.name, "It is over.")
    assert service.why_closed(OPEN) == "This board is closed: It is over."
    with pytest.raises(SubmissionError, match="It is over"):
        check_may_submit(service, OPEN, None)
    service.stop()


def test_without_a_login_all_visitors_share_the_quota_of_boards_whose_labels_are_kept(
    small_data: Path,
) -> None:
    service = open_service()
    for number in (1, 2):
        result, label_maps = made_up(
            number, board="ct-fewshot-val", user="local", date="2999-01-01T00:00:00+00:00"
        )
        service.accept(result, label_maps, "", lambda _: None)
    with pytest.raises(SubmissionError, match="the next is possible at"):
        check_may_submit(service, OWN_IMAGES, None)
    check_may_submit(service, OWN_IMAGES, "alice")


def test_an_owner_can_require_a_login_for_boards_whose_labels_are_kept(
    small_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can use up what all share then; where nobody can log in, those boards are closed."""
    service = open_service()
    check_may_submit(service, OWN_IMAGES, None)
    monkeypatch.setenv("CTSEG_REQUIRE_LOGIN", "yes")
    with pytest.raises(SubmissionError, match="takes entries from users who are logged in only"):
        check_may_submit(service, OWN_IMAGES, None)
    with pytest.raises(SubmissionError, match="takes entries from users who are logged in only"):
        check_may_submit(service, SEALED, None)
    check_may_submit(service, OPEN, None)


@pytest.mark.parametrize(
    ("missing", "why"),
    [
        ("CTSEG_SUBMISSIONS_REPO", "names no dataset to keep submissions in"),
        ("HF_TOKEN", "has no token to save submissions with"),
        ("OAUTH_CLIENT_ID", "has no login"),
    ],
)
def test_a_space_that_lacks_something_is_closed_and_says_what(
    monkeypatch: pytest.MonkeyPatch, missing: str, why: str
) -> None:
    whole = {
        "CTSEG_SUBMISSIONS_REPO": REPO,
        "HF_TOKEN": TOKEN,
        "OAUTH_CLIENT_ID": "x",
        "SYSTEM": "spaces",
    }
    for name, value in whole.items():
        if name != missing:
            monkeypatch.setenv(name, value)
    assert why in open_service().why_closed(OPEN)
    monkeypatch.setenv(missing, whole[missing])
    assert type(open_service()) is HubSubmissionService


def _opened(dataset: StandInDataset) -> HubSubmissionService:
    store = open_submissions()
    return HubSubmissionService(store, HubSubmissions(store, REPO, TOKEN, dataset.url, (0.01,)))


def _settled(service: HubSubmissionService) -> str:
    until(lambda: "are fetched" not in service.why_closed(OPEN), "what was saved")
    return service.why_closed(OPEN)


def test_a_space_opens_once_what_was_saved_is_fetched(dataset: StandInDataset) -> None:
    saved, label_maps = made_up(1, user="alice", date="2999-01-01T00:00:00+00:00")
    dataset.add({f"entries/{saved.predictions_sha256}/result.json": to_json(saved).encode()})
    service = _opened(dataset)
    with pytest.raises(SubmissionError, match="are fetched"):
        check_may_submit(service, OPEN, "alice")
    service.start()
    assert _settled(service) == ""
    quota = service.quota("alice", OPEN)
    assert quota is not None
    assert quota.left == 4
    with pytest.raises(SubmissionError, match="Nobody is logged in"):
        check_may_submit(service, OPEN, None)
    said: list[str] = []
    assert not service.accept(saved, label_maps, "", said.append).new
    assert said == ["Scored, not yet saved: keep this page open."]
    assert service.accept(*made_up(2), "", said.append).new
    assert len(dataset.commits) == 3
    service.stop()


def test_a_space_with_a_public_dataset_is_closed(dataset: StandInDataset) -> None:
    dataset.private = False
    service = _opened(dataset)
    service.start()
    assert "is public" in _settled(service)
    service.stop()


def test_a_file_is_read_scored_and_stored(small_data: Path, tmp_path: Path) -> None:
    import numpy as np

    service, board = open_service(), BOARDS["ct-fewshot-val"]
    path = tmp_path / "y.npz"
    maps = {f"{number}.png": np.full((48, 56), number, np.uint8) for number in range(3)}
    np.savez_compressed(path, **maps)  # type: ignore[arg-type]
    said: list[str] = []
    details = EntryDetails.from_text(name="Mine", contact="me@example.org")
    done = hand_in(service, path, board, details, "alice", lambda sentence, share: said.append(sentence))
    assert (done.outcome.new, done.outcome.result.user) == (True, "alice")
    assert done.label_maps.shape == (3, 48, 56)
    assert said[0].startswith("Reading")
    assert said[-2:] == ["Scoring: image 3 of 3 …", "Storing …"]
    assert path.exists()
    with pytest.raises(SubmissionError):
        hand_in(service, tmp_path / "nothing", board, details, "alice", lambda *_: None)
