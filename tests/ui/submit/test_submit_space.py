"""The app as a Space: who is logged in, quotas of users, entries that are on the Hub before they count."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import small_boards
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from space import Space, a_space
from waiting import until

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Space]:
    """One Space for all tests, which run in order."""
    with a_space(tmp_path_factory.mktemp("space")) as running:
        yield running


def _submit(client: Client, folder: Path, number: int, board: str = small_boards.OPEN) -> dict[str, Any]:
    path = small_boards.write(folder, "y.npz", small_boards.guess(number))
    answer: dict[str, Any] = client.predict(
        handle_file(path), board, f"Entry {number}", "", "", "", ["nothing"], api_name="/submit"
    )
    return answer


def test_nobody_submits_without_a_login(space: Space, tmp_path: Path) -> None:
    for claims in ({}, {"X-Forwarded-User": "alice"}, {"Authorization": "Bearer alice"}):
        with pytest.raises(AppError, match="Nobody is logged in"):
            _submit(space.client(None, **claims), tmp_path, 1)
    forged = Client(
        space.app.url,
        verbose=False,
        httpx_kwargs=small_boards.PATIENT,
        headers={"Cookie": "session=eyJ1c2VyIjoiYWxpY2UifQ.x.y"},
    )
    with pytest.raises(AppError, match="Nobody is logged in"):
        _submit(forged, tmp_path, 1)
    assert len(space.dataset.commits) == 1


def test_an_entry_is_by_whoever_logged_in_and_on_the_hub(space: Space, tmp_path: Path) -> None:
    """Another user's name in the request has no effect."""
    alice = space.client("alice", **{"X-Forwarded-User": "bob", "X-HF-User": "bob"})
    answer = _submit(alice, tmp_path, 1)
    assert (answer["user"], answer["origin"]) == ("alice", "submitted")
    assert "own-withdraw" in httpx.get(f"{space.app.url}/config").text
    assert f"entries/{answer['entry']}/predictions.npz" in space.dataset.files
    path = small_boards.write(tmp_path, "y.npz", small_boards.guess(2))
    named = alice.predict(
        handle_file(path), small_boards.OPEN, "bob", "user bob", "", "bob", ["nothing"], api_name="/submit"
    )
    assert named["user"] == "alice"


def test_while_the_hub_does_not_answer_it_is_not_yet_saved(space: Space, tmp_path: Path) -> None:
    """What the page says meanwhile; no quota is used until the Hub has acknowledged."""
    bob = space.client("bob")
    space.dataset.faults["commit"] = ["cut before", 503, 412]
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(_submit(bob, tmp_path, 10)))
    thread.start()
    while space.dataset.faults["commit"]:  # every look is a request of its own
        assert all(row["title"] != "Entry 10" for row in bob.predict(small_boards.OPEN, api_name="/board"))
    thread.join()
    assert answers[0]["accepted"]
    assert sum(path.count("result.json") for path in space.dataset.files) == 3


@pytest.mark.slow
def test_quotas_are_by_user_and_survive_a_wiped_disk(space: Space, tmp_path: Path) -> None:
    dora = space.client("dora")
    before = dora.predict(small_boards.OPEN, api_name="/board")
    for number in (3, 4, 5, 6, 7):
        _submit(dora, tmp_path, number)
    with pytest.raises(AppError, match="used your 5 submissions"):
        _submit(dora, tmp_path, 8)
    rows = dora.predict(small_boards.OPEN, api_name="/board")
    assert len(rows) == len(before) + 5
    space.restart()
    dora, carol = space.client("dora"), space.client("carol")
    assert _until_open(dora, small_boards.OPEN) == rows
    with pytest.raises(AppError, match="used your 5 submissions"):
        _submit(dora, tmp_path, 8)
    assert _submit(carol, tmp_path, 8)["user"] == "carol"
    assert not _submit(carol, tmp_path, 3)["accepted"]
    assert sum(path.endswith("result.json") for path in space.dataset.files) == len(rows) + 1


def _until_open(client: Client, board: str) -> Any:
    return until(lambda: client.predict(board, api_name="/board"), "the saved submissions")


@pytest.mark.slow
def test_a_public_dataset_closes_the_page(space: Space, tmp_path: Path) -> None:
    space.dataset.private = False
    with pytest.raises(AppError, match="is public"):
        _submit(space.client("dave"), tmp_path, 30)
    space.restart()
    page = httpx.get(f"{space.app.url}/submit", trust_env=False).text
    assert "hf_the_owners_token" not in page
    with pytest.raises(AppError, match=r"is public|are fetched"):
        _submit(space.client("dave"), tmp_path, 30)
    space.dataset.private = True
