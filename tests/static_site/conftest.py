"""The exported page, served below a path by a plain web server, and a browser."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ctseg import cli

ASKED: list[str] = []
"""Paths that the web server was asked for, by pages and by their workers."""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *words: Any) -> None:
        ASKED.append(self.path)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("static") / "below" / "page"
    assert cli.main(["export-static", str(out)]) == 0
    return out


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """Where the page is served: below a path, as any web server might."""
    handler = partial(Quiet, directory=str(site.parents[1]))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/below/page/"
        server.shutdown()
        thread.join(20)


@pytest.fixture
def asked_of_server() -> list[str]:
    return ASKED
