"""An account on the stand-in for the Hub that this process publishes to, and weights that may be changed."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hub_account import stand_in_account
from hub_repositories import TOKEN, StandInAccount
from huggingface_hub import constants

from ctseg.hub import scores
from ctseg.weights.manifest import weights_folder


@pytest.fixture(scope="session")
def ranked() -> Mapping[str, list[scores.ToldRow]]:
    """Our rows of all boards: ranking them takes seconds, and no test here changes a board."""
    return scores.told_rows()


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[StandInAccount]:
    """The Hub, with a token for its one account."""
    with stand_in_account() as running:
        monkeypatch.setattr(constants, "ENDPOINT", running.url)
        template = running.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield running


@pytest.fixture
def weights(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ranked: Mapping[str, list[scores.ToldRow]]
) -> Path:
    """A folder of weights that may be changed: the clone's own files under further names."""
    folder = tmp_path / "weights"
    folder.mkdir()
    monkeypatch.setattr("ctseg.hub.weights.told_rows", lambda: ranked)
    for path in weights_folder().iterdir():
        if path.suffix == ".toml":
            shutil.copy(path, folder)
        else:
            (folder / path.name).symlink_to(path.resolve())
    monkeypatch.setenv("CTSEG_WEIGHTS_FOLDER", str(folder))
    return folder
