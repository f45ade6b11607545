"""The first page's HTML asks for the stage and for what it opens on, before the framework's script."""

import re

import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from ctseg.ui.compare.early import EarlyStage
from ctseg.ui.compare.routes import compare_routes
from ctseg.ui.components.display import TITLE

HEAD = '<html><head><meta\n\tproperty="og:title" content="Somebody else" />'
PAGE = HEAD + '<script type="module" src="x.js"></script></head></html>'


@pytest.fixture(scope="module")
def client() -> TestClient:
    """A server of two pages of the framework, and of the stage's routes."""

    def page(_request: object) -> HTMLResponse:
        return HTMLResponse(PAGE)

    routes = [Route("/", page), Route("/leaderboard", page), *compare_routes()]
    return TestClient(EarlyStage(Starlette(routes=routes)))


def test_the_first_page_brings_the_stage_and_no_other_does(client: TestClient) -> None:
    first = client.get("/")
    assert first.headers["content-length"] == str(len(first.content))
    before, _, after = first.text.partition('<script type="module"')
    assert "stage.js" in before
    assert f"<title>{TITLE}</title>" in before
    assert f'<meta property="og:title" content="{TITLE}">' in before
    assert "Somebody else" not in first.text
    assert 'fetch("compare/opening")' in before
    assert before.index("theme.css") < before.index("stage.js")
    assert after == PAGE.partition('<script type="module"')[2]
    assert client.get("/leaderboard").text == PAGE


def test_what_it_asks_for_is_there_and_kept_under_its_version_only(client: TestClient) -> None:
    for name, media_type in (("stage.js", "text/javascript"), ("stage.css", "text/css")):
        (versioned,) = re.findall(rf"compare/{re.escape(name)}\?v=[0-9a-f]{{12}}", client.get("/").text)
        kept, plain = client.get(f"/{versioned}"), client.get(f"/compare/{name}")
        assert kept.headers["content-type"].startswith(media_type)
        assert "immutable" in kept.headers["cache-control"]
        assert plain.headers["cache-control"] == "no-cache"
        assert kept.text == plain.text
        assert len(kept.text) > 1000
