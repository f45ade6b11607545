"""The app's own description of its calls, tried by a machine that makes up calls, right and wrong."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from visitors_app import served_pages

from ctseg.ui.server.pages import Pages

schemathesis = pytest.importorskip("schemathesis")
pytestmark = pytest.mark.slow
TRIES = 25


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """The app, served."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_PROXY", "127.0.0.1,localhost")
        with served_pages(tmp_path_factory.mktemp("described")) as served:
            yield served


@pytest.mark.parametrize("mode", ["positive", "negative"])
def test_no_made_up_call_fails_without_a_sentence(
    pages: Pages, mode: str, capfd: pytest.CaptureFixture[str]
) -> None:
    url = str(pages.local_url).rstrip("/")
    with httpx.Client(base_url=url, timeout=120, trust_env=False) as client:
        description = _mended(client.get("/gradio_api/openapi.json").json())
        schema = schemathesis.openapi.from_dict(description)
        schema.config.update(base_url=url)
        operations = [found.ok() for found in schema.get_all_operations()]
        assert len(operations) >= 9  # the upload, and each call with its answer
        tried = [_try(client, operation, schemathesis.GenerationMode(mode)) for operation in operations]
    assert sum(tried) >= len(operations)
    said = capfd.readouterr()
    assert "Traceback" not in said.out + said.err


def _mended(part: Any) -> Any:
    """Return the description without empty types: Gradio writes one for what may be any JSON."""
    if isinstance(part, dict):
        return {key: _mended(value) for key, value in part.items() if (key, value) != ("type", {})}
    return [_mended(value) for value in part] if isinstance(part, list) else part


def _try(client: httpx.Client, operation: Any, mode: Any) -> int:
    """Ask with made-up calls of one operation and return how many."""
    asked = 0

    @settings(max_examples=TRIES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        nonlocal asked
        asked += 1
        answer = case.call()
        text = answer.text
        assert "Traceback" not in text
        if answer.status_code == 200:
            _check_answer(client, operation.path, answer.json() if operation.method == "post" else None)
            return
        assert answer.status_code not in (500, 502), text
        assert str(answer.json()["detail"]).endswith("."), text

    try:
        ask()
    except Unsatisfiable:  # an operation may have no wrong calls
        return asked
    return asked


def _check_answer(client: httpx.Client, path: str, body: Any) -> None:
    """Read what comes of a call that was let in: data or one sentence."""
    if not isinstance(body, dict) or "event_id" not in body:
        return
    told = client.get(f"{path.replace('/v2', '')}/{body['event_id']}").text
    if "event: error" in told:
        error = json.loads(told.partition("event: error\ndata: ")[2].partition("\n")[0])
        assert isinstance(error["error"], str), told
        assert error["error"].endswith("."), told
