"""Outside checkpoints: accepted by sha256, opened without running code, kept as safetensors."""

import io
import pickle
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from hub_downloads import StandInHub, stand_in_hub
from safetensors.torch import load_file
from weights_process import Client, ask, table

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


class Converter:
    """One client process for all tests of this file, because importing torch takes it seconds."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.process = client.start()

    def publish(self, content: bytes) -> None:
        """Make this the only checkpoint of the manifest, and put it on the Hub."""
        self.client.hub.publish(REPO, PATH, content)
        self.client.write_manifest(table("outside", content, file="small.pth", repo=REPO, path=PATH))

    def convert(self, **arguments: Any) -> dict[str, Any]:
        return ask(self.process, "fetch_converted", file_name="small.pth", **arguments)

    def cached(self, pattern: str) -> list[Path]:
        return sorted(self.client.home.rglob(pattern))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Converter]:
    folder = tmp_path_factory.mktemp("convert")
    with stand_in_hub() as hub:
        converter = Converter(Client(hub, folder / "weights", folder / "home", {}))
        with converter.process:
            yield converter


@pytest.fixture
def converter(running: Converter) -> Converter:
    """With an empty cache, and a Hub that has one small checkpoint and no faults."""
    shutil.rmtree(running.client.home, ignore_errors=True)
    hub = running.client.hub
    hub.files.clear()
    hub.fault = "none"
    running.publish(CHECKPOINT)
    hub.seen.clear()
    return running


@pytest.fixture
def hub(converter: Converter) -> StandInHub:
    return converter.client.hub


@pytest.mark.thorough
def test_checkpoint_becomes_safetensors_and_is_dropped(converter: Converter, hub: StandInHub) -> None:
    path = Path(converter.convert()["path"])
    assert path.suffix == ".safetensors"
    loaded = load_file(path)
    assert loaded.keys() == TENSORS.keys()
    assert all(torch.equal(loaded[name], tensor) for name, tensor in TENSORS.items())
    assert converter.cached("*.pth") == []
    assert hub.seen[0][1] == f"/{REPO}/resolve/main/{PATH}"


def test_converted_file_is_used_again_without_the_network(converter: Converter, hub: StandInHub) -> None:
    first = converter.convert()
    hub.fault = 404
    assert converter.convert()["path"] == first["path"]
    assert len(hub.seen) == 1


@pytest.mark.parametrize("harm", ["changed file", "changed record", "no record"])
def test_converted_file_that_does_not_match_its_record_is_made_again(converter: Converter, harm: str) -> None:
    path = Path(converter.convert()["path"])
    record = path.with_name(path.name + ".sha256")
    if harm == "changed file":
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    elif harm == "changed record":
        record.write_text("0" * 64)
    else:
        record.unlink()
    assert converter.convert()["steps"][-1] == [len(CHECKPOINT), len(CHECKPOINT)]
    assert torch.equal(load_file(path)["a.weight"], TENSORS["a.weight"])


def test_repository_and_revision_are_settings(converter: Converter, hub: StandInHub) -> None:
    hub.publish("mirror/sam", PATH, CHECKPOINT)
    assert converter.convert(repo="mirror/sam", revision="v1")["error"] is None
    assert hub.seen[0][1] == f"/mirror/sam/resolve/v1/{PATH}"


def test_local_file_is_used_and_left_where_it_is(
    converter: Converter, hub: StandInHub, tmp_path: Path
) -> None:
    local = tmp_path / "mine.pth"
    local.write_bytes(CHECKPOINT)
    assert converter.convert(local_file=str(local))["error"] is None
    assert local.read_bytes() == CHECKPOINT
    assert hub.seen == []


@pytest.mark.parametrize(("content", "sentence"), [(None, "There is no file"), (b"x", "is not small.pth")])
def test_wrong_local_file_is_refused(
    converter: Converter, tmp_path: Path, content: bytes | None, sentence: str
) -> None:
    local = tmp_path / "mine.pth"
    if content is not None:
        local.write_bytes(content)
    assert sentence in converter.convert(local_file=str(local))["error"]


def test_tampered_checkpoint_is_never_opened(converter: Converter, hub: StandInHub, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    harmful = pickle.dumps(_Harmful(trace))
    hub.publish(REPO, PATH, harmful.ljust(len(CHECKPOINT), b"\0"))
    assert "its sha256 differs" in converter.convert()["error"]
    assert not trace.exists()


@pytest.mark.parametrize("kind", ["bare pickle", "inside a checkpoint"])
def test_code_does_not_run_even_where_the_sha256_matches(
    converter: Converter, hub: StandInHub, tmp_path: Path, kind: str
) -> None:
    trace = tmp_path / "trace"
    harmful = _Harmful(trace)
    content = pickle.dumps(harmful) if kind == "bare pickle" else _saved({"a": harmful})
    converter.publish(content)
    assert "is not a torch checkpoint" in converter.convert()["error"]
    assert not trace.exists()


@pytest.mark.parametrize("content", [torch.ones(2), {"epoch": 3}, {1: torch.ones(2)}])
def test_checkpoint_of_other_things_is_refused(converter: Converter, hub: StandInHub, content: Any) -> None:
    converter.publish(_saved(content))
    assert "does not hold named tensors only" in converter.convert()["error"]


def test_disk_that_is_full_when_the_converted_file_is_written(converter: Converter, tmp_path: Path) -> None:
    local = tmp_path / "mine.pth"
    local.write_bytes(CHECKPOINT)
    answer = converter.convert(local_file=str(local), limit=100)
    assert "cannot be stored in the cache; free 0.00" in answer["error"]
    assert converter.cached("*.part") == converter.cached("*.tmp") == converter.cached("*.safetensors") == []


def test_outside_checkpoint_is_not_handed_out_as_it_is(converter: Converter) -> None:
    assert "is never loaded as it is" in ask(converter.process, "fetch", file_name="small.pth")["error"]


def test_pickles_are_opened_in_two_places_and_safely() -> None:
    """Here for others' checkpoints, and in training for its own state, never while serving."""
    package = Path(ctseg.__file__).parent
    opener = re.compile(
        r"torch\.load\b|import (?:pickle|joblib|marshal|shelve|dill)\b|allow_pickle\s*=\s*True"
        r"|weights_only\s*=\s*False|read_pickle"
    )
    prose = re.compile(r'""".*?"""|#.*?$', re.DOTALL | re.MULTILINE)
    found = {}
    for path in package.rglob("*.py"):
        code = prose.sub("", path.read_text())
        calls = opener.findall(code)
        if calls:
            found[path.relative_to(package).as_posix()] = calls
            assert len(re.findall(r"torch\.load\([^)]*weights_only=True\)", code)) == len(calls)
    assert found == {"weights/convert.py": ["torch.load"], "training/checkpoint.py": ["torch.load"]}
