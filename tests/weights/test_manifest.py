"""The real manifest and the embedded files, and the choice between embedded and published files."""

import hashlib
import re
import shutil
import sys
from pathlib import Path

import pytest
from hub_downloads import StandInHub
from weights_process import CONTENT, Client, table

from ctseg import weights
from ctseg.methods import CARDS, download_bytes
from ctseg.weights.manifest import sha256_of, weights_folder

ENTRIES = list(weights.manifest().values())
OWN = [entry for entry in ENTRIES if not entry.outside]


def test_manifest_lists_something() -> None:
    assert OWN
    assert len(ENTRIES) > len(OWN)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.file)
def test_entry_is_well_formed(entry: weights.WeightsFile) -> None:
    assert re.fullmatch(r"[0-9a-f]{64}", entry.sha256)
    assert re.fullmatch(r"([0-9a-f]{40})?", entry.commit)
    assert entry.bytes > 0
    assert entry.licence
    assert entry.source
    assert entry.methods
    assert entry.repo or not entry.commit


@pytest.mark.parametrize("entry", OWN, ids=lambda entry: entry.file)
def test_embedded_file_is_the_one_of_the_manifest(entry: weights.WeightsFile) -> None:
    path = weights.fetch(entry.file)
    content = path.read_bytes()
    assert path.parent == weights_folder()
    assert len(content) == entry.bytes
    assert hashlib.sha256(content).hexdigest() == entry.sha256


def test_every_embedded_file_is_listed() -> None:
    lying = {path.name for path in weights_folder().iterdir() if path.suffix in (".onnx", ".safetensors")}
    assert lying == {entry.file for entry in OWN}


def test_notice_names_every_embedded_file_of_others() -> None:
    notice = (Path(__file__).resolve().parents[2] / "NOTICE").read_text()
    others = [entry.file for entry in OWN if entry.licence != "Apache-2.0"]
    assert others
    assert [file for file in others if file not in notice] == []


def test_every_card_names_listed_files() -> None:
    for name, card in CARDS.items():
        for file in card.weights if card.trained else ():
            assert name in weights.manifest()[file].methods


def test_methods_with_embedded_weights_fetch_nothing() -> None:
    for name, card in CARDS.items():
        if not any(weights.manifest()[file].outside for file in card.weights if card.trained):
            assert download_bytes(name) is None


def test_status_says_where_every_file_is() -> None:
    rows = {row.file: row for row in weights.status()}
    assert rows.keys() == weights.manifest().keys()
    for entry in OWN:
        if not entry.commit:
            assert rows[entry.file].state == "embedded, not yet published"


def test_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(weights.WeightsError, match=re.escape(OWN[0].file)):
        weights.fetch("nothing.onnx")


def test_check_is_remembered_until_the_file_changes(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"one")
    first = sha256_of(path)
    assert sha256_of(path) == first
    path.write_bytes(b"three")
    assert sha256_of(path) == hashlib.sha256(b"three").hexdigest()


class TestOwnFolder:
    """Choices that need a manifest of the test's own."""

    def _embed(self, monkeypatch: pytest.MonkeyPatch, client: Client, content: bytes) -> None:
        (client.folder / "net.safetensors").write_bytes(content)
        monkeypatch.setenv("CTSEG_WEIGHTS_FOLDER", str(client.folder))

    def test_embedded_file_goes_before_the_hub(self, client: Client, hub: StandInHub) -> None:
        (client.folder / "net.safetensors").write_bytes(CONTENT)
        assert client.run(file_name="net.safetensors")["path"] == str(client.folder / "net.safetensors")
        assert hub.seen == []

    def test_hub_setting_leaves_the_embedded_file_alone(self, client: Client, hub: StandInHub) -> None:
        (client.folder / "net.safetensors").write_bytes(CONTENT)
        client.settings["CTSEG_WEIGHTS"] = "hub"
        assert Path(client.run(file_name="net.safetensors")["path"]).is_relative_to(client.home)
        assert len(hub.seen) == 1

    @pytest.mark.parametrize("content", [CONTENT[:-1], CONTENT[:-1] + b"?"], ids=["shorter", "same length"])
    def test_changed_embedded_file_is_refused(
        self, monkeypatch: pytest.MonkeyPatch, client: Client, content: bytes
    ) -> None:
        self._embed(monkeypatch, client, content)
        with pytest.raises(weights.WeightsError, match=r"net\.safetensors was changed, so it is not loaded"):
            weights.fetch("net.safetensors")

    @pytest.mark.parametrize("setting", ["embedded", "hub"])
    def test_unpublished_file_is_never_asked_for(
        self, monkeypatch: pytest.MonkeyPatch, client: Client, setting: str
    ) -> None:
        client.write_manifest(table("file", CONTENT))
        monkeypatch.setenv("CTSEG_WEIGHTS_FOLDER", str(client.folder))
        monkeypatch.setenv("CTSEG_WEIGHTS", setting)
        with pytest.raises(weights.WeightsError, match="not yet published"):
            weights.fetch("net.safetensors")

    def test_published_file_without_owner(self, monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
        client.write_manifest(table("file", CONTENT, commit="0" * 40), owner="")
        monkeypatch.setenv("CTSEG_WEIGHTS_FOLDER", str(client.folder))
        monkeypatch.delenv("CTSEG_HUB_OWNER", raising=False)
        with pytest.raises(weights.WeightsError, match="set CTSEG_HUB_OWNER"):
            weights.fetch("net.safetensors")
        monkeypatch.setenv("CTSEG_HUB_OWNER", "somebody")
        assert weights.manifest()["net.safetensors"].repo == "somebody/ctseg-watershed-net"

    def test_other_choice_is_refused(self, monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
        self._embed(monkeypatch, client, CONTENT)
        monkeypatch.setenv("CTSEG_WEIGHTS", "disk")
        with pytest.raises(weights.WeightsError, match="CTSEG_WEIGHTS is 'disk'; set it to embedded or hub"):
            weights.fetch("net.safetensors")

    def test_bytes_to_fetch(self, monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
        monkeypatch.setenv("CTSEG_WEIGHTS_FOLDER", str(client.folder))
        assert weights.bytes_to_fetch(["net.safetensors"]) == len(CONTENT)
        self._embed(monkeypatch, client, CONTENT)
        assert weights.bytes_to_fetch(["net.safetensors"]) is None

    def test_file_in_another_format_is_refused(self, monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
        client.write_manifest(table("file", CONTENT, file="net.pt"))
        (client.folder / "net.pt").write_bytes(CONTENT)
        monkeypatch.setenv("CTSEG_WEIGHTS_FOLDER", str(client.folder))
        with pytest.raises(weights.WeightsError, match=r"net\.pt is not a safetensors or ONNX file"):
            weights.fetch("net.pt")

    @pytest.mark.parametrize("text", ["", "owner = 1 = 2", 'owner = ""\n[[file]]\nfile = "a"'])
    def test_broken_manifest(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str) -> None:
        (tmp_path / "manifest.toml").write_text(text)
        monkeypatch.setenv("CTSEG_WEIGHTS_FOLDER", str(tmp_path))
        with pytest.raises(weights.WeightsError, match="cannot be read; install ctseg again"):
            weights.manifest()

    def test_missing_manifest(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        shutil.rmtree(tmp_path)
        monkeypatch.setenv("CTSEG_WEIGHTS_FOLDER", str(tmp_path))
        with pytest.raises(weights.WeightsError, match="cannot be read"):
            weights.manifest()

    def test_small_installation_lists_files_and_says_what_fetching_needs(
        self, monkeypatch: pytest.MonkeyPatch, client: Client
    ) -> None:
        client.write_manifest(table("file", CONTENT, commit="1" * 40))
        monkeypatch.setenv("CTSEG_WEIGHTS_FOLDER", str(client.folder))
        monkeypatch.setenv("HF_HOME", str(client.home))
        for module in ("huggingface_hub", "huggingface_hub.constants", "huggingface_hub.utils"):
            monkeypatch.setitem(sys.modules, module, None)
        monkeypatch.delitem(sys.modules, "ctseg.weights.download", raising=False)
        assert len(weights.status()) == 1
        with pytest.raises(weights.WeightsError, match="install ctseg with its extra `app`"):
            weights.fetch("net.safetensors")

    def test_status_of_files_that_are_not_here(self, monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
        outside = table("outside", CONTENT, file="a.pth", repo="some/where", path="a.pth")
        client.write_manifest(table("file", CONTENT, commit="1" * 40), outside)
        monkeypatch.setenv("CTSEG_WEIGHTS_FOLDER", str(client.folder))
        states = [row.state for row in weights.status()]
        assert states == [
            f"not here, published as someone/ctseg-watershed-net@{'1' * 40}",
            "not here, 0.3 MB to fetch from some/where",
        ]
