"""The exported page, served below a path by a plain web server, and a browser."""

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from loopback import serving

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
    with serving(partial(Quiet, directory=str(site.parents[1]))) as port:
        yield f"http://127.0.0.1:{port}/below/page/"


@pytest.fixture
def asked_of_server() -> list[str]:
    return ASKED
