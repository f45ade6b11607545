"""The events of the Compare page and the calls for programs, against the app's own Blocks and server."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import numpy as np
import pytest
from app_server import AppServer
from PIL import Image
from pydicom.data import get_testdata_file

import ctseg
from ctseg.ui import build
from ctseg.ui.compare import handlers, page
from ctseg.ui.server.sessions import SESSIONS

HEAD = Path(str(get_testdata_file("CT_small.dcm", download=False)))


@pytest.fixture
def request_of_page() -> Any:
    """The request of one open page, which is left at the end."""
    request = SimpleNamespace(session_hash="page-of-a-test")
    yield request
    page.leave(request)  # type: ignore[arg-type]


@pytest.fixture
def upload(tmp_path: Path) -> list[str]:
    """An uploaded file where Gradio puts it."""
    path = tmp_path / "hash" / "slice.dcm"
    path.parent.mkdir()
    path.write_bytes(HEAD.read_bytes())
    return [str(path)]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The app, not launched."""
    told = os.environ.get("GRADIO_TEMP_DIR")
    os.environ["GRADIO_TEMP_DIR"] = str(tmp_path_factory.mktemp("gradio"))
    yield build()
    if told is None:
        del os.environ["GRADIO_TEMP_DIR"]
    else:
        os.environ["GRADIO_TEMP_DIR"] = told


def test_programs_may_call_two_names_only(pages: gr.Blocks) -> None:
    assert {"/segment", "/methods"} <= set(pages.get_api_info()["named_endpoints"])
    ours = {"/segment", "/methods"}
    assert not [
        name for name in pages.get_api_info()["named_endpoints"] if "on_" in name and name not in ours
    ]


def test_every_method_run_shares_one_queue_of_one(pages: gr.Blocks) -> None:
    runs = [fn for fn in pages.fns.values() if fn.concurrency_id == "method-runs"]
    assert {fn.name for fn in runs} == {"_on_run", "segment_file"}
    assert {fn.concurrency_limit for fn in runs} == {1}


def test_a_choice_made_while_the_last_one_is_answered_is_answered_too(pages: gr.Blocks) -> None:
    """Gradio drops an event whose like is still running, unless told not to: the page would stay behind."""
    quick = {"_on_upload", "_on_example", "_on_place", "_after_run", "_on_slider"}
    quick |= {"_on_board", "_drawn", "_spread", "_differ"}
    modes = [(fn.name, fn.trigger_mode) for fn in pages.fns.values() if fn.name in quick]
    assert {name for name, _ in modes} == quick
    assert {mode for _, mode in modes} == {"always_last"}


def test_page_of_one_visitor_from_upload_to_download(request_of_page: Any, upload: list[str]) -> None:
    shown, _, remark, cleared, *_ = page._on_upload(upload, request_of_page)
    assert shown["facts"][0] == "HU"
    assert remark == ""
    assert cleared is None
    plan = page._on_compare(["watershed"], request_of_page)[0]
    event = SimpleNamespace(plan=plan["id"], method="watershed", names={})
    *_, last = page._on_run(event, request_of_page)  # type: ignore[arg-type]
    assert last["state"] == "done"
    _below, figure, told = page._after_run(request_of_page)
    assert figure is None
    assert told is None
    packed = page._on_pack(event, request_of_page)  # type: ignore[arg-type]
    assert packed["name"] == "ctseg-results.zip"
    assert page._on_cancel(request_of_page)["cancelled"] == plan["id"]


def test_faults_of_the_visitor_are_told_where_they_look(request_of_page: Any, tmp_path: Path) -> None:
    assert "No file was given" in page._on_upload(None, request_of_page)[2]
    nowhere = SimpleNamespace(index=7, bytes=70 * 1024**2, names={})
    assert "no such example" in page._on_example(nowhere, request_of_page)[2]  # type: ignore[arg-type]
    assert "64 MB" in page._on_refuse(nowhere, request_of_page)  # type: ignore[arg-type]
    assert page._on_refuse(SimpleNamespace(bytes=10), request_of_page) == ""  # type: ignore[arg-type]
    assert "Nothing is loaded" in page._on_compare(["watershed"], request_of_page)[1]
    assert "Nothing is loaded" in page._on_place(1, request_of_page)[1]
    assert page._on_pack(nowhere, request_of_page)["data"] == ""  # type: ignore[arg-type]
    assert page._on_cancel(request_of_page)["cancelled"] is None
    file = tmp_path / "truth"
    file.touch()
    assert "Nothing is loaded" in page._on_truth(str(file), request_of_page)[0]
    assert len(page._on_truth(None, request_of_page)) == 3


def test_refusal_says_that_the_slice_before_it_stays(request_of_page: Any, upload: list[str]) -> None:
    large = SimpleNamespace(bytes=70 * 1024**2)
    stays = "The previous slice is still shown."
    assert stays not in page._on_upload(None, request_of_page)[2]
    assert stays not in page._on_refuse(large, request_of_page)  # type: ignore[arg-type]
    page._on_upload(upload, request_of_page)
    assert stays in page._on_upload(None, request_of_page)[2]
    assert stays in page._on_refuse(large, request_of_page)  # type: ignore[arg-type]


def test_example_can_be_scored_against_a_true_label_map(request_of_page: Any, tmp_path: Path) -> None:
    page._on_example(SimpleNamespace(index=2), request_of_page)  # type: ignore[arg-type]
    assert page._on_place(1, request_of_page)[0]["place"] == ""
    session = SESSIONS.of(request_of_page.session_hash)
    plan = page._on_compare(["watershed"], request_of_page)[0]
    list(page._on_run(SimpleNamespace(plan=plan["id"], method="watershed"), request_of_page))  # type: ignore[arg-type]
    session.finished["sam-vit-t"] = session.finished["watershed"]
    Image.fromarray(np.ones((128, 128), np.uint16)).save(tmp_path / "truth.png")
    said, cleared, told = page._on_truth(str(tmp_path / "truth.png"), request_of_page)
    assert said == ""
    assert cleared is None
    assert "Watershed" in told["scores"]
    assert set(told["faults"]) == {"watershed", "sam-vit-t"}
    assert page._after_run(request_of_page)[1].data[0].z[0][1] == pytest.approx(1.0)


@pytest.mark.parametrize(("index", "intensity"), [(0, "HU"), (1, "8-bit")])
def test_phantoms_are_scored_without_being_asked(request_of_page: Any, index: int, intensity: str) -> None:
    shown, _, remark, *_ = page._on_example(SimpleNamespace(index=index), request_of_page)  # type: ignore[arg-type]
    assert shown["facts"][0].startswith(intensity)
    assert "true structures are known" in remark
    plan, *_, scoring = page._on_compare(["watershed"], request_of_page)
    assert scoring == gr.skip()
    list(page._on_run(SimpleNamespace(plan=plan["id"], method="watershed"), request_of_page))  # type: ignore[arg-type]
    told = page._after_run(request_of_page)[-1]
    assert "Watershed" in told["scores"]
    assert set(told["found"]) == set(told["faults"]) == {"watershed"}


def linked(request_of_page: Any, **query: str) -> Any:
    return page._on_link(SimpleNamespace(session_hash=request_of_page.session_hash, query_params=query))  # type: ignore[arg-type]


def test_a_link_opens_an_image_of_an_open_board(request_of_page: Any) -> None:
    from ctseg.datasets import open_split

    shown, _, remark, *_ = linked(request_of_page, board="phantom-val", image="7.png")
    assert "true structures are known" in remark
    split = open_split("phantom-val")
    session = SESSIONS.of(request_of_page.session_hash)
    assert shown["facts"][0] == "8-bit, window unknown"
    assert session.ct_slice is not None
    assert np.array_equal(session.ct_slice.pixels, split.slice(7).pixels)
    assert np.array_equal(np.asarray(session.truth), np.asarray(split.label_map(7)))


@pytest.mark.parametrize(
    ("board", "image", "sentence"),
    [
        ("ct-fewshot-val", "0.png", "may not be shown"),
        ("phantom-val", "60.png", "no image of this board"),
        ("phantom-val", "../../secret", "no image of this board"),
        ("<script>", "0.png", "names no board"),
        ("", "0.png", "names no board"),
    ],
)
def test_a_link_opens_nothing_else(request_of_page: Any, board: str, image: str, sentence: str) -> None:
    assert sentence in linked(request_of_page, board=board, image=image)[2]
    assert SESSIONS.of(request_of_page.session_hash).stack is None


def test_a_page_without_a_link_stays_empty(request_of_page: Any) -> None:
    assert len(linked(request_of_page)) == 6
    assert SESSIONS.of(request_of_page.session_hash).stack is None


def test_a_true_label_map_from_another_program_is_turned_to_the_slice(
    request_of_page: Any, tmp_path: Path
) -> None:
    from ctseg.labelmaps.files import write_nifti

    page._on_example(SimpleNamespace(index=2), request_of_page)  # type: ignore[arg-type]
    session = SESSIONS.of(request_of_page.session_hash)
    ct_slice = session.ct_slice
    assert ct_slice is not None
    assert ct_slice.affine is not None
    truth = np.zeros(ct_slice.shape, np.uint8)
    truth[5:40, 10:90], truth[60:70, 20:30] = 1, 2
    backwards = ct_slice.affine.copy()
    backwards[:, 3] += backwards[:, 0] * (truth.shape[0] - 1)
    backwards[:, 0] *= -1
    write_nifti(tmp_path / "truth.nii.gz", truth[::-1].T, affine=backwards[:, [1, 0, 2, 3]])
    said, *_ = page._on_truth(str(tmp_path / "truth.nii.gz"), request_of_page)
    assert said == ""
    assert np.array_equal(session.truth, truth)


def test_a_place_that_cannot_be_is_refused() -> None:
    from ctseg.ui.compare.truth import _turned

    labels = np.ones((3, 4), np.uint8)
    with pytest.raises(handlers.PageError, match="cannot be"):
        _turned(labels, [[float("nan")] * 4] * 4, np.eye(4))
    with pytest.raises(handlers.PageError, match="cannot be"):
        _turned(labels, [1.0], np.eye(4))
    assert _turned(labels, None, np.eye(4)) is labels


def test_thumbnails_are_drawn_when_the_page_loads() -> None:
    assert all(each["picture"] for each in page.load_thumbnails())


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


def test_app_ends_with_nothing_left(tmp_path: Path) -> None:
    server = AppServer(tmp_path)
    server.stop()
    assert server.process.returncode == 0
    assert [path for path in server.temp.rglob("*") if path.is_file()] == []


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
