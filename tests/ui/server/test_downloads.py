"""What a board hands out over HTTP: never an image of a board whose images may not be shown."""

import io
from pathlib import Path

import pytest
import small_boards
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from ctseg.ui.server.downloads import THUMBNAIL_PX, download_routes


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """A client of the routes alone, with small boards."""
    for name, value in small_boards.set_up(tmp_path).items():
        monkeypatch.setenv(name, value)
    return TestClient(Starlette(routes=download_routes()))


@pytest.mark.parametrize("board", [small_boards.OPEN, small_boards.SEALED])
def test_thumbnails_of_boards_whose_images_may_be_shown(client: TestClient, board: str) -> None:
    answer = client.get(f"/boards/{board}/thumbnails/0.png")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert max(Image.open(io.BytesIO(answer.content)).size) <= THUMBNAIL_PX


@pytest.mark.parametrize(
    "path",
    [
        f"{small_boards.OWN_IMAGES}/thumbnails/0.png",
        f"{small_boards.OPEN}/thumbnails/9.png",
        f"{small_boards.OPEN}/thumbnails/..%2Flabels%2F0.png",
        "no-board/thumbnails/0.png",
        f"{small_boards.OWN_IMAGES}/images.zip",
    ],
)
def test_nothing_else_is_handed_out(client: TestClient, path: str) -> None:
    answer = client.get(f"/boards/{path}")
    assert answer.status_code == 404
    assert not answer.content.startswith(b"\xff\xd8")
