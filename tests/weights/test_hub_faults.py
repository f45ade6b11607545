"""Fetching over real HTTP: what comes, what is refused, and the sentence for every fault."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hub_downloads import Fault, StandInHub
from weights_process import CONTENT, Client, table


def _cached(client: Client) -> list[Path]:
    return sorted(path for path in client.home.rglob("net.safetensors*") if path.suffix != ".lock")


def _requests(hub: StandInHub) -> list[str]:
    return [headers.get("Range", "whole") for _method, _path, headers in hub.seen]


def test_file_comes_complete_and_is_asked_for_at_its_commit(client: Client, hub: StandInHub) -> None:
    answer = client.run(file_name="net.safetensors")
    assert Path(answer["path"]).read_bytes() == CONTENT
    assert Path(answer["path"]).is_relative_to(client.home)
    assert re.fullmatch(r"/someone/ctseg-watershed-net/resolve/[0-9a-f]{40}/net\.safetensors", hub.seen[0][1])
    assert answer["steps"][0] == [0, len(CONTENT)]
    assert answer["steps"][-1] == [len(CONTENT), len(CONTENT)]
    assert answer["steps"] == sorted(answer["steps"])


@pytest.mark.thorough
def test_second_fetch_makes_no_request_and_works_offline(client: Client, hub: StandInHub) -> None:
    first = client.run(file_name="net.safetensors")
    hub.seen.clear()
    client.settings["HF_HUB_OFFLINE"] = "1"
    assert client.run(file_name="net.safetensors")["path"] == first["path"]
    assert hub.seen == []


def test_changed_cache_is_fetched_again(client: Client) -> None:
    path = Path(client.run(file_name="net.safetensors")["path"])
    path.write_bytes(CONTENT[:-1] + b"?")
    assert client.run(file_name="net.safetensors")["error"] is None
    assert path.read_bytes() == CONTENT


def test_token_stays_with_the_hub_when_it_redirects(client: Client, hub: StandInHub) -> None:
    hub.redirects = True
    client.settings["HF_TOKEN"] = "hf_made_up"
    assert client.run(file_name="net.safetensors")["error"] is None
    first, second = (headers for _method, _path, headers in hub.seen)
    assert first["authorization"] == "Bearer hf_made_up"
    assert "authorization" not in {name.lower() for name in second}


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("tampered", "is another file (its sha256 differs), so it was deleted"),
        ("longer", "has 300002 bytes and not the expected 300001"),
        ("cut", "broke while fetching net.safetensors"),
        ("silent", "broke while fetching net.safetensors"),
        ("drip", "is too slow for net.safetensors"),
        (404, "has no net.safetensors in someone/ctseg-watershed-net"),
        (401, "does not let you read net.safetensors"),
        (403, "does not let you read net.safetensors"),
        (503, "answers with fault 503"),
        (418, "answers with status 418"),
    ],
)
def test_fault_gives_one_sentence_and_no_file(
    client: Client, hub: StandInHub, fault: Fault, sentence: str
) -> None:
    hub.fault = fault
    # Short only where the time itself is the fault, or a busy machine would add faults of its own.
    if fault in ("silent", "drip"):
        client.settings["HF_HUB_DOWNLOAD_TIMEOUT"] = "2"
    answer = client.run(file_name="net.safetensors")
    assert sentence in answer["error"]
    assert answer["error"].endswith(".")
    assert "\n" not in answer["error"]
    assert [path.suffix for path in _cached(client)] in ([], [".part"])


def test_cut_transfer_goes_on_from_where_it_broke(client: Client, hub: StandInHub) -> None:
    hub.fault = "cut once"
    answer = client.run(file_name="net.safetensors")
    assert Path(answer["path"]).read_bytes() == CONTENT
    first, second = _requests(hub)
    assert first == "whole"
    assert second == f"bytes={len(CONTENT) // 2}-"


@pytest.mark.thorough
def test_later_call_goes_on_too_unless_the_server_cannot(client: Client, hub: StandInHub) -> None:
    hub.fault = "cut"
    assert client.run(file_name="net.safetensors")["error"]
    hub.seen.clear()
    hub.fault = "no range"
    answer = client.run(file_name="net.safetensors")
    assert Path(answer["path"]).read_bytes() == CONTENT
    assert _requests(hub) == [f"bytes={len(CONTENT) // 2}-"]


@pytest.mark.thorough
@pytest.mark.parametrize(
    "rest", [CONTENT, CONTENT + b"more", b"x" * len(CONTENT)], ids=["whole", "longer", "wrong"]
)
def test_what_an_earlier_process_left_is_checked_too(client: Client, rest: bytes) -> None:
    path = Path(client.run(file_name="net.safetensors")["path"])
    path.unlink()
    path.with_name(path.name + ".part").write_bytes(rest)
    wrong = rest[:1] == b"x"
    assert (client.run(file_name="net.safetensors")["error"] is not None) == wrong
    assert client.run(file_name="net.safetensors")["error"] is None
    assert path.read_bytes() == CONTENT


@pytest.mark.thorough
def test_two_processes_fetch_a_file_once(client: Client, hub: StandInHub) -> None:
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: client.run(file_name="net.safetensors"), range(2))
    assert first["path"] == second["path"]
    assert Path(first["path"]).read_bytes() == CONTENT
    assert len(hub.seen) == 1


@pytest.mark.thorough
def test_nothing_listens(client: Client) -> None:
    client.settings["HF_ENDPOINT"] = "http://127.0.0.1:9"
    assert "The connection to http://127.0.0.1:9 broke" in client.run(file_name="net.safetensors")["error"]


def test_offline_and_not_cached(client: Client, hub: StandInHub) -> None:
    client.settings["HF_HUB_OFFLINE"] = "1"
    assert "HF_HUB_OFFLINE is set" in client.run(file_name="net.safetensors")["error"]
    assert hub.seen == []


@pytest.mark.thorough
def test_disk_that_fills_up_on_the_way(client: Client) -> None:
    answer = client.run(file_name="net.safetensors", limit=100_000)
    assert answer["error"].startswith("The disk is full: net.safetensors needs 0.3 MB")


def test_disk_without_room_is_seen_before_the_transfer(client: Client, hub: StandInHub) -> None:
    client.write_manifest(table("file", CONTENT, commit="0" * 40, bytes=10**16))
    answer = client.run(file_name="net.safetensors")
    assert "needs 10000000000 MB and the disk of the cache has" in answer["error"]
    assert hub.seen == []


def test_cache_that_cannot_be_written(client: Client) -> None:
    client.home.write_text("a file where the folder should be")
    answer = client.run(file_name="net.safetensors")
    assert answer["error"] == (
        "net.safetensors cannot be stored in the cache; set HF_HOME to a folder that can be written."
    )
