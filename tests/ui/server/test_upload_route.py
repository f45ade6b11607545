"""The route of uploads: multipart forms as browsers and strangers send them."""

from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from ctseg.ui.server import uploads as module
from ctseg.ui.server.upload_route import MAX_FILES_AT_ONCE, UPLOAD_PATH, upload_routes
from ctseg.ui.server.uploads import Uploads

FORM = {"content-type": "multipart/form-data; boundary=b"}
PART = b'--b\r\nContent-Disposition: form-data; name="files"; filename="Doe^Jane.dcm"\r\n\r\nDICM'


@pytest.fixture
def uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Uploads:
    """Places in a folder of the test."""
    monkeypatch.setenv("CTSEG_FREE_MB", "0")
    return Uploads(tmp_path)


@pytest.fixture
def client(uploads: Uploads) -> TestClient:
    """A server of these routes alone."""
    return TestClient(Starlette(routes=upload_routes(uploads)))


def _send(client: TestClient, *contents: bytes, name: str = "Doe^Jane.dcm") -> Any:
    return client.post(UPLOAD_PATH, files=[("files", (name, content)) for content in contents])


def test_files_arrive_whole_each_in_its_place(client: TestClient, uploads: Uploads) -> None:
    contents = [b"a" * 200_000, b"", b"--b\r\n", bytes(range(256))]
    paths = [Path(path) for path in _send(client, *contents).json()]
    assert [path.read_bytes() for path in paths] == contents
    assert uploads.bytes == sum(map(len, contents))
    assert len({path.parent for path in paths}) == len(paths)


@pytest.mark.parametrize("name", ["../../x", "a\x00b", "x" * 5000, "", "Jäne.dcm"])
def test_a_files_name_reaches_no_path(client: TestClient, uploads: Uploads, name: str) -> None:
    _send(client, b"x", name=name)
    assert {path.name for path in uploads.folder.rglob("*") if path.is_file()} <= {module.NAME}


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, b"x"),
        ({"content-type": "multipart/form-data"}, b"x"),
        ({"content-type": "application/json"}, b"[]"),
        (FORM, b""),
        (FORM, b"no form"),
        (FORM, PART),
        (FORM, PART + b"\r\n--b"),
        (FORM, b'--b\r\nContent-Disposition: form-data; name="other"\r\n\r\nx\r\n--b--\r\n'),
        (FORM, b"--b\r\nX: y\r\n\r\nx\r\n--b--\r\n"),
        (FORM, b"--b\r\n" + b"X" * 100_000 + b": y\r\n\r\nx\r\n--b--\r\n"),
    ],
)
def test_what_is_no_form_gets_one_sentence_and_leaves_nothing(
    client: TestClient, uploads: Uploads, headers: dict[str, str], body: bytes
) -> None:
    answer = client.post(UPLOAD_PATH, content=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["detail"].endswith(".")
    assert list(uploads.folder.iterdir()) == []
    assert (uploads.files, uploads.bytes) == (0, 0)


def test_too_many_files_at_once_leave_nothing(client: TestClient, uploads: Uploads) -> None:
    assert _send(client, *[b""] * (MAX_FILES_AT_ONCE + 1)).status_code == 413
    assert list(uploads.folder.iterdir()) == []


@pytest.mark.parametrize("number", [28, 122])
def test_a_full_disk_gives_one_sentence_and_leaves_nothing(
    client: TestClient, uploads: Uploads, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """28: no space left; 122: the quota is used up."""
    new_file = module.Arrival.new_file

    class Full:
        def __init__(self, file: Any) -> None:
            self._file = file

        def write(self, data: bytes) -> None:
            self._file.write(data[: len(data) // 2])
            raise OSError(number, "no room")

        def close(self) -> None:
            self._file.close()

    monkeypatch.setattr(module.Arrival, "new_file", lambda self: Full(new_file(self)))
    answer = _send(client, b"DICM" * 1000)
    assert answer.status_code == 507
    assert answer.json()["detail"].endswith(".")
    assert list(uploads.folder.iterdir()) == []
    assert (uploads.files, uploads.bytes) == (0, 0)


@pytest.mark.thorough
def test_a_page_sees_how_far_its_upload_is(client: TestClient) -> None:
    client.post(f"{UPLOAD_PATH}?upload_id=mine", files=[("files", ("Doe^Jane.dcm", b"x" * 1000))])
    told = client.get("/gradio_api/upload_progress?upload_id=mine")
    assert '"done"' in told.text
    assert "Doe" not in told.text  # names are forgotten with the upload
    assert client.get("/gradio_api/upload_progress?upload_id=mine").status_code == 404
