"""A long series on the page: its middle slice at once, the others as they come, and nothing of it stays."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

from ctseg.sandbox.folders import decoding_folder
from ctseg.slices import SliceError
from ctseg.ui.compare.frames import unframe
from ctseg.ui.compare.handlers import PageError, load_upload, show_slice, turn_to
from ctseg.ui.compare.volume import begin_volume
from ctseg.ui.server.open_pages import SESSIONS
from ctseg.ui.server.sessions import KEPT_SECONDS, Session

PAGE = "page-of-a-long-series"
DECODERS = Path(__file__).parents[2] / "sandbox"


@pytest.fixture
def session() -> Iterator[Session]:
    """A page, left at the end."""
    yield SESSIONS.of(PAGE)
    SESSIONS.leave(PAGE)


@pytest.fixture
def waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An upload whose decoder hands over the middle slice and then waits."""
    monkeypatch.setenv("PYTHONPATH", str(DECODERS))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("ctseg.slices.reading._NAMED", "parts_decoders:at_gate")
    path = tmp_path / "Doe^Jane"
    path.write_bytes(b"pixels of a patient")
    return path


def lying_about() -> list[Path]:
    return [
        path
        for path in decoding_folder().rglob("*")
        if path.is_file() and (b"patient" in path.read_bytes() or "part" in path.name)
    ]


@pytest.mark.parametrize(
    "end",
    [
        lambda session: SESSIONS.leave(PAGE),
        lambda session: SESSIONS.expire(time.monotonic() + KEPT_SECONDS + 1),
        lambda session: session.forget(),
    ],
    ids=["the page is closed", "the hour is over", "another file is loaded"],
)
def test_the_sessions_end_deletes_what_waits(
    session: Session, waiting: Path, end: Callable[[Session], None]
) -> None:
    stack = load_upload(session, [str(waiting)])
    assert session.index == stack.middle == 4
    assert unframe(show_slice(session, 4))[1]["pixels"].tolist() == [5] * 6
    assert not waiting.exists()
    assert len(lying_about()) == 1
    end(session)
    assert lying_about() == []
    with pytest.raises(PageError):
        show_slice(session, 0)
    with pytest.raises(SliceError, match="no longer kept"):
        stack[0]


def test_a_broken_slice_is_one_sentence_on_that_slice(session: Session, tmp_path: Path) -> None:
    dataset = pydicom.dcmread(str(get_testdata_file("CT_small.dcm")))
    pixels = dataset.PixelData
    files = []
    for number in range(9):
        dataset.SOPInstanceUID, dataset.InstanceNumber = f"1.2.{number}", number
        dataset.ImagePositionPatient = [0, 0, 3 * number]
        values = np.frombuffer(pixels, np.int16) + number
        dataset.PixelData = pixels[:-1000] if number == 7 else values.tobytes()
        dataset.save_as(tmp_path / str(number))
        files.append(str(tmp_path / str(number)))
    stack = load_upload(session, files)
    first = stack[0].pixels
    for number in (1, 6, 8):
        assert (stack[number].pixels == first + number).all()
    for refused in (lambda: show_slice(session, 7), lambda: stack.only(7)):
        with pytest.raises(SliceError, match=r"Slice 8 .*export it again"):
            refused()
    turn_to(session, 7)
    _, frames = begin_volume(session, "watershed")
    *_, last = [unframe(packed)[0] for packed in frames]
    assert last["state"] == "failed"
    assert "Slice 8" in last["text"]
