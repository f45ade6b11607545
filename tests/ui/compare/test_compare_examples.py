"""The shelf of examples."""

import numpy as np
import pytest
from small_slices import HEAD

from ctseg.slices import SliceError
from ctseg.ui.compare import examples, handlers
from ctseg.ui.compare.handlers import PageError
from ctseg.ui.server.sessions import Session


def test_examples_have_images_and_open() -> None:
    assert all(each["image"].startswith("data:image/png") for each in examples.draw_thumbnails())
    assert [each["name"] for each in examples.shelf()] == [example.name for example in examples.EXAMPLES]
    session = Session()
    handlers.load_example(session, 5)
    assert HEAD.exists()
    with pytest.raises(PageError, match="no such example"):
        handlers.load_example(session, 9)
    session.forget()


def test_example_that_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pydicom.data.get_testdata_file", lambda *_args, **_named: None)
    monkeypatch.setattr(examples, "_opened", {})
    with pytest.raises(SliceError, match="not installed"):
        examples.open_example(4)


def test_one_visitor_who_leaves_frees_nothing_of_another() -> None:
    first, second = Session(), Session()
    for session in (first, second):
        handlers.load_example(session, 0)
    first.forget()
    assert second.ct_slice is not None
    assert second.ct_slice.shape == (512, 512)
    assert "CC BY 4.0" in second.credit
    assert "pre-training" in second.remark


def test_every_slice_of_an_example_with_structures_has_its_truth() -> None:
    session = Session()
    handlers.load_example(session, 1)
    assert session.stack is not None
    opened = examples.open_example(1)
    assert opened.truths is not None
    handlers.turn_to(session, 100)
    assert session.truth is not None
    assert np.array_equal(session.truth, opened.truths[100])
    assert "made by a model" in session.remark
