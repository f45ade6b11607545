"""The parts of the Compare page that need no browser."""

import base64
import io
import json
import threading
import time
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image
from pydicom.data import get_testdata_file

from ctseg.methods import METHODS
from ctseg.metrics import score
from ctseg.slices import CTSlice, SliceError, Stack, Window
from ctseg.ui.compare import encode, examples, findings, handlers, messages
from ctseg.ui.compare.download import results_zip, zip_message
from ctseg.ui.compare.handlers import PageError
from ctseg.ui.compare.truth import judged, take_truth
from ctseg.ui.components.notices import notice, remark
from ctseg.ui.server import method_runs
from ctseg.ui.server.housekeeping import Housekeeping, private_upload_folder, sweep
from ctseg.ui.server.sessions import KEPT_SECONDS, MOST_SESSIONS, SESSIONS, Finished, Session, Sessions

HEAD = Path(str(get_testdata_file("CT_small.dcm", download=False)))


def _unpack(packed: encode.Packed) -> NDArray[Any]:
    raw = zlib.decompress(base64.b64decode(packed["data"]))
    return np.frombuffer(raw, np.dtype(packed["type"]).newbyteorder("<"))


def _slice(pixels: NDArray[Any], **facts: Any) -> CTSlice:
    intensity = "8-bit" if pixels.dtype == np.uint8 else "HU"
    given_facts = {"spacing_mm": None, "source": "test"} | facts
    return CTSlice(pixels=pixels, intensity=intensity, **given_facts)


def _stack(slices: int = 1) -> Stack:
    pixels = np.zeros((slices, 24, 32), np.int16)
    pixels[:, 4:20, 4:12] = 100
    pixels[:, 4:20, 18:28] = 300
    return Stack(pixels, "HU", (0.5, 0.5), "DICOM", Window(400, 40))


@given(arrays(np.float32, (5, 7), elements=st.floats(-40000, 40000, width=32)))
def test_hounsfield_units_arrive_as_the_nearest_whole_ones(pixels: NDArray[np.float32]) -> None:
    got = _unpack(encode.slice_pixels(_slice(pixels))).reshape(5, 7)
    assert np.array_equal(got, np.clip(np.rint(pixels), -32768, 32767))


def test_grey_levels_and_unknown_values_arrive() -> None:
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert np.array_equal(_unpack(encode.slice_pixels(_slice(grey))).reshape(3, 4), grey)
    hollow = np.array([[np.nan, 5.4]], np.float32)
    assert _unpack(encode.slice_pixels(_slice(hollow))).tolist() == [-1024, 5]


@pytest.mark.parametrize("highest", [0, 65535, 65536, 200000])
def test_labels_arrive_as_they_are(highest: int) -> None:
    label_map = np.array([[0, highest], [1, 2]], np.int32)
    assert _unpack(encode.label_pixels(label_map)).tolist() == [0, highest, 1, 2]


@pytest.mark.parametrize(("side", "step"), [(1, 1), (2048, 1), (2049, 2), (4096, 2)])
def test_large_slices_are_shown_reduced(side: int, step: int) -> None:
    ct_slice = _slice(np.zeros((side, 3), np.uint8))
    message = encode.slice_message(ct_slice, 0, 1)
    assert message["step"] == step
    assert message["height"] <= 2048
    assert message["height"] * message["width"] == _unpack(message["pixels"]).size
    labels = np.arange(side * 3, dtype=np.int32).reshape(side, 3)
    assert _unpack(encode.label_pixels(labels))[-1] == labels[::step, ::step].max()


def test_facts_name_what_is_known() -> None:
    known = encode.slice_message(_slice(np.zeros((4, 6), np.float32), spacing_mm=(1.0, 0.5)), 1, 3)
    assert known["facts"] == ["HU", "6 × 4 px", "1.00 × 0.50 mm", "test"]
    assert known["aspect"] == (2.0, 1.0)
    assert known["place"] == "2 of 3"
    unknown = encode.slice_message(_slice(np.zeros((5000, 4), np.uint8)), 0, 1)
    assert unknown["facts"] == ["8-bit, window unknown", "4 × 5000 px", "test", "shown at 1/3 of its size"]
    assert unknown["window"] is None


@pytest.mark.parametrize("spacing", [None, (0.0, 1.0), (1.0, 100.0)])
def test_senseless_spacing_gives_square_pixels(spacing: tuple[float, float] | None) -> None:
    assert encode.aspect(spacing) == (1.0, 1.0)


def test_session_forgets_the_slice_before_a_new_one() -> None:
    session = Session()
    session.keep(_stack(3))
    first = session.stack
    assert session.index == 1
    plan = session.begin(["watershed"])
    session.finished["watershed"] = Finished(np.zeros((24, 32), np.int32), 0.1)
    session.keep(_stack())
    assert plan.stop.is_set()
    assert session.finished == {}
    assert first is not None
    with pytest.raises(SliceError):
        first[0]


def test_sessions_end_by_leaving_by_time_and_by_number() -> None:
    sessions = Sessions()
    session = sessions.of("page")
    session.keep(_stack())
    assert sessions.of("page") is session
    sessions.expire(session.loaded_at + KEPT_SECONDS - 1)
    assert session.stack is not None
    sessions.expire(session.loaded_at + KEPT_SECONDS + 1)
    assert session.stack is None
    session.keep(_stack())
    sessions.leave("page")
    sessions.leave("page")
    assert session.stack is None
    oldest = sessions.of("oldest")
    oldest.keep(_stack())
    for number in range(MOST_SESSIONS):
        sessions.of(str(number))
    assert oldest.stack is None
    assert len(list(sessions)) == MOST_SESSIONS


def test_sweeping_deletes_old_files_and_empty_folders_only(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "old").write_bytes(b"DICM")
    assert sweep(tmp_path, 3600) == 0
    assert sweep(tmp_path, -1) == 1
    assert list(tmp_path.iterdir()) == []


def test_uploads_land_in_a_private_folder_that_goes_with_the_app(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "told"))
    (tmp_path / "told").mkdir()
    (tmp_path / "told" / "not-ours").touch()
    ours = private_upload_folder()
    assert ours.parent == tmp_path / "told"
    keeper = Housekeeping(ours)
    keeper.start()
    keeper.stop()
    assert not ours.exists()
    assert (tmp_path / "told" / "not-ours").exists()
    monkeypatch.delenv("GRADIO_TEMP_DIR")
    folder = private_upload_folder()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert private_upload_folder() == folder
    session = SESSIONS.of("kept")
    session.keep(_stack())
    keeping = Housekeeping(folder)
    keeping.start()
    keeping.stop()
    assert not folder.exists()
    assert session.stack is None
    SESSIONS.leave("kept")


def test_housekeeping_sweeps_while_the_app_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("ctseg.ui.server.housekeeping.SWEEP_SECONDS", 0.01)
    monkeypatch.setattr("ctseg.ui.server.housekeeping.STRAY_SECONDS", 0)
    stray = tmp_path / "stray"
    stray.write_bytes(b"DICM")
    keeping = Housekeeping(tmp_path)
    keeping.start()
    for _ in range(6000):
        if not stray.exists():
            break
        time.sleep(0.01)
    assert not stray.exists()
    keeping.stop()


def test_upload_is_read_and_the_original_gone(tmp_path: Path) -> None:
    path = tmp_path / "slice"
    (tmp_path / "kept").touch()
    path.write_bytes(HEAD.read_bytes())
    session = Session()
    stack = handlers.load_upload(session, [str(path)])
    assert not path.exists()
    message = handlers.show_slice(session)
    assert message["facts"][0] == "HU"
    path.write_bytes(HEAD.read_bytes()[:3000])
    with pytest.raises(PageError):
        handlers.load_upload(session, [str(path)])
    assert not path.exists()
    assert session.stack is stack
    session.forget()


def test_a_readers_own_fault_is_one_sentence_and_names_no_file(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_paths: object) -> Stack:
        raise RuntimeError("/home/Doe^John.dcm")

    monkeypatch.setattr(handlers, "read_upload", fail)
    with pytest.raises(PageError, match="cannot be read"):
        handlers.load_upload(Session(), ["x"])
    assert "Doe" not in caplog.text


def test_examples_have_pictures_and_open() -> None:
    assert all(each["picture"].startswith("data:image/png") for each in examples.draw_thumbnails())
    assert [each["name"] for each in examples.shelf()] == [example.name for example in examples.EXAMPLES]
    session = Session()
    handlers.load_example(session, 3)
    assert HEAD.exists()
    with pytest.raises(PageError, match="no such example"):
        handlers.load_example(session, 9)
    session.forget()


def test_example_that_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pydicom.data.get_testdata_file", lambda *_args, **_named: None)
    with pytest.raises(SliceError, match="not installed"):
        examples.open_example(2)


def test_turning_to_a_slice_forgets_the_runs() -> None:
    session = Session()
    with pytest.raises(PageError):
        handlers.turn_to(session, 0)
    with pytest.raises(PageError):
        handlers.show_slice(session)
    session.keep(_stack(3))
    session.truth = np.zeros((24, 32), np.int32)
    assert handlers.turn_to(session, 2)["place"] == "3 of 3"
    assert session.truth is None
    with pytest.raises(PageError, match="no such slice"):
        handlers.turn_to(session, 3)


def test_plan_holds_what_can_run_and_says_what_is_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session()
    with pytest.raises(PageError, match="Nothing is loaded"):
        handlers.begin(session, ["watershed"])
    session.keep(Stack(np.zeros((1, 8, 8), np.uint8), "8-bit", None, "PNG"))
    with pytest.raises(PageError, match="No method"):
        handlers.begin(session, ["no-such-method"])
    strict = replace(METHODS["watershed"], handles_unknown_window=False, seconds=3.0)
    monkeypatch.setattr(handlers, "METHODS", {"watershed": strict})
    plan = handlers.begin(session, ["watershed"])
    (planned,) = plan["methods"]
    assert "outside what the method was made for" in planned["outside"]
    assert planned["estimate"] == "about 3.0 s"
    assert planned["ahead"] == "Waiting for its turn."


def test_plan_tells_how_many_are_ahead() -> None:
    pages = [SESSIONS.of(f"ahead-{number}") for number in range(3)]
    for page in pages:
        page.keep(_stack())
    handlers.begin(pages[0], ["watershed"])
    assert "1 other visitor is" in handlers.begin(pages[1], ["watershed"])["methods"][0]["ahead"]
    assert "2 other visitors are" in handlers.begin(pages[2], ["watershed"])["methods"][0]["ahead"]
    for number in range(3):
        SESSIONS.leave(f"ahead-{number}")


def test_run_ends_with_a_label_map_and_its_table() -> None:
    session = Session()
    session.keep(_stack())
    plan = handlers.begin(session, ["watershed"])
    *steps, last = handlers.run(session, plan["id"], "watershed")
    assert {step["state"] for step in steps} == {"running"}
    assert last["state"] == "done"
    table = last["table"]
    assert sum(table["area_px"]) == 24 * 32
    assert table["area_mm2"] == [area * 0.25 for area in table["area_px"]]
    assert _unpack(last["colours"]).size == 3 * max(table["label"])
    assert session.plan is not None
    assert session.plan.left == set()


def test_stale_and_cancelled_runs_say_so() -> None:
    session = Session()
    session.keep(_stack())
    plan = handlers.begin(session, ["watershed"])
    assert [step["state"] for step in handlers.run(session, "another", "watershed")] == ["failed"]
    session.stop()
    (step,) = handlers.run(session, plan["id"], "watershed")
    assert step["text"] == "Cancelled."


class _Script:
    """A method that does what a test says."""

    def __init__(self, act: Any) -> None:
        self.act = act

    def segment(self, ct_slice: CTSlice, stop: Any, progress: Any) -> NDArray[np.int32]:
        result: NDArray[np.int32] = self.act(ct_slice, stop, progress)
        return result


def _outcome(monkeypatch: pytest.MonkeyPatch, act: Any) -> Any:
    monkeypatch.setattr(method_runs, "load", lambda _name: _Script(act))
    return list(method_runs.run_method(_stack()[0], "watershed", threading.Event()))[-1]


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (MemoryError(), "not enough memory"),
        (RuntimeError("secret"), "failed on this slice"),
        (SliceError("Too small a slice."), "Too small a slice."),
    ],
)
def test_errors_of_methods_become_one_sentence(
    monkeypatch: pytest.MonkeyPatch, error: Exception, sentence: str
) -> None:
    def act(*_args: object) -> None:
        raise error

    got = _outcome(monkeypatch, act)
    assert isinstance(got, method_runs.Failed)
    assert sentence in got.sentence
    assert "secret" not in got.sentence


def test_run_reports_progress_and_closing_it_stops_the_method(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()

    def act(_ct_slice: CTSlice, stop: Any, progress: Any) -> None:
        progress(7.0)
        stop.wait(20)
        ended.set()
        raise method_runs.Stopped

    monkeypatch.setattr(method_runs, "load", lambda _name: _Script(act))
    stop = threading.Event()
    running = method_runs.run_method(_stack()[0], "watershed", stop)
    step = next(step for step in running if isinstance(step, method_runs.Step) and step.fraction)
    assert step.fraction == 1.0
    waiting = method_runs.run_method(_stack()[0], "watershed", given_up := threading.Event())
    next(waiting)
    given_up.set()
    assert list(waiting)[-1] == method_runs.Cancelled()
    running.close()
    assert stop.is_set()
    assert ended.wait(5)


def test_progress_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    card = replace(METHODS["watershed"], seconds=10.0)
    assert handlers._progress(method_runs.Step(0.0, 0.0), card, None)["text"] == "Loading the method …"
    halfway = handlers._progress(method_runs.Step(0.0, 5.0), card, None)
    assert (halfway["fraction"], halfway["time"]) == (0.5, "5 s of about 10 s")
    unmeasured = handlers._progress(method_runs.Step(0.3, 5.0), replace(card, seconds=0.0), None)
    assert (unmeasured["fraction"], unmeasured["time"]) == (0.3, "5 s")
    late = handlers._progress(method_runs.Step(0.0, 14.0), replace(card, seconds=3.1), None)
    assert late["time"] == "14 s, longer than usual (about 3 s)"
    assert messages.elapsed(replace(card, seconds=0.2), 1.0) == "1 s, longer than usual (about 0.2 s)"
    monkeypatch.setattr(handlers, "download_bytes", lambda _name: 375_000_000)
    fetching = handlers._progress(method_runs.Step(0.3, 5.0), card, 375_000_000)
    assert fetching["text"] == "Fetching 375 MB, once …"


def test_one_structure_has_one_number_in_all_maps() -> None:
    first = np.array([[1, 1, 0, 2, 2]], np.int32)
    second = np.array([[5, 5, 0, 9, 9]], np.int32)
    shown = {"a": Finished(findings.matched(first, {}), 0.1)}
    assert np.array_equal(findings.matched(second, shown), shown["a"].label_map)


def test_agreement_is_drawn_for_every_pair() -> None:
    one = np.array([[1, 1, 2, 2]], np.int32)
    other = np.array([[1, 2, 1, 2]], np.int32)
    figure = findings.agreement({"watershed": Finished(one, 1.0), "sam-vit-t": Finished(other, 1.0)})
    assert np.allclose(np.diag(np.array(figure.data[0].z)), 1.0)
    assert figure.data[0].z[0][1] < 0.1
    assert figure.data[0].x[0] == "Watershed"


def test_methods_of_one_family_keep_their_own_rows_in_the_agreement() -> None:
    family = [name for name, card in METHODS.items() if card.title.startswith("U-Net")]
    found = Finished(np.ones((4, 4), np.int32), 1.0)
    figure = findings.agreement(dict.fromkeys(family, found))
    assert len(family) >= 4
    assert len(set(figure.data[0].y)) == len(family)


def test_empty_label_map_has_an_empty_table() -> None:
    found = Finished(np.zeros((24, 32), np.int32), 0.1)
    message = findings.result_message("watershed", found, _stack()[0])
    assert message["table"]["label"] == []
    assert message["counted"] == "0 regions, background included"
    json.dumps(message)


def test_true_label_map_is_checked_and_scored(tmp_path: Path) -> None:
    session = Session()
    path = tmp_path / "truth.png"
    truth = np.zeros((24, 32), np.uint16)
    truth[4:20, 4:12] = 1
    truth[4:20, 18:28] = 7

    def give(label_map: NDArray[np.uint16]) -> None:
        Image.fromarray(label_map).save(path)
        take_truth(session, str(path))

    with pytest.raises(PageError, match="Nothing is loaded"):
        give(truth)
    session.keep(_stack())
    with pytest.raises(PageError, match="9 x 8 pixels"):
        give(truth[:8, :9])
    path.write_bytes(b"no picture")
    with pytest.raises(PageError):
        take_truth(session, str(path))
    assert not path.exists()
    assert judged(session) is None
    give(truth)
    assert judged(session) is None
    merged = np.ones((24, 32), np.int32)
    session.finished = {"watershed": Finished(merged, 0.1)}
    told = judged(session)
    assert told is not None
    assert "<td>Watershed</td><td>0.000</td>" in told["scores"]
    assert "<td>0 / 2</td>" in told["scores"]
    assert told["found"] == {"watershed": "0 of 2 true ones found"}
    faults = _unpack(told["faults"]["watershed"]).reshape(24, 32)
    assert np.array_equal(faults == 1, truth > 0)
    assert "&lt;b&gt;" in findings.score_table([["<b>", "0.5"]])


def test_scores_that_do_not_exist_are_a_dash() -> None:
    nothing = np.zeros((24, 32), np.int32)
    assert findings.score_row("Watershed", score(nothing, nothing))[2] == "–"


@pytest.mark.parametrize(
    ("full_tiling", "number", "said"),
    [
        (False, 1, "1 structure"),
        (False, 1200, "1,200 structures"),
        (True, 1, "1 region, background included"),
        (True, 145, "145 regions, background included"),
    ],
)
def test_regions_of_a_full_tiling_are_not_called_structures(
    full_tiling: bool, number: int, said: str
) -> None:
    assert messages.counted(replace(METHODS["watershed"], full_tiling=full_tiling), number) == said


def test_zip_holds_maps_table_with_names_and_report_and_no_pixels() -> None:
    ct_slice = _stack()[0]
    label_map = np.zeros((24, 32), np.int32)
    label_map[4:20, 4:12] = 1
    label_map[4:20, 18:28] = 2
    names = {"watershed": {"1": "=1+1", "2": " ", "x": "no label"}, "other": 3}
    packed = results_zip(ct_slice, {"watershed": Finished(label_map, 1.5)}, names, truth=label_map > 0)
    archive = zipfile.ZipFile(io.BytesIO(packed))
    written = np.array(Image.open(io.BytesIO(archive.read("watershed/labels.png"))))
    assert np.array_equal(written, label_map)
    rows = archive.read("watershed/structures.csv").decode().splitlines()
    assert rows[1].startswith("1,'=1+1,128,32")
    assert rows[2].startswith("2,,160")
    report = json.loads(archive.read("report.json"))
    assert report["methods"][0]["seconds"] == 1.5
    assert report["methods"][0]["scores"]["foreground_dice"] == 1.0
    assert "not for diagnosis" in report["disclaimer"]
    assert {Path(name).suffix for name in archive.namelist()} == {".png", ".gz", ".csv", ".json", ".txt"}
    assert base64.b64decode(zip_message(packed)["data"]) == packed


@pytest.mark.parametrize("names", [None, [], {"watershed": None}, {"watershed": {"-1": "x", "1": ""}}])
def test_zip_survives_any_names(names: Any) -> None:
    found = {"watershed": Finished(np.ones((24, 32), np.int32), 0.1)}
    assert results_zip(_stack()[0], found, names)


def test_words_are_safe_and_say_what_is_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "&lt;i&gt;" in notice("<i>")
    assert notice("") == remark("") == ""
    assert 'role="status"' in remark("One file was left out.")
    planned = replace(METHODS["watershed"], name="planned", trained=False)
    large = replace(METHODS["watershed"], name="large")
    slow = replace(METHODS["watershed"], name="slow", seconds=12.3)
    monkeypatch.setattr(messages, "METHODS", {card.name: card for card in (planned, large, slow)})
    monkeypatch.setattr(messages, "download_bytes", lambda name: 375_042_383 if name == "large" else None)
    assert [(row["name"], row["note"]) for row in messages.method_rows()] == [
        ("slow", "about 12 s"),
        ("large", "375 MB to fetch first"),
        ("planned", "not trained yet"),
    ]
    assert (messages.seconds(2.345), messages.seconds(31.7)) == ("2.3 s", "32 s")
