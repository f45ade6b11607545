"""Submissions through ``gradio_client``: every format on every kind of board, and what strangers may try."""

import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import small_boards
from app_server import AppServer
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from ctseg.ui.submit.run import GONE

HOSTILE = "<img src=x onerror=alert(1)>"
SEED = "3f1c9a7e5b2d8046aa17c3e95d60f284"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """The app with small boards."""
    folder = tmp_path_factory.mktemp("app")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in small_boards.set_up(folder).items():
            patch.setitem(os.environ, name, value)
        patch.setitem(os.environ, "CTSEG_BOARD_SEED", SEED)
        running = AppServer(folder)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def client(app: AppServer) -> Client:
    """A program that talks to it."""
    return Client(app.url, verbose=False, httpx_kwargs=small_boards.PATIENT)


def _submit(client: Client, path: Path, board: str, name: str = "Mine", **typed: Any) -> dict[str, Any]:
    details = {"family": "classical", "link": "https://example.org/mine", "contact": "me@example.org"} | typed
    answer: dict[str, Any] = client.predict(
        handle_file(path),
        board,
        name,
        details["family"],
        details["link"],
        details["contact"],
        ["annotated"],
        api_name="/submit",
    )
    return answer


def _uploads(app: AppServer) -> list[Path]:
    """Files with content; Gradio leaves an empty one at every call."""
    return [path for path in (app.temp / "gradio").rglob("*") if path.is_file() and path.stat().st_size]


@pytest.mark.parametrize(
    "board",
    [
        pytest.param(small_boards.OWN_IMAGES, marks=pytest.mark.slow),
        small_boards.SEALED,
        small_boards.OPEN,
    ],
)
def test_every_format_on_every_kind_of_board(
    client: Client, app: AppServer, tmp_path: Path, board: str
) -> None:
    """The same label maps are one entry, whatever the format; only open boards tell scores of images."""
    answers = [
        _submit(client, small_boards.write(tmp_path, name, small_boards.guess(1)), board)
        for name in small_boards.FORMATS
    ]
    assert [answer["accepted"] for answer in answers] == [True, False, False, False]
    assert len({answer["entry"] for answer in answers}) == 1
    first = answers[0]
    assert (first["rank"], first["of"], first["origin"]) == (1, 1, "local")
    assert [each["image"] for each in first["images"]] == (
        list(small_boards.IMAGES) if board == small_boards.OPEN else []
    )
    digits = 2 if board == small_boards.SEALED else 4
    for value in first["means"].values():
        assert round(value, digits) == value
    rows = client.predict(board, api_name="/board")
    assert [(row["title"], row["origin"]) for row in rows] == [("Mine", "local")]
    assert all(round(row["ari"], digits) == row["ari"] for row in rows)
    assert "example.org" not in str(rows)
    assert _uploads(app) == []


@pytest.mark.thorough
def test_a_perfect_submission_is_first_and_the_quota_ends(client: Client, tmp_path: Path) -> None:
    """Two a day on sealed boards, for all visitors together where nobody logs in; refusals do not count."""
    board = small_boards.SEALED
    wrong = small_boards.write(tmp_path, "y.npz", {"0.png": small_boards.guess(1)["0.png"]})
    with pytest.raises(AppError, match=r"1\.png"):
        _submit(client, wrong, board)
    perfect = small_boards.write(tmp_path, "y.zip", small_boards.truth(6))
    answer = _submit(client, perfect, board, "Perfect")
    assert (answer["rank"], answer["of"], answer["means"]["ari"]) == (1, 2, 1.0)
    more = small_boards.write(tmp_path, "y.csv", small_boards.guess(3))
    with pytest.raises(AppError, match=r"used your 2 submissions of 24 hours .* the next is possible at"):
        _submit(client, more, board, "Third")


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"name": HOSTILE}, "holds the character '<'"),
        ({"name": "=cmd()"}, "holds the character '='"),
        ({"name": "abc\u202egnp"}, "U\\+202E"),
        ({"name": "x" * 10_000}, "10000 characters"),
        ({"name": " "}, "has no name"),
        ({"name": "../../etc"}, "holds the character '/'"),
        ({"family": "[a](https://example.org)"}, "The family holds"),
        ({"link": "javascript:alert(1)"}, "must begin with https://"),
        ({"board": "no-board"}, "There is no board"),
        ({"board": HOSTILE}, "There is no board"),
    ],
)
def test_what_is_typed_is_refused_in_one_sentence(
    client: Client, app: AppServer, tmp_path: Path, typed: dict[str, str], sentence: str
) -> None:
    path = small_boards.write(tmp_path, "y.npz", small_boards.guess(9))
    with pytest.raises(AppError, match=sentence):
        _submit(client, path, **({"board": small_boards.OWN_IMAGES} | typed))
    assert _uploads(app) == []


@pytest.mark.slow
@pytest.mark.parametrize("count", [8, 50])
def test_replays_at_once_are_one_entry(app: AppServer, client: Client, tmp_path: Path, count: int) -> None:
    path = small_boards.write(tmp_path, "y.npz", small_boards.guess(count))
    title = f"Replay of {count}"

    def submit(_number: int) -> str:
        try:
            return "new" if _submit(client, path, small_boards.OPEN, title)["accepted"] else "known"
        except AppError as error:  # Gradio keeps equal files as one, so one that is scored takes the others
            return str(error)

    with ThreadPoolExecutor(count) as pool:
        answers = list(pool.map(submit, range(count)))
    assert answers.count("new") == 1
    assert set(answers) <= {"new", "known", GONE}
    rows = client.predict(small_boards.OPEN, api_name="/board")
    assert sum(row["title"] == title for row in rows) == 1
    assert _uploads(app) == []


def test_downloads_are_those_that_may_be_passed_on(app: AppServer) -> None:
    for board, status in ((small_boards.SEALED, 200), (small_boards.OWN_IMAGES, 404), ("no-board", 404)):
        for file in ("images.zip", "example.csv.gz"):
            answer = httpx.get(f"{app.url}/boards/{board}/{file}", trust_env=False)
            assert answer.status_code == status, (board, file)
    for odd in ("labels.zip", "..%2f..%2fetc%2fpasswd", ""):
        answer = httpx.get(f"{app.url}/boards/{small_boards.SEALED}/{odd}", trust_env=False)
        assert answer.status_code == 404


def test_uploads_of_unknown_or_excessive_size_are_refused(app: AppServer) -> None:
    address = f"{app.url}/gradio_api/upload"
    details = httpx.post(address, content=iter([b"x"]), trust_env=False)
    assert details.status_code == 411
    host, _, port = app.url.removeprefix("http://").partition(":")
    large = HTTPConnection(host, int(port), timeout=60)
    large.request("POST", "/gradio_api/upload", headers={"Content-Length": str(600 << 20)})
    answer = large.getresponse()
    assert (answer.status, b"512 MB" in answer.read()) == (413, True)


def test_nobody_can_say_who_they_are(app: AppServer, tmp_path: Path) -> None:
    """Where there is no login, neither headers nor cookies make one."""
    claims = {"X-Forwarded-User": "alice", "Cookie": "session=alice; oauth_info=alice", "X-HF-User": "alice"}
    stranger = Client(app.url, verbose=False, httpx_kwargs=small_boards.PATIENT, headers=claims)
    path = small_boards.write(tmp_path, "y.npz", small_boards.guess(1))
    answer = _submit(stranger, path, small_boards.OPEN)
    assert (answer["user"], answer["origin"]) == ("local", "local")


def test_compare_still_refuses_over_64_mb(client: Client, app: AppServer, tmp_path: Path) -> None:
    large = tmp_path / "large.png"
    with large.open("wb") as file:
        file.truncate((64 << 20) + 1)
    with pytest.raises(AppError, match="more than the 64 MB"):
        client.predict(handle_file(large), "watershed", -1, api_name="/segment")
    assert _uploads(app) == []


def test_the_api_keeps_its_names(client: Client) -> None:
    named = client.view_api(return_format="dict")["named_endpoints"]
    assert set(named) == {"/segment", "/methods", "/board", "/submit"}
    asked = [each["parameter_name"] for each in named["/submit"]["parameters"]]
    assert asked == ["file", "board", "name", "family", "link", "contact", "saw"]


@pytest.mark.thorough
def test_a_strangers_walk_finds_no_true_label(app: AppServer, client: Client, tmp_path: Path) -> None:
    """Every page, route and call, and files asked for by name: no label map, contact, or place of data."""
    small = {
        **small_boards.truth(5),
        **{f"sealed-{name}": each for name, each in small_boards.truth(6).items()},
    }
    folder = app.log.parent
    needles = {f"{name} raw": each.tobytes() for name, each in small.items()}
    kept = [*folder.glob("kept/**/*.png"), *folder.glob("data/**/*.png")]
    needles |= {
        str(path): path.read_bytes() for path in kept if "labels" in path.parts or "data" in path.parts
    }
    needles |= {"contact": b"me@example.org", "seed": SEED.encode(), "place": str(folder / "kept").encode()}
    bodies = dict(_walk(app, folder))
    assert len(bodies) > 40
    for address, body in bodies.items():
        # A path that is asked for comes back in the refusal.
        path = address.partition("file=")[2].encode()
        details = body.replace(path, b"") if path else body
        found = [name for name, needle in needles.items() if needle in details]
        assert found == [], address
    assert _truth_on_compare(client) == []


def _walk(app: AppServer, folder: Path) -> Iterator[tuple[str, bytes]]:
    pages = [
        "/",
        "/leaderboard",
        "/submit",
        "/methods",
        "/config",
        "/gradio_api/info",
        "/openapi.json",
        "/docs",
    ]
    boards = [small_boards.SEALED, small_boards.OWN_IMAGES, "phantom-val", "phantom-sealed"]
    pages += [f"{page}?board={board}" for page in ("/", "/leaderboard", "/submit") for board in boards]
    pages += [f"/?board={board}&image=0.png" for board in boards]
    pages += [
        f"/boards/{small_boards.SEALED}/{file}" for file in ("images.zip", "example.csv.gz", "labels.zip")
    ]
    files = [path for path in folder.rglob("*") if path.is_file() and path != app.log]
    pages += [f"/gradio_api/file={path}" for path in files if "temp" not in path.parts]
    pages += [f"/file={path}" for path in files if "kept" in path.parts]
    with httpx.Client(base_url=app.url, trust_env=False, timeout=60) as browser:
        for page in pages:
            yield page, browser.get(page).content
        config = browser.get("/config").json()
        for call in config["dependencies"]:
            inputs = [_plausible(config, number) for number in call["inputs"]]
            asked = {"data": inputs, "fn_index": call["id"], "session_hash": f"walk{call['id']}"}
            asked |= {"event_data": {"board": small_boards.SEALED, "image": "0.png", "index": 0}}
            browser.post("/gradio_api/queue/join", json=asked)
            with browser.stream("GET", f"/gradio_api/queue/data?session_hash=walk{call['id']}") as stream:
                body = b""
                for line in stream.iter_lines():
                    body += line.encode() + b"\n"
                    if re.search(rb"process_completed|close_stream|unexpected_error", body):
                        break
            yield f"call {call['id']}", body


def _plausible(config: dict[str, Any], number: int) -> Any:
    component = next(each for each in config["components"] if each["id"] == number)
    choices = component["props"].get("choices") or []
    if (
        component["props"].get("elem_id") in ("board", "submit-board")
        or component["props"].get("label") == "board"
    ):
        return small_boards.SEALED
    if choices and component["type"] != "checkboxgroup":
        return choices[0][1] if isinstance(choices[0], list) else choices[0]
    return component["props"].get("value")


def _truth_on_compare(client: Client) -> list[str]:
    """Return boards whose image opens on the Compare page together with its true label map."""
    from ctseg.ui.compare.examples import open_board_image

    del client
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CTSEG_BOARD_SEED", "0123456789abcdef" * 2 + "00112233")
        return ["phantom-sealed"] if open_board_image("phantom-sealed", "0.png").truths is not None else []


@pytest.mark.slow
def test_the_sealed_phantom_of_a_secret_takes_submissions(tmp_path: Path) -> None:
    """60 slices are drawn for it; on an app of its own, for sealed boards share a quota."""
    maps = {f"{number}.png": np.zeros((512, 512), np.uint8) for number in range(60)}
    for label_map in maps.values():
        label_map[200:300, 150:350] = 1
    path = small_boards.write(tmp_path, "y.npz", maps)
    (tmp_path / "app").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CTSEG_STORE", str(tmp_path / "store"))
        patch.setenv("CTSEG_LEADERBOARD", str(tmp_path / "results"))
        patch.setenv("CTSEG_BOARD_SEED", SEED)
        running = AppServer(tmp_path / "app")
    try:
        client = Client(running.url, verbose=False, httpx_kwargs=small_boards.PATIENT)
        answer = _submit(client, path, "phantom-sealed")
    finally:
        running.stop()
    assert (answer["rank"], answer["images"], answer["patients"]) == (1, [], 60)
    assert all(round(value, 2) == value for value in answer["means"].values())
