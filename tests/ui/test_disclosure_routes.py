"""No page, route or named call tells scores of single images, or labels, of a sealed board."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small_boards

from ctseg.cli import main
from ctseg.leaderboard.results.store import all_results
from ctseg.leaderboard.submissions.service import open_service
from ctseg.ui import app
from ctseg.ui.leaderboard.page import board_api, wanted_file
from ctseg.ui.server.downloads import download_routes

NEEDLE = "0.314159"
PAGES = ("/", "/leaderboard", "/submit", "/methods", "/config", "/gradio_api/info")


@pytest.fixture
def sealed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sealed board with one entry; the needle is the score of each of its images."""
    for name, value in small_boards.set_up(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("SYSTEM", raising=False)
    path = small_boards.write(tmp_path / "files", "y.npz", small_boards.guess(1))
    assert main(["submit", str(path), "--board", small_boards.SEALED, "--name", "Mine"]) == 0
    (result,) = all_results(tmp_path / "store")
    file = tmp_path / "store" / "entries" / result.predictions_sha256 / "result.json"
    stored = json.loads(file.read_text(encoding="utf-8"))
    for scores in stored["scores"]:
        scores.update(dict.fromkeys(scores, float(NEEDLE)))
    file.write_text(json.dumps(stored), encoding="utf-8")
    return tmp_path


@pytest.fixture
def url(sealed: Path) -> Iterator[str]:
    """The address of the pages while they are served."""
    pages = app.build(open_service())
    pages.launch(
        prevent_thread_lock=True,
        quiet=True,
        ssr_mode=False,
        app_kwargs={"routes": download_routes()},
    )
    yield str(pages.local_url).rstrip("/")
    pages.close()


def _answer(address: str) -> bytes:
    try:
        with urllib.request.urlopen(address) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError as error:
        return bytes(error.read())


def _labels(folder: Path) -> list[bytes]:
    files = sorted((folder / "kept" / "labels").iterdir())
    return [path.read_bytes() for path in files]


def test_no_route_tells_of_single_images(url: str, sealed: Path) -> None:
    addresses = [f"{page}?board={small_boards.SEALED}" for page in PAGES]
    addresses += [
        f"/boards/{small_boards.SEALED}/{name}" for name in ("images.zip", "example.csv.gz", "labels.zip")
    ]
    for address in addresses:
        content = _answer(url + address)
        assert NEEDLE.encode() not in content, address
        assert not any(label in content for label in _labels(sealed)), address


def test_no_named_call_tells_of_single_images(sealed: Path) -> None:
    answers: list[Any] = [board_api(small_boards.SEALED)]
    answers += [wanted_file(f"{small_boards.SEALED} {kind}") for kind in ("csv", "json", "images", "labels")]
    text = json.dumps(answers)
    assert "Mine" in text
    assert NEEDLE not in text
    (row,) = answers[0]
    assert row["structures_found"] == np.round(row["structures_found"])
    assert all(
        value is None or round(value, 2) == value for key, value in row.items() if key in ("ari", "split")
    )
