"""The page's own events, against the app's own Blocks."""

import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import numpy as np
import pytest
from PIL import Image
from small_slices import HEAD

from ctseg.ui import build
from ctseg.ui.compare import early, handlers, page, truth
from ctseg.ui.compare.frames import unframe
from ctseg.ui.server.open_pages import SESSIONS
from ctseg.ui.server.sessions import Finished


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[gr.Blocks]:
    """The app, not launched."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("gradio")))
        yield build()


@pytest.fixture(scope="module")
def compare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[page.ComparePage]:
    """The page alone."""
    with pytest.MonkeyPatch.context() as patch, gr.Blocks() as blocks:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("gradio")))
        yield page.compare_page(blocks)


@pytest.fixture
def request_of_page() -> Any:
    """The request of one open page, which is left at the end."""
    request = SimpleNamespace(session_hash="page-of-a-test", request=None)
    yield request
    page.leave(request)  # type: ignore[arg-type]


@pytest.fixture
def upload(tmp_path: Path) -> list[str]:
    """An uploaded file where Gradio puts it."""
    path = tmp_path / "hash" / "slice.dcm"
    path.parent.mkdir()
    path.write_bytes(HEAD.read_bytes())
    return [str(path)]


def test_programs_may_call_two_names_only(pages: gr.Blocks) -> None:
    ours = {"/segment", "/methods"}
    named = set(pages.get_api_info()["named_endpoints"])
    assert ours <= named
    assert not [name for name in named if "on_" in name and name not in ours]


def test_every_method_run_for_programs_shares_one_queue_of_one(pages: gr.Blocks) -> None:
    runs = [fn for fn in pages.fns.values() if fn.concurrency_id == "method-runs"]
    assert {fn.name for fn in runs} == {"segment_file"}
    assert {fn.concurrency_limit for fn in runs} == {1}


def test_a_choice_made_while_the_last_one_is_answered_is_answered_too(pages: gr.Blocks) -> None:
    """Gradio drops an event whose like is still running, unless told not to: the page would stay behind."""
    quick = {"on_upload", "_on_slider", "_on_board", "_drawn", "_spread", "_differ"}
    modes = [(fn.name, fn.trigger_mode) for fn in pages.fns.values() if fn.name in quick]
    assert "on_upload" in {name for name, _ in modes}
    assert {mode for _, mode in modes} == {"always_last"}


def test_no_slice_and_no_label_map_leaves_through_the_framework(
    compare: page.ComparePage, request_of_page: Any, upload: list[str]
) -> None:
    answer = compare.on_upload(upload, request_of_page)
    session = SESSIONS.of(request_of_page.session_hash)
    assert session.stack is not None
    assert answer == {compare.slots["opened"]: session.loaded_at, compare.said: "", compare.upload: None}


def test_faults_of_the_visitor_are_told_where_they_look(
    compare: page.ComparePage, request_of_page: Any, tmp_path: Path
) -> None:
    assert "No file was given" in compare.on_upload(None, request_of_page)[compare.said]
    large, small = SimpleNamespace(bytes=70 * 1024**2), SimpleNamespace(bytes=10)
    assert "64 MB" in compare.on_refuse(large, request_of_page)  # type: ignore[arg-type]
    assert compare.on_refuse(small, request_of_page) == ""  # type: ignore[arg-type]
    file = tmp_path / "truth"
    file.touch()
    assert "Nothing is loaded" in compare.on_truth(str(file), request_of_page)[compare.truth_said]
    assert compare.on_truth(None, request_of_page) == {compare.truth_said: ""}


def test_refusal_says_that_the_slice_before_it_stays(
    compare: page.ComparePage, request_of_page: Any, upload: list[str]
) -> None:
    large = SimpleNamespace(bytes=70 * 1024**2)
    stays = "The previous slice is still shown."
    assert stays not in compare.on_upload(None, request_of_page)[compare.said]
    assert stays not in compare.on_refuse(large, request_of_page)  # type: ignore[arg-type]
    compare.on_upload(upload, request_of_page)
    assert stays in compare.on_upload(None, request_of_page)[compare.said]
    assert stays in compare.on_refuse(large, request_of_page)  # type: ignore[arg-type]


def test_example_can_be_scored_against_a_true_label_map(
    compare: page.ComparePage, request_of_page: Any, tmp_path: Path
) -> None:
    session = SESSIONS.of(request_of_page.session_hash)
    handlers.load_example(session, 4)
    found = Finished(np.ones((128, 128), np.int32), 0.1)
    session.finished = {"watershed": found, "sam-vit-t": found}
    Image.fromarray(np.ones((128, 128), np.uint16)).save(tmp_path / "truth.png")
    answer = compare.on_truth(str(tmp_path / "truth.png"), request_of_page)
    assert "is unknown, so they were laid on each other" in answer[compare.truth_said]
    assert answer[compare.truth] is None
    header, got = unframe(truth.judged(session) or b"")
    assert header["scores"]["watershed"][0] == "Watershed"
    assert {"marks watershed", "marks sam-vit-t"} <= set(got)


@pytest.mark.parametrize(("index", "intensity"), [(2, "HU"), (3, "8-bit")])
def test_phantoms_are_scored_without_being_asked(request_of_page: Any, index: int, intensity: str) -> None:
    session = SESSIONS.of(request_of_page.session_hash)
    handlers.load_example(session, index)
    assert unframe(handlers.show_slice(session, 0))[0]["facts"][0].startswith(intensity)
    assert "true structures are known" in handlers.opened(session)["remark"]
    assert handlers.opened(session)["truth"] is True
    plan, *_ = handlers.begin(session, ["watershed"])
    list(handlers.run(session, unframe(plan)[0]["plan"], "watershed"))
    header, _ = unframe(truth.judged(session) or b"")
    assert set(header["found"]) == set(header["judged"]) == set(header["scores"]) == {"watershed"}


def test_a_true_label_map_from_another_program_is_turned_to_the_slice(
    compare: page.ComparePage, request_of_page: Any, tmp_path: Path
) -> None:
    from ctseg.labelmaps.files import write_nifti

    session = SESSIONS.of(request_of_page.session_hash)
    handlers.load_example(session, 4)
    ct_slice = session.ct_slice
    assert ct_slice is not None
    assert ct_slice.affine is not None
    known = np.zeros(ct_slice.shape, np.uint8)
    known[5:40, 10:90], known[60:70, 20:30] = 1, 2
    backwards = ct_slice.affine.copy()
    backwards[:, 3] += backwards[:, 0] * (known.shape[0] - 1)
    backwards[:, 0] *= -1
    write_nifti(tmp_path / "truth.nii.gz", known[::-1].T, affine=backwards[:, [1, 0, 2, 3]])
    answer = compare.on_truth(str(tmp_path / "truth.nii.gz"), request_of_page)
    assert answer[compare.truth_said] == ""
    assert np.array_equal(session.truth, known)


def test_the_stage_is_told_what_python_decides() -> None:
    facts = early.stage_facts()
    assert [400.0, 40.0, "Soft tissue"] in [[float(a), float(b), c] for a, b, c in facts["windows"]]
    assert len(facts["palette"]) == 24
    lightness = [0.299 * red + 0.587 * green + 0.114 * blue for red, green, blue in facts["ramp"]]
    assert lightness == sorted(lightness)
    assert set(facts["marks"]) == {"found", "missed", "extra", "merged", "split"}
    assert facts["preselected"][-1] == "sam-vit-t"


def test_every_page_gets_a_ticket_of_its_own(compare: page.ComparePage, request_of_page: Any) -> None:
    first, second = compare.on_load(request_of_page), compare.on_load(request_of_page)
    assert first != second
    assert os.environ.get("GRADIO_TEMP_DIR")
