"""The stage's own way to the server, asked as a browser and as a stranger would."""

import errno
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from small_slices import heads, split
from starlette.applications import Starlette
from starlette.testclient import TestClient

from ctseg.datasets import open_split
from ctseg.ui.compare import routes
from ctseg.ui.compare.frames import unframe
from ctseg.ui.compare.routes import MAX_BODY_BYTES, PASS_HEADER, compare_routes
from ctseg.ui.server.open_pages import SESSIONS
from ctseg.ui.server.sessions import Session
from ctseg.ui.server.uploads import FULL

PAGE = "page-of-a-route-test"
ADMITTED = ("open", "opened", "slice", "begin", "run", "cancel", "truth", "edit", "cuts", "zip")


class Visitor:
    """A page that has entered."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        entered = client.post("/compare/enter", json={"ticket": SESSIONS.ticket(PAGE)})
        self.headers = {PASS_HEADER: entered.json()["pass"]}

    def ask(self, name: str, **asked: Any) -> Any:
        return self.client.post(f"/compare/{name}", json=asked, headers=self.headers)

    def sentence(self, name: str, **asked: Any) -> str:
        answer = self.ask(name, **asked)
        assert answer.status_code == 409
        return str(answer.json()["sentence"])

    @property
    def session(self) -> Session:
        return SESSIONS.of(PAGE)


@pytest.fixture(scope="module")
def client() -> TestClient:
    """A server of these routes alone."""
    return TestClient(Starlette(routes=compare_routes()))


@pytest.fixture
def visitor(client: TestClient) -> Iterator[Visitor]:
    """A page, left at the end."""
    yield Visitor(client)
    SESSIONS.leave(PAGE)


def test_one_visit_from_example_to_download(visitor: Visitor) -> None:
    opened = visitor.ask("open", example=4).json()
    assert opened["slices"] == 1
    shown, got = unframe(visitor.ask("slice", index=0).content)
    assert got["pixels"].size == shown["width"] * shown["height"]
    (plan,) = heads(split(visitor.ask("begin", index=0, methods=["watershed"]).content))
    *_, last = heads(split(visitor.ask("run", plan=plan["plan"], method="watershed").content))
    assert last["state"] == "done"
    assert visitor.ask("truth").content == b""
    assert visitor.ask("zip", names={}).content.startswith(b"PK")
    assert visitor.ask("cancel").json() == {"cancelled": plan["plan"]}


@pytest.mark.parametrize("name", ADMITTED)
def test_nobody_without_a_pass_is_let_in(client: TestClient, visitor: Visitor, name: str) -> None:
    visitor.ask("open", example=4)
    for headers in ({}, {PASS_HEADER: "guess"}, {PASS_HEADER: PAGE}):
        answer = client.post(f"/compare/{name}", json={"index": 0}, headers=headers)
        assert answer.status_code == 403
        assert answer.json()["sentence"].endswith("reload it to go on.")


def test_what_a_pass_opens_goes_with_the_page(visitor: Visitor) -> None:
    visitor.ask("open", example=4)
    SESSIONS.leave(PAGE)
    assert visitor.ask("slice", index=0).status_code == 403


def test_a_ticket_is_good_once(client: TestClient) -> None:
    ticket = SESSIONS.ticket(PAGE)
    assert client.post("/compare/enter", json={"ticket": ticket}).status_code == 200
    assert client.post("/compare/enter", json={"ticket": ticket}).status_code == 403
    assert client.post("/compare/enter", content=b"[]").status_code == 403
    SESSIONS.leave(PAGE)


@pytest.mark.parametrize("body", [b"[]", b"{", b"x" * (MAX_BODY_BYTES + 1), b"[" * 100_000, b"\xff"])
def test_what_is_no_request_gets_one_sentence(visitor: Visitor, body: bytes) -> None:
    answer = visitor.client.post("/compare/open", content=body, headers=visitor.headers)
    assert answer.status_code == 400
    assert "reload" in answer.json()["sentence"]


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("open", {"example": 9}),
        ("open", {"example": "0"}),
        ("open", {"example": True}),
        ("slice", {"index": 10**9}),
        ("slice", {}),
        ("begin", {"index": 0, "methods": "watershed", "anew": True}),
        ("begin", {"index": 0, "methods": [None, {}]}),
        ("begin", {"index": 1, "methods": ["watershed"]}),
        ("edit", {"method": "watershed", "action": "cut", "count": float(10**9)}),
        ("cuts", {"method": "watershed"}),
        ("zip", {}),
    ],
)
def test_wrong_questions_get_one_sentence(visitor: Visitor, name: str, asked: dict[str, Any]) -> None:
    visitor.ask("open", example=4)
    assert visitor.sentence(name, **asked).endswith(".")


def test_scrolling_with_no_method_chosen_turns_the_slice(visitor: Visitor) -> None:
    visitor.ask("open", example=0)
    (plan,) = heads(split(visitor.ask("begin", index=3, methods=[]).content))
    assert plan["methods"] == []
    assert visitor.session.index == 3


def test_a_run_of_another_plan_ends_with_a_sentence(visitor: Visitor) -> None:
    (step,) = heads(split(visitor.ask("run", plan="x", method="watershed").content))
    assert step["state"] == "failed"


def test_the_opening_and_the_shelf_are_for_everybody(client: TestClient) -> None:
    header, *_ = heads(split(client.get("/compare/opening").content))
    assert header["beforehand"]
    assert len(client.get("/compare/shelf").json()) == 7


def test_the_opening_becomes_the_pages_own(visitor: Visitor) -> None:
    opened = visitor.ask("open", opening=True).json()
    assert opened["index"] == 18
    plan, *there = heads(split(visitor.ask("begin", index=18, methods=["watershed"], anew=False).content))
    assert [each["method"] for each in there] == ["watershed"]
    (plan,) = heads(split(visitor.ask("begin", index=18, methods=["watershed"], anew=True).content))
    assert plan["methods"][0]["there"] is False


def test_a_link_opens_an_image_of_an_open_board(visitor: Visitor) -> None:
    opened = visitor.ask("open", board="phantom-val", image="7.png").json()
    assert "true structures are known" in opened["remark"]
    board = open_split("phantom-val")
    session = visitor.session
    assert session.ct_slice is not None
    assert session.ct_slice.intensity == "8-bit"
    assert np.array_equal(session.ct_slice.pixels, board.slice(7).pixels)
    assert np.array_equal(np.asarray(session.truth), np.asarray(board.label_map(7)))


@pytest.mark.parametrize(
    ("board", "image", "sentence"),
    [
        ("ct-fewshot-val", "0.png", "may not be shown"),
        ("phantom-val", "60.png", "no image of this board"),
        ("phantom-val", "../../secret", "no image of this board"),
        ("<script>", "0.png", "names no board"),
        ("", "0.png", "names no board"),
    ],
)
def test_a_link_opens_nothing_else(visitor: Visitor, board: str, image: str, sentence: str) -> None:
    assert sentence in visitor.sentence("open", board=board, image=image)
    assert visitor.session.stack is None


def test_answers_are_not_kept_by_the_browser(visitor: Visitor) -> None:
    answer = visitor.ask("open", example=4)
    assert answer.headers["cache-control"] == "no-store"
    json.loads(answer.content)


def test_a_full_disk_is_said_in_one_sentence(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_asked: object) -> None:
        raise OSError(errno.ENOSPC, "no room")

    monkeypatch.setattr(routes, "results_zip", full)
    answer = visitor.ask("zip")
    assert (answer.status_code, answer.json()) == (507, {"sentence": FULL})
