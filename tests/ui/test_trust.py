"""Nothing outlives the page, nothing passes the gate: asked over the wire, as visitors and strangers do."""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pydicom
import pytest
from small_slices import HEAD
from visitor import META, Visitor
from visitors_app import leave, served_pages, wait_for

from ctseg.ui.server.housekeeping import private_upload_folder
from ctseg.ui.server.open_pages import SESSIONS
from ctseg.ui.server.pages import Pages
from ctseg.ui.server.rules import RULES
from ctseg.ui.server.uploads import UPLOADS

FILE_NAME = "Doe^Jane-1953.dcm"
PATIENT = "NEEDLE^OF^A^TEST"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """The app, served."""
    with served_pages(tmp_path_factory.mktemp("trust")) as served:
        yield served


@pytest.fixture(scope="module")
def client(pages: Pages) -> Iterator[httpx.Client]:
    """A stranger."""
    with httpx.Client(base_url=str(pages.local_url), timeout=120, trust_env=False) as stranger:
        yield stranger


@pytest.fixture(scope="module")
def patient_file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A slice with a patient's name in it."""
    dataset = pydicom.dcmread(HEAD)
    dataset.PatientName = PATIENT
    path = tmp_path_factory.mktemp("patient") / "slice.dcm"
    dataset.save_as(path)
    return path.read_bytes()


@pytest.mark.thorough
def test_equal_files_of_two_visitors_have_a_place_each(pages: Pages, patient_file: bytes) -> None:
    first, second = Visitor(str(pages.local_url), "first"), Visitor(str(pages.local_url), "second")
    try:
        with ThreadPoolExecutor(2) as pool:
            sent = list(pool.map(lambda visitor: visitor.upload(patient_file), (first, second)))
            assert sent[0]["path"] != sent[1]["path"]
            list(pool.map(lambda visitor, file: visitor.event("on_upload", [[file]]), (first, second), sent))
        answers = [visitor.ask("slice", index=0).content for visitor in (first, second)]
        assert answers[0] == answers[1]
        leave(first, pages)
        assert second.ask("slice", index=0).content == answers[1]
    finally:
        leave(second, pages)


@pytest.mark.thorough
def test_nothing_is_told_of_a_page_that_was_left(
    pages: Pages, client: httpx.Client, patient_file: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    visitor = Visitor(str(pages.local_url), "leaving")
    sent = visitor.upload(patient_file, FILE_NAME)
    output = visitor.event("on_upload", [[sent]])
    shown = visitor.ask("slice", index=0).content
    assert visitor.ask("begin", index=0, methods=["watershed"]).status_code == 200
    pixels = shown[-200:]
    assert len(shown) > 1000
    headers = visitor.headers
    leave(visitor, pages)

    needles = [PATIENT.encode(), FILE_NAME.encode(), pixels]
    told = dict(_walk(pages, client, "leaving", sent["path"], headers))
    assert len(told) > 60
    assert [address for address, body in told.items() if any(needle in body for needle in needles)] == []
    for path in private_upload_folder().rglob("*"):
        assert not path.is_file() or not any(needle in path.read_bytes() for needle in needles)
    assert FILE_NAME not in json.dumps(output)
    assert all(session.stack is None for session in SESSIONS)
    said = capfd.readouterr()
    assert not any(word in said.out + said.err for word in (FILE_NAME, PATIENT, "Traceback"))


def _walk(
    pages: Pages, client: httpx.Client, key: str, path: str, headers: dict[str, str]
) -> Iterator[tuple[str, bytes]]:
    """Ask every route of the app with what a page that was left knew."""
    filled = {"session_hash": key, "path_or_url": path, "path": path, "event_id": key}
    body = {"session_hash": key, "data": [], "fn_index": 1, "event_id": key, "index": 0, "component_id": 1}
    for route in _routes(pages.app):
        template = route.path
        address = re.sub(r"{(\w+)(?::\w+)?}", lambda found: filled.get(found[1], "x"), template)
        for method in sorted(route.methods or ()):
            asked = {"json": body} if method == "POST" else {}
            params = {"session_hash": key, "deep_link": "x"}
            with client.stream(method, address, params=params, headers=headers, **asked) as answer:
                yield f"{method} {address}", _begin(answer)


def _routes(router: Any) -> Iterator[Any]:
    """Return all routes of the app, those of routers inside it too."""
    for route in router.routes:
        if hasattr(route, "original_router"):
            yield from _routes(route.original_router)
        elif hasattr(route, "methods"):
            yield route


def _begin(answer: httpx.Response) -> bytes:
    """Return an answer, or how it begins where it goes on for ever."""
    if answer.headers.get("content-type", "").startswith("text/event-stream"):
        return next(answer.iter_raw(), b"")
    return answer.read()


def test_the_frameworks_other_routes_are_closed(pages: Pages, client: httpx.Client) -> None:
    reached = []
    for route in _routes(pages.app):
        template = route.path
        address = re.sub(r"{\w+(?::\w+)?}", "x", template)
        is_open = any(rule.paths.fullmatch(address) for rule in RULES)
        if not is_open:
            answer = client.request("POST" if "POST" in route.methods else "GET", address)
            assert answer.status_code == 404, address
            reached.append(template)
    for name in ("deep_link", "process_recording", "vibe-edit", "stream", "proxy=", "monitoring", "token"):
        assert any(name in template for template in reached), name


def test_what_a_page_shows_is_not_stored_for_a_second_request(pages: Pages, client: httpx.Client) -> None:
    assert client.get("/gradio_api/deep_link", params={"session_hash": "x"}).status_code == 404
    assert not (private_upload_folder() / "deep_links").exists()
    assert pages.state_session_capacity <= 256
    assert pages.state_holder.capacity <= 256


def _file(path: Any, **further: Any) -> dict[str, Any]:
    return {"path": path, "meta": META} | further


LONG = "x" * 2_000_000
WRONG_CALLS: list[tuple[str, Any, int]] = [
    ("call/segment", {}, 422),
    ("call/segment", [], 400),
    ("call/segment", {"data": None}, 422),
    ("call/segment", {"data": []}, 422),
    ("call/segment", {"data": [None, "watershed", -1, 4]}, 422),
    ("call/segment", {"data": [3, "watershed", -1]}, 422),
    ("call/segment", {"data": [{}, "watershed", -1]}, 422),
    ("call/segment", {"data": [_file("/etc/passwd"), "watershed", -1]}, 422),
    ("call/segment", {"data": [_file("http://192.0.2.1/x.dcm"), "watershed", -1]}, 422),
    ("call/segment", {"data": [_file("a\0b"), "watershed", -1]}, 422),
    ("call/segment", {"data": [_file(None), "watershed", -1]}, 422),
    ("call/segment", {"data": [_file("x", url="http://192.0.2.1/x"), "watershed", -1]}, 422),
    ("call/segment", {"data": [None, 7, -1]}, 422),
    ("call/segment", {"data": [None, "a\0b", -1]}, 422),
    ("call/segment", {"data": [None, LONG, -1]}, 413),
    ("call/segment", {"data": [None, LONG[:100_000], -1]}, 422),
    ("call/segment", {"data": [None, "watershed", "first"]}, 422),
    ("call/segment", {"data": [None, "watershed", True]}, 422),
    ("call/segment", {"data": [None, "watershed", [1]]}, 422),
    ("call/segment", {"data": [None, "watershed", -1], "session_hash": "../x"}, 400),
    ("call/segment", {"data": [None, "watershed", -1], "session_hash": 5}, 400),
    ("call/v2/segment", {"flie": None}, 422),
    ("call/v2/segment", {"file": None, "method": 3}, 422),
    ("call/v2/board", {"board": LONG}, 413),
    ("call/board", {"data": [["phantom-val"]]}, 422),
    ("call/no-such", {"data": []}, 404),
    ("call/on_upload", {"data": [None]}, 404),
    ("call/submit", {"data": [None, None, None, None, None, None]}, 422),
    ("call/submit", {"data": [None, 1, 2, 3, 4, 5, {}]}, 422),
    ("queue/join", {"data": [], "fn_index": 0}, 400),
    ("queue/join", {"data": [], "fn_index": 0, "session_hash": ""}, 400),
    ("queue/join", {"data": [], "fn_index": 10**9, "session_hash": "s"}, 404),
    ("queue/join", {"data": [], "fn_index": "0", "session_hash": "s"}, 404),
    ("queue/join", {"data": [], "fn_index": None, "session_hash": "s"}, 404),
    ("queue/join", {"data": "x", "fn_index": 6, "session_hash": "s"}, 422),
    ("queue/join", {"data": [], "fn_index": 6, "session_hash": "s", "trigger_id": [1]}, 422),
    ("run/predict", {"data": [None]}, 400),
    ("run/predict", {"data": [None], "fn_index": 1, "session_hash": "s"}, 404),
    ("component_server", {"data": "x"}, 400),
    ("component_server", {"session_hash": "s", "component_id": 1, "fn_name": "__class__", "data": "x"}, 404),
    ("component_server", {"session_hash": "s", "component_id": "x", "fn_name": "f", "data": "x"}, 404),
    ("component_server", {"session_hash": "s", "component_id": 1, "fn_name": LONG, "data": "x"}, 413),
    ("cancel", {}, 422),
    ("cancel", {"session_hash": "s", "event_id": "e", "fn_index": "many"}, 422),
    ("reset", {"event_id": 4}, 422),
    ("upload", {}, 400),
]


@pytest.mark.parametrize(("call", "body", "status"), WRONG_CALLS, ids=lambda value: str(value)[:60])
def test_wrong_calls_get_one_sentence(client: httpx.Client, call: str, body: Any, status: int) -> None:
    _is_refused(client.post(f"/gradio_api/{call}", json=body), status)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe", b'{"data": [null, "x", NaN]}', b"[" * 100_000, b'{"data": [1e999]}', b"null"],
)
@pytest.mark.parametrize("call", ["call/segment", "queue/join", "component_server", "cancel"])
def test_what_is_no_json_gets_one_sentence(client: httpx.Client, call: str, body: bytes) -> None:
    answer = client.post(f"/gradio_api/{call}", content=body, headers={"content-type": "application/json"})
    _is_refused(answer, answer.status_code)
    assert answer.status_code in (400, 422)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/gradio_api/call/segment/no-such-event", 404),
        ("/gradio_api/call/segment/0123456789abcdef", 404),
        ("/gradio_api/queue/data", 404),
        ("/gradio_api/queue/data?session_hash=no-such", 404),
        ("/gradio_api/upload_progress?upload_id=no-such", 404),
        ("/gradio_api/file=/etc/passwd", 403),
        ("/gradio_api/file=http://192.0.2.1/x", 403),
        ("/boards/no-board/images.zip", 404),
        ("/boards/phantom-val/labels.zip", 404),
        ("/boards/phantom-val/thumbnails/%00", 404),
        ("/compare/begin", 405),
        ("/no-such-page", 404),
    ],
)
def test_wrong_links_get_one_sentence(client: httpx.Client, address: str, status: int) -> None:
    answer = client.get(address)
    assert answer.status_code == status
    assert "Traceback" not in answer.text
    assert len(answer.text) < 400


@pytest.mark.parametrize(
    "query", ["board=%00", "board=" + "x" * 5000, "board[]=1&image=NaN", "deep_link=../x", "board=ä"]
)
@pytest.mark.parametrize("page", ["/", "/leaderboard", "/submit", "/methods"])
def test_odd_links_open_the_page_all_the_same(client: httpx.Client, page: str, query: str) -> None:
    assert client.get(f"{page}?{query}").status_code == 200


def _is_refused(answer: httpx.Response, status: int) -> None:
    assert answer.status_code == status, answer.text
    sentence = answer.json()["detail"]
    assert isinstance(sentence, str)
    assert sentence.endswith(".")
    assert len(sentence) < 200
    assert "Traceback" not in sentence


def test_wrong_values_inside_a_call_end_in_one_sentence(
    pages: Pages, capfd: pytest.CaptureFixture[str]
) -> None:
    """What only the call itself can tell comes in its answer, and never as {"error": null}."""
    visitor = Visitor(str(pages.local_url), "wrong")
    gone = _file(str(private_upload_folder() / f"in-{'0' * 32}" / "upload"), orig_name=FILE_NAME)
    try:
        for call, data in (
            ("segment", [None, "watershed", -1]),
            ("segment", [gone, "watershed", -1]),
            ("segment", [gone, None, None]),
            ("segment", [gone, "watershed", 1e300]),
            ("board", ["no-such"]),
            ("board", [None]),
            ("submit", [None, "no-such", None, None, None, None, None]),
            ("submit", [gone, "lab-open", "a", "b", "c", "d", {"x": 1}]),
            ("on_board", ["no-such"]),
            ("on_refuse", []),
        ):
            sentence = visitor.event(call, data)["error"]
            assert isinstance(sentence, str), (call, data)
            assert sentence.endswith("."), (call, data)
    finally:
        leave(visitor, pages)
    said = capfd.readouterr()
    assert "Traceback" not in said.out + said.err
    assert FILE_NAME not in said.out + said.err


def test_programs_files_go_with_their_session(pages: Pages, patient_file: bytes) -> None:
    visitor = Visitor(str(pages.local_url), "program")
    output = visitor.event("segment", [visitor.upload(patient_file), "watershed", -1])
    labels = Path(output["data"][0]["path"])
    assert labels.exists()
    leave(visitor, pages)
    wait_for(lambda: not labels.exists())


def test_health_tells_counts_and_no_names(client: httpx.Client, pages: Pages, patient_file: bytes) -> None:
    visitor = Visitor(str(pages.local_url), "healthy")
    sent = visitor.upload(patient_file, FILE_NAME)
    told = client.get("/health")
    assert (told.status_code, told.json()["status"]) == (200, "ok")
    assert told.json()["uploads"] == {"files": 1, "bytes": len(patient_file)}
    visitor.event("on_upload", [[sent]])
    assert client.get("/health").json()["slices"]["pages"] == 1
    assert UPLOADS.files == 0
    leave(visitor, pages)
    assert client.get("/health").json()["slices"] == {"pages": 0, "bytes": 0}
    assert "Doe" not in told.text
