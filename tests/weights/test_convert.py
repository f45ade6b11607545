"""Outside checkpoints: accepted by sha256, opened without running code, kept as safetensors."""

import io
import pickle
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from hub import StandInHub
from safetensors.torch import load_file
from weights_process import Client, table

import ctseg

REPO = "another/checkpoints"
PATH = "folder/small.pth"


def _saved(content: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


TENSORS = {"a.weight": torch.arange(6.0).reshape(2, 3).T, "a.bias": torch.ones(3, dtype=torch.float16)}
CHECKPOINT = _saved(TENSORS)


class _Harmful:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (open, (str(self.path), "w"))


def _list(client: Client, content: bytes) -> None:
    client.write_manifest(table("outside", content, file="small.pth", repo=REPO, path=PATH))


@pytest.fixture
def outside(client: Client, hub: StandInHub) -> Client:
    """A client whose manifest has one outside checkpoint, which lies on the Hub."""
    hub.publish(REPO, PATH, CHECKPOINT)
    _list(client, CHECKPOINT)
    return client


def _convert(client: Client, **arguments: Any) -> dict[str, Any]:
    return client.run("fetch_converted", file_name="small.pth", **arguments)


def test_checkpoint_becomes_safetensors_and_is_dropped(outside: Client, hub: StandInHub) -> None:
    path = Path(_convert(outside)["path"])
    assert path.suffix == ".safetensors"
    loaded = load_file(path)
    assert loaded.keys() == TENSORS.keys()
    assert all(torch.equal(loaded[name], tensor) for name, tensor in TENSORS.items())
    assert list(outside.home.rglob("*.pth")) == []
    assert hub.seen[0][1] == f"/{REPO}/resolve/main/{PATH}"


def test_converted_file_is_used_again_without_the_network(outside: Client, hub: StandInHub) -> None:
    first = _convert(outside)
    hub.fault = 404
    assert _convert(outside)["path"] == first["path"]
    assert len(hub.seen) == 1


@pytest.mark.parametrize("harm", ["changed file", "changed record", "no record"])
def test_converted_file_that_does_not_match_its_record_is_made_again(outside: Client, harm: str) -> None:
    path = Path(_convert(outside)["path"])
    record = path.with_name(path.name + ".sha256")
    if harm == "changed file":
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    elif harm == "changed record":
        record.write_text("0" * 64)
    else:
        record.unlink()
    assert _convert(outside)["steps"][-1] == [len(CHECKPOINT), len(CHECKPOINT)]
    assert torch.equal(load_file(path)["a.weight"], TENSORS["a.weight"])


def test_repository_and_revision_are_settings(outside: Client, hub: StandInHub) -> None:
    hub.publish("mirror/sam", PATH, CHECKPOINT)
    assert _convert(outside, repo="mirror/sam", revision="v1")["error"] is None
    assert hub.seen[0][1] == f"/mirror/sam/resolve/v1/{PATH}"


def test_local_file_is_used_and_left_where_it_is(outside: Client, hub: StandInHub, tmp_path: Path) -> None:
    local = tmp_path / "mine.pth"
    local.write_bytes(CHECKPOINT)
    assert _convert(outside, local_file=str(local))["error"] is None
    assert local.read_bytes() == CHECKPOINT
    assert hub.seen == []


@pytest.mark.parametrize(("content", "sentence"), [(None, "There is no file"), (b"x", "is not small.pth")])
def test_wrong_local_file_is_refused(
    outside: Client, tmp_path: Path, content: bytes | None, sentence: str
) -> None:
    local = tmp_path / "mine.pth"
    if content is not None:
        local.write_bytes(content)
    assert sentence in _convert(outside, local_file=str(local))["error"]


def test_tampered_checkpoint_is_never_opened(outside: Client, hub: StandInHub, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    harmful = pickle.dumps(_Harmful(trace))
    hub.publish(REPO, PATH, harmful.ljust(len(CHECKPOINT), b"\0"))
    assert "its sha256 differs" in _convert(outside)["error"]
    assert not trace.exists()


@pytest.mark.parametrize("kind", ["bare pickle", "inside a checkpoint"])
def test_code_does_not_run_even_where_the_sha256_matches(
    client: Client, hub: StandInHub, tmp_path: Path, kind: str
) -> None:
    trace = tmp_path / "trace"
    harmful = _Harmful(trace)
    content = pickle.dumps(harmful) if kind == "bare pickle" else _saved({"a": harmful})
    hub.publish(REPO, PATH, content)
    _list(client, content)
    assert "is not a torch checkpoint" in _convert(client)["error"]
    assert not trace.exists()


@pytest.mark.parametrize("content", [torch.ones(2), {"epoch": 3}, {1: torch.ones(2)}])
def test_checkpoint_of_other_things_is_refused(client: Client, hub: StandInHub, content: Any) -> None:
    saved = _saved(content)
    hub.publish(REPO, PATH, saved)
    _list(client, saved)
    assert "does not hold named tensors only" in _convert(client)["error"]


def test_disk_that_is_full_when_the_converted_file_is_written(outside: Client, tmp_path: Path) -> None:
    local = tmp_path / "mine.pth"
    local.write_bytes(CHECKPOINT)
    answer = _convert(outside, local_file=str(local), file_size_limit=100)
    assert "cannot be stored in the cache; free 0.00" in answer["error"]
    assert list(outside.home.rglob("*.part")) == []


def test_outside_checkpoint_is_not_handed_out_as_it_is(outside: Client) -> None:
    assert "is never loaded as it is" in outside.run(file_name="small.pth")["error"]


def test_one_place_opens_pickles_and_it_does_so_safely() -> None:
    sources = {path.name: path.read_text() for path in Path(ctseg.__file__).parent.rglob("*.py")}
    opener = re.compile(
        r"torch\.load\(|\bpickle\b|\bjoblib\b|\bmarshal\b|\bshelve\b|allow_pickle\s*=\s*True|weights_only\s*=\s*False"
    )
    prose = re.compile(r'""".*?"""|#.*?$', re.DOTALL | re.MULTILINE)
    found = {name: opener.findall(prose.sub("", text)) for name, text in sources.items()}
    assert {name: calls for name, calls in found.items() if calls} == {"convert.py": ["torch.load("]}
    assert re.search(r"torch\.load\([^)]*weights_only=True\)", sources["convert.py"])
