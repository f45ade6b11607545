"""A stand-in Hub with one published file, and a client that fetches from it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hub_downloads import StandInHub, stand_in_hub
from weights_process import CONTENT, Client, table


@pytest.fixture
def hub() -> Iterator[StandInHub]:
    with stand_in_hub() as running:
        yield running


@pytest.fixture
def client(hub: StandInHub, tmp_path: Path) -> Client:
    """A client whose manifest has one file, published on the Hub and not embedded."""
    made = Client(hub, tmp_path / "weights", tmp_path / "home", {})
    commit = hub.publish("someone/ctseg-watershed-net", "net.safetensors", CONTENT)
    made.write_manifest(table("file", CONTENT, commit=commit))
    return made
