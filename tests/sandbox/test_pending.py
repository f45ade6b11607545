"""An array handed over part by part: what is there is shown, what fails is one sentence, nothing stays."""

import gc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
from parts_decoders import COUNT, FACTS, filled
from waiting import until

from ctseg.errors import UserError
from ctseg.sandbox.pending import Pending, begin_decoder
from ctseg.sandbox.runner import DecoderError, Limits, RefusedError

MEBIBYTE = 1024**2
LIMITS = Limits(memory_bytes=1024 * MEBIBYTE, output_bytes=16 * MEBIBYTE, wall_seconds=100.0)


@pytest.fixture(autouse=True)
def decoders_of_the_tests(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    monkeypatch.setenv("TMPDIR", str(tmp_path))


@pytest.fixture
def upload(tmp_path: Path) -> Path:
    path = tmp_path / "Doe^Jane.dcm"
    path.write_bytes(b"DICM of a patient")
    return path


@pytest.fixture(autouse=True)
def nothing_left_over(tmp_path: Path) -> Iterator[None]:
    yield
    gc.collect()
    until(lambda: not decoders() and not list(tmp_path.glob("ctseg-*")), "the decoder's end")


def decoders() -> list[psutil.Process]:
    return [
        child
        for child in psutil.Process().children(recursive=True)
        if child.status() != psutil.STATUS_ZOMBIE and "ctseg.sandbox.worker" in " ".join(child.cmdline())
    ]


def begin(decoder: str, upload: Path, limits: Limits = LIMITS) -> tuple[np.ndarray, Pending]:
    array, metadata, pending = begin_decoder(f"parts_decoders:{decoder}", [upload], limits, upload.parent)
    assert metadata == FACTS
    assert pending is not None
    return array, pending


def sentence_of(pending: Pending, number: int) -> str:
    with pytest.raises(UserError) as refusal:
        pending.wait(number)
    return str(refusal.value)


def test_parts_come_until_all_are_there(upload: Path, tmp_path: Path) -> None:
    array, pending = begin("at_gate", upload)
    pending.wait(4)
    assert (array[4] == filled(4)).all()
    assert not array[0].any()
    assert not upload.exists()
    (tmp_path / "gate").touch()
    for number in range(COUNT):
        pending.wait(number)
    assert (array == np.stack([filled(number) for number in range(COUNT)])).all()
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 1
    until(lambda: not decoders(), "the decoder's end")
    pending.wait(0)


def test_what_waits_is_deleted_when_it_is_no_longer_wanted(upload: Path, tmp_path: Path) -> None:
    _, pending = begin("at_gate", upload)
    waiting = [path for path in tmp_path.rglob("*") if path.is_file() and b"patient" in path.read_bytes()]
    assert [path.name for path in waiting] == ["file-0"]
    assert waiting[0].parent.stat().st_mode & 0o777 == 0o700
    pending.end()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert decoders() == []
    assert "no longer kept" in sentence_of(pending, 0)
    pending.end()


def test_a_part_that_fails_is_one_sentence_and_spoils_no_other(upload: Path) -> None:
    array, pending = begin("some_fail", upload)
    for number in (1, 2, 4, 5, 6, 7):
        pending.wait(number)
        assert (array[number] == filled(number)).all()
    assert sentence_of(pending, 3) == "This one is of a kind that is not read here."
    for number in (0, 8):
        assert "damaged" in sentence_of(pending, number)
        assert "Doe" not in sentence_of(pending, number)


def test_the_first_part_decides_whether_there_is_anything(upload: Path) -> None:
    with pytest.raises(RefusedError, match="not read here"):
        begin("first_fails", upload)
    assert not upload.exists()


@pytest.mark.parametrize(("decoder", "word"), [("dies", "crash"), ("has_no_memory", "memory")])
def test_what_ends_the_decoder_is_said_of_all_that_is_missing(decoder: str, word: str, upload: Path) -> None:
    array, pending = begin(decoder, upload)
    assert word in sentence_of(pending, 3)
    pending.wait(4)
    assert (array[4] == filled(4)).all()


def test_time_is_bounded_as_of_the_whole(upload: Path) -> None:
    with pytest.raises(DecoderError, match="too long"):
        begin("at_gate", upload, replace(LIMITS, wall_seconds=4.0))[1].wait(0)


def test_other_decoders_give_the_whole(upload: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    array, metadata, pending = begin_decoder("bad_decoders:mirrored", [upload], LIMITS, upload.parent)
    assert pending is None
    assert array.tolist() == [5, 3, 1]
    assert metadata["path"].endswith("file-0")
    assert not upload.exists()
