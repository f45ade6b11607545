"""The app with all weights taken from the Hub: no embedded file, an empty cache, other processes."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from app_server import AppServer
from gradio_client import Client, handle_file
from hub_account import stand_in_account
from hub_repositories import StandInAccount
from PIL import Image
from playwright.sync_api import expect, sync_playwright

from ctseg.datasets.phantom import write_dicom
from ctseg.datasets.phantom.dataset import val_slice
from ctseg.methods import CARDS
from ctseg.weights import manifest
from ctseg.weights.manifest import weights_folder

PATIENT = {"timeout": 600}


def _owned() -> list[str]:
    """Names of the methods whose weights the owner publishes."""
    ours = {entry.file for entry in manifest().values() if not entry.outside}
    return [name for name, card in CARDS.items() if card.weights and set(card.weights) <= ours]


def _label_maps(url: str, slice_file: Path) -> dict[str, np.ndarray]:
    client = Client(url, verbose=False, httpx_kwargs=PATIENT)
    found = {}
    for name in _owned():
        png, _ = client.predict(handle_file(slice_file), name, api_name="/segment")
        found[name] = np.asarray(Image.open(png if isinstance(png, str) else png["path"]))
    return found


def _app(folder: Path, environment: dict[str, str]) -> AppServer:
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        return AppServer(folder)


@pytest.mark.slow
@pytest.mark.browser
def test_every_method_is_published_and_runs_from_the_hub(tmp_path: Path, chromium_path: str) -> None:
    slice_file = tmp_path / "slice.dcm"
    write_dicom(val_slice(0), slice_file)
    here = _app(tmp_path / "here", {})
    try:
        embedded = _label_maps(here.url, slice_file)
    finally:
        here.stop()
    assert len(embedded) >= 8
    weights = tmp_path / "weights"
    shutil.copytree(weights_folder(), weights)
    with stand_in_account() as hub:
        client = hub.environment(tmp_path / "home") | {"CTSEG_WEIGHTS_FOLDER": str(weights)}
        _publish(client)
        for path in [*weights.glob("*.safetensors"), *weights.glob("*.onnx")]:
            path.unlink()
        away = client | {"CTSEG_WEIGHTS": "hub", "HF_HUB_OFFLINE": "0"}
        listed = json.loads(_run(away, "weights", "--json"))
        assert all(
            re.match(r"not here, published as someone/ctseg-[\w-]+@[0-9a-f]{40}$", row["state"])
            for row in listed
            if row["file"] in {file for name in _owned() for file in CARDS[name].weights}
        )
        there = _app(tmp_path / "there", away)
        try:
            _watch_one_method(there.url, slice_file, chromium_path, hub)
            fetched = _label_maps(there.url, slice_file)
        finally:
            there.stop()
        states = {row["file"]: row["state"] for row in json.loads(_run(away, "weights", "--json"))}
    assert states["partition_fp16.safetensors"].startswith("in the cache, published as someone/")
    assert fetched.keys() == embedded.keys()
    for name, label_map in embedded.items():
        np.testing.assert_array_equal(fetched[name], label_map, err_msg=name)


def _run(environment: dict[str, str], *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "ctseg", *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _publish(environment: dict[str, str]) -> None:
    told = _run(environment, "hub", "publish-weights", "--owner", "someone")
    assert "nothing changed" not in told


def _watch_one_method(url: str, slice_file: Path, chromium_path: str, hub: StandInAccount) -> None:
    """The page says what a method fetches first, and after it the Methods page where the weights are from."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(url)
        expect(page.get_by_text("11 MB to fetch first").first).to_be_visible(timeout=120_000)
        page.goto(f"{url}/methods")
        place = "not here, published as someone/ctseg-partition@"
        expect(page.get_by_text(place).first).to_be_visible(timeout=120_000)
        browser.close()
    assert "large" not in hub.seen
