"""The calls for programs, and what the app's own server says of itself."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from app_server import AppServer
from PIL import Image
from small_slices import HEAD

import ctseg


@pytest.mark.thorough
def test_programs_segment_a_file_and_nothing_of_it_stays(server: AppServer, tmp_path: Path) -> None:
    from gradio_client import Client, handle_file

    client = Client(server.url, verbose=False, download_files=tmp_path)
    labels, report = client.predict(handle_file(HEAD), "watershed", -1, api_name="/segment")
    assert np.array_equal(np.array(Image.open(labels)), ctseg.segment(HEAD, "watershed"))
    assert report["methods"][0]["name"] == "watershed"
    assert set(client.predict(api_name="/methods")) >= {"watershed", "sam-vit-t", "sam-vit-b"}
    for arguments, sentence in (
        ((handle_file(HEAD), "no-such", -1), "There is no method"),
        ((handle_file(HEAD), "watershed", 5), "There is no slice 5"),
        ((None, "watershed", -1), "No file was given"),
        ((handle_file(__file__), "watershed", -1), "."),
    ):
        with pytest.raises(Exception, match=sentence) as error:
            client.predict(*arguments, api_name="/segment")
        assert "Traceback" not in str(error.value)
    for file in server.temp.rglob("*"):
        assert not file.is_file() or b"DICM" not in file.read_bytes()


@pytest.mark.slow
def test_app_ends_with_nothing_left(tmp_path: Path) -> None:
    server = AppServer(tmp_path)
    server.stop()
    assert server.process.returncode == 0
    assert [path for path in server.temp.rglob("*") if path.is_file()] == []


@pytest.mark.thorough
def test_listing_pages_imports_neither_torch_nor_plotly() -> None:
    code = "import sys, ctseg.ui.app; print([name for name in ('torch', 'plotly') if name in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(said.stdout.replace("'", '"')) == []


def test_first_page_holds_no_foreign_address(server: AppServer) -> None:
    import urllib.request

    with urllib.request.urlopen(server.url) as answer:
        text = answer.read().decode()
    for host in ("fonts.googleapis", "fonts.gstatic", "cdnjs", "google-analytics"):
        assert host not in text
