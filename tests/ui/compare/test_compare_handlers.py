"""What the Compare page asks for, on a session of its own."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_slices import HEAD, heads, stack_of

from ctseg.methods import CARDS
from ctseg.slices import Stack
from ctseg.ui.compare import handlers, messages
from ctseg.ui.compare.frames import unframe
from ctseg.ui.compare.handlers import PageError
from ctseg.ui.server.method_runs import Step
from ctseg.ui.server.open_pages import SESSIONS
from ctseg.ui.server.sessions import Session


def test_upload_is_read_and_the_original_gone(tmp_path: Path) -> None:
    path = tmp_path / "slice"
    (tmp_path / "kept").touch()
    path.write_bytes(HEAD.read_bytes())
    session = Session()
    stack = handlers.load_upload(session, [str(path)])
    assert not path.exists()
    (message,) = heads([handlers.show_slice(session, 0)])
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

    monkeypatch.setattr(handlers, "read_named_upload", fail)
    with pytest.raises(PageError, match="cannot be read"):
        handlers.load_upload(Session(), ["x"])
    assert "Doe" not in caplog.text


def test_turning_to_a_slice_ends_its_runs_and_another_has_no_truth_of_it() -> None:
    session = Session()
    with pytest.raises(PageError, match="Nothing is loaded"):
        handlers.turn_to(session, 0)
    with pytest.raises(PageError, match="Nothing is loaded"):
        handlers.show_slice(session, 0)
    with pytest.raises(PageError, match="Nothing is loaded"):
        handlers.opened(session)
    session.keep(stack_of(3))
    session.truth = np.zeros((24, 32), np.int32)
    plan = session.begin(["watershed"])
    handlers.turn_to(session, 2)
    assert heads([handlers.show_slice(session, 2)])[0]["place"] == "3 of 3"
    assert plan.stop.is_set()
    assert session.truth is None
    for index in (3, -1):
        with pytest.raises(PageError, match="no such slice"):
            handlers.turn_to(session, index)
        with pytest.raises(PageError, match="no such slice"):
            handlers.show_slice(session, index)


def test_plan_holds_what_can_run_cheapest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session()
    with pytest.raises(PageError, match="Nothing is loaded"):
        handlers.begin(session, ["watershed"])
    session.keep(Stack(np.zeros((1, 8, 8), np.uint8), "8-bit", None, "PNG"))
    with pytest.raises(PageError, match="No method"):
        handlers.begin(session, ["no-such-method"])
    seen = {"watershed": 3.0, "unet-tvmf": 0.2, "sam-vit-t": 0.1}
    monkeypatch.setattr(handlers, "usual_seconds", seen.__getitem__)
    (plan,) = heads(handlers.begin(session, ["sam-vit-t", "watershed", "unet-tvmf", "watershed"]))
    assert [each["name"] for each in plan["methods"]] == ["unet-tvmf", "watershed", "sam-vit-t"]
    assert [each["fast"] for each in plan["methods"]] == [True, False, False]
    unet, watershed, _ = plan["methods"]
    assert watershed["estimate"] == "about 3.0 s"
    assert watershed["ahead"] == "Waiting for its turn."
    # An 8-bit image in a usual window is no reason to warn; what a method knows is said of every slice.
    assert "outside" not in str(plan)
    assert "abdominal organs" in " ".join(unet["failures"])


def test_among_quick_ones_networks_go_before_baselines(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session()
    session.keep(Stack(np.zeros((1, 8, 8), np.uint8), "8-bit", None, "PNG"))
    seen = {"watershed": 0.2, "unet-tvmf": 0.3, "unet-simclr": 0.6}
    monkeypatch.setattr(handlers, "usual_seconds", seen.__getitem__)
    (plan,) = heads(handlers.begin(session, list(seen)))
    assert [each["name"] for each in plan["methods"]] == ["unet-tvmf", "watershed", "unet-simclr"]


def test_plan_tells_how_many_are_ahead() -> None:
    pages = [SESSIONS.of(f"ahead-{number}") for number in range(3)]
    for page in pages:
        page.keep(stack_of())
    plans = [heads(handlers.begin(page, ["watershed"]))[0]["methods"][0]["ahead"] for page in pages]
    assert "1 other visitor is" in plans[1]
    assert "2 other visitors are" in plans[2]
    for number in range(3):
        SESSIONS.leave(f"ahead-{number}")


def test_run_ends_with_a_label_map_and_its_table() -> None:
    session = Session()
    session.keep(stack_of())
    (plan,) = heads(handlers.begin(session, ["watershed"]))
    *steps, last = handlers.run(session, plan["plan"], "watershed")
    assert {step["state"] for step in heads(steps)} <= {"waiting", "running"}
    message, got = unframe(last)
    assert message["state"] == "done"
    table = message["table"]
    assert sum(table["area_px"]) == 24 * 32
    assert table["area_mm2"] == [area * 0.25 for area in table["area_px"]]
    assert len(message["hues"]["watershed"]) == 1 + max(table["label"])
    assert got["labels"].size == 24 * 32
    assert session.plan is not None
    assert session.plan.left == set()


def test_what_is_there_is_not_run_again() -> None:
    session = Session()
    session.keep(stack_of(2))
    (plan,) = heads(handlers.begin(session, ["watershed"]))
    list(handlers.run(session, plan["plan"], "watershed"))
    handlers.turn_to(session, 0)
    assert session.finished == {}
    handlers.turn_to(session, 1)
    plan, there = heads(handlers.begin(session, ["watershed", "multi-otsu"]))
    assert {each["name"]: each["there"] for each in plan["methods"]} == {
        "watershed": True,
        "multi-otsu": False,
    }
    assert there["method"] == "watershed"
    assert session.plan is not None
    assert session.plan.left == {"multi-otsu"}


def test_stale_and_cancelled_runs_say_so() -> None:
    session = Session()
    session.keep(stack_of())
    (plan,) = heads(handlers.begin(session, ["watershed"]))
    assert [step["state"] for step in heads(handlers.run(session, "another", "watershed"))] == ["failed"]
    assert handlers.cancel(session)["cancelled"] == plan["plan"]
    (step,) = heads(handlers.run(session, plan["plan"], "watershed"))
    assert step["text"] == "Cancelled."
    assert handlers.cancel(Session())["cancelled"] is None


def test_progress_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    card = replace(CARDS["watershed"], seconds=10.0)
    assert handlers.progress_message(Step(0.0, 0.0), card, None)["text"] == "Loading the method …"
    halfway = handlers.progress_message(Step(0.0, 5.0), card, None)
    assert (halfway["fraction"], halfway["time"]) == (0.5, "5 s of about 10 s")
    unmeasured = handlers.progress_message(Step(0.3, 5.0), replace(card, seconds=0.0), None)
    assert (unmeasured["fraction"], unmeasured["time"]) == (0.3, "5 s")
    late = handlers.progress_message(Step(0.0, 14.0), replace(card, seconds=3.1), None)
    assert late["time"] == "14 s, usually about 3 s"
    assert messages.elapsed(replace(card, seconds=0.2), 1.0) == "1 s, usually about 0.2 s"
    monkeypatch.setattr(handlers, "download_bytes", lambda _name: 375_000_000)
    assert handlers.progress_message(Step(0.3, 5.0), card, 375_000_000)["text"] == "Fetching 375 MB, once …"
    # Before the method began its weights come from the Hub, or nothing is known yet.
    fetched = handlers.progress_message(Step(0.4, 0.0), card, 10_518_040)
    assert (fetched["text"], fetched["fraction"]) == ("Fetching 11 MB, once …", 0.4)
    assert handlers.progress_message(Step(0.0, 0.0), card, 10_518_040)["text"] == "Loading the method …"
